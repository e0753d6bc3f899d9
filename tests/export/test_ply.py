"""PLY, read back by trimesh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import toy_model

from morph.errors import MorphError
from morph.export import plain_texture
from morph.export.performance import Performance
from morph.export.ply import PlyWriter

trimesh = pytest.importorskip("trimesh")


def test_frames_are_where_they_were_tracked(performance: Performance, tmp_path: Path) -> None:
    model = performance.model
    writer = PlyWriter(model, plain_texture(model, 256))
    for row in (0, 3):
        writer.write(tmp_path / f"{row}.ply", performance.vertices(row))
    for row in (0, 3):
        mesh = trimesh.load(tmp_path / f"{row}.ply", process=False)
        assert np.abs(mesh.vertices - performance.vertices(row)).max() < 0.01
        assert mesh.area == pytest.approx(trimesh.Trimesh(performance.vertices(row), model.triangles).area, rel=1e-3)
        facing = np.einsum(
            "vi,vi->v", mesh.vertex_normals, trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).vertex_normals
        )
        assert np.median(facing) > 0.99


def test_colours_are_the_textures(performance: Performance, tmp_path: Path) -> None:
    """The lip is redder than the bridge of the nose."""
    model = performance.model
    PlyWriter(model, plain_texture(model, 512)).write(tmp_path / "head.ply", performance.base)
    colours = trimesh.load(tmp_path / "head.ply", process=False).visual.vertex_colors.astype(float)
    lip, nose = model.landmarks[57], model.landmarks[27]
    assert colours[lip, 0] / colours[lip, 1] > 1.1 * colours[nose, 0] / colours[nose, 1]


def test_plain_model_has_no_colours(tmp_path: Path) -> None:
    model = toy_model()
    PlyWriter(model, plain_texture(model, 8)).write(tmp_path / "toy.ply", model.mean)
    mesh = trimesh.load(tmp_path / "toy.ply", process=False)
    np.testing.assert_array_equal(mesh.faces, model.triangles)
    assert b"uchar red" not in (tmp_path / "toy.ply").read_bytes()


def test_other_shape_is_one_line(performance: Performance, tmp_path: Path) -> None:
    with pytest.raises(MorphError, match=r"vertices must be \(\d+, 3\)"):
        PlyWriter(performance.model).write(tmp_path / "head.ply", np.zeros((4, 3)))
