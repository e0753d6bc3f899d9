"""The camera and the head of a shot, and where every format and program sees them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from export.shot.reprojection import blender_pixels, glb_pixels, usd_pixels

from morph.export.formats import ExportOptions, export_performance
from morph.export.performance import Performance
from morph.export.shot.options import SceneOptions
from morph.export.shot.shot import Shot, shot_of


def _pixels(performance: Performance, shot: Shot) -> np.ndarray:
    """``(T, 68, 2)`` where the shot's own camera sees the landmarks."""
    marks = performance.model.landmarks
    return np.stack([shot.project(performance.neutral_vertices(row)[marks], row) for row in range(len(performance))])


@pytest.mark.parametrize("static", [False, True])
def test_numbers_of_a_glb_and_openusd_see_what_the_shot_sees(performance: Performance, tmp_path: Path, static: bool) -> None:
    """First to last frame, to a hundredth of a pixel, whoever moves."""
    pytest.importorskip("pxr.Usd", reason="usd-core is not installed")
    rows, wanted = list(range(len(performance))), _pixels(performance, shot_of(performance))
    options = ExportOptions(scene=SceneOptions(static_head=static))
    export_performance(performance, "glb", tmp_path / "a.glb", options)
    export_performance(performance, "usd", tmp_path / "a.usdc", options)
    assert np.abs(glb_pixels(tmp_path / "a.glb", rows) - wanted).max() < 0.01
    assert np.abs(usd_pixels(tmp_path / "a.usdc", performance, rows) - wanted).max() < 0.01


def test_a_static_head_stands_at_the_origin_and_is_seen_alike(performance: Performance) -> None:
    moving, static = shot_of(performance), shot_of(performance, static_head=True)
    assert moving.head.moves
    assert not moving.camera.moves
    assert static.camera.moves
    assert not static.head.moves
    np.testing.assert_array_equal(static.head.translation, 0)
    np.testing.assert_allclose(_pixels(performance, static), _pixels(performance, moving), atol=1e-6)
    assert moving.numbers(performance) == static.numbers(performance)


def test_a_head_that_does_not_move_is_before_the_camera(performance: Performance) -> None:
    shot = shot_of(performance.still())
    np.testing.assert_array_equal(shot.head.translation, 0)
    assert (shot.camera.translation[:, 2] > 100).all()


def test_numbers_say_where_points_are_seen(performance: Performance) -> None:
    """As their own text has it."""
    shot = shot_of(performance)
    said = shot.numbers(performance)
    points = shot.standing(performance).vertices(2).astype(np.float64)
    x = said["principal_px"][0] + said["focal_px"][2] * points[:, 0] / -points[:, 2]
    y = said["principal_px"][1] - said["focal_px"][2] * points[:, 1] / -points[:, 2]
    wanted = shot.project(performance.neutral_vertices(2), 2)
    np.testing.assert_allclose(np.stack([x, y], axis=1), wanted, atol=0.01)
    assert (said["width"], said["height"], said["fps"]) == (320, 240, 30)


@pytest.mark.parametrize("size", [(320, 240), (240, 320)])
@pytest.mark.parametrize("kind", ["glb", "usdc", "abc", "blend"])
def test_blenders_own_camera_lays_the_landmarks_on_their_pixels(
    performance: Performance, tmp_path: Path, kind: str, size: tuple[int, int]
) -> None:
    """Imported or opened as a user would, wide and upright pictures, at 29.97 frames a second."""
    import dataclasses

    python = os.environ.get("MORPH_BLENDER_PYTHON")
    if not python:
        pytest.skip("MORPH_BLENDER_PYTHON is not set to a Python with bpy")
    ntsc = dataclasses.replace(performance, size=size, time=performance.frame * 1.001 / 30)
    path, rows = tmp_path / f"head.{kind}", list(range(len(performance)))
    export_performance(ntsc, "usd" if kind == "usdc" else kind, path)
    found, said = blender_pixels(python, path, ntsc, rows)
    assert np.abs(found - _pixels(ntsc, shot_of(ntsc))).max() < 0.05
    if kind == "blend":
        assert (said["size"], said["range"], said["materials"]) == (list(size), [3, 9], 4)
        assert said["fps"] == pytest.approx(30 / 1.001)
