"""Whole pictures through known lenses: rendered, and measured."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from morph.errors import MorphError
from morph.evaluation.renders.whole import measure_whole
from morph.model import Lens
from morph.picture_file import save_picture
from morph.synthesis.scene import SceneComposer

SCRIPT = Path(__file__).parents[3] / "data/synthetic/whole_pictures.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("whole_pictures", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stage() -> SceneComposer:
    return SceneComposer(None)


def test_the_part_that_is_rendered_lies_where_the_whole_pictures_lens_sees_the_head(
    script: ModuleType, stage: SceneComposer
) -> None:
    for number in range(6):
        picture = script.WholePicture(stage, np.random.default_rng(number))
        scene = stage.compose(np.random.default_rng(number), picture.side, picture)
        rows, camera = stage.model.landmarks, scene.camera
        points = scene.vertices[rows] @ camera.rotation.T + camera.position
        lens = Lens.from_mm(picture.mm, (script.WIDTH, script.HEIGHT))
        assert scene.pixels[rows, :2] + picture.low == pytest.approx(lens.project(points), abs=0.05)
        assert 24 <= picture.mm <= 85


def test_heads_are_measured_where_they_are_found(script: ModuleType, stage: SceneComposer, tmp_path: Path) -> None:
    rows = []
    for number in (3, 4):
        image, truth = script.render(stage, (5, number))
        save_picture(tmp_path / f"{number}.png", image)
        rows.append(truth | {"name": np.array(f"{number}.png")})
    save_picture(tmp_path / "empty.png", np.zeros((40, 40, 3), np.uint8))
    rows.append(rows[0] | {"name": np.array("empty.png")})
    arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    np.savez(tmp_path / "cameras.npz", **arrays)
    report = measure_whole(tmp_path)
    assert (report.pictures, report.found) == (3, 2)
    assert report.own[1] < 15
    assert report.turn[0] < 15
    far = arrays | {"camera_position": 2 * arrays["camera_position"]}
    np.savez(tmp_path / "cameras.npz", **far)
    assert measure_whole(tmp_path).own[2] == pytest.approx(-50, abs=8)
    np.savez(tmp_path / "cameras.npz", name=arrays["name"])
    with pytest.raises(MorphError, match="has no shape, camera_rotation"):
        measure_whole(tmp_path)
