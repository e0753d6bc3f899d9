"""Archives are read back by Alembic's own reader."""

from __future__ import annotations

import dataclasses
import json
import sys

import cv2
import numpy as np
import pytest

from morph.cli import main
from morph.export.alembic_cache import write_alembic
from morph.export.head_mesh import faces_of
from morph.export.shot.shot import shot_of


@pytest.fixture
def read():
    """Reads an archive: times, points of each sample, faces and texture coordinates of their corners."""
    pytest.importorskip("alembic3d", reason="alembic3d is not installed: pip install 'morph-face[alembic]'")
    from alembic3d import Abc, AbcGeom

    def reader(path):
        mesh = AbcGeom.IPolyMesh(Abc.IArchive(str(path)).getTop(), "head").getSchema()
        times = [mesh.getTimeSampling().getSampleTime(k) for k in range(mesh.getNumSamples())]
        points = np.array([np.asarray(sample) for sample in mesh.getPositionsProperty().samples])
        sample = mesh.getValue()
        uv = mesh.getUVsParam().getIndexedValue()
        corners = np.asarray(uv.getVals())[np.asarray(uv.getIndices())]
        return np.array(times), points, np.array(sample.getFaceIndices()), np.array(sample.getFaceCounts()), corners

    return reader


def test_every_frame_comes_back(performance, read, tmp_path):
    write_alembic(tmp_path / "a.abc", performance)
    times, points, corners, counts, uv = read(tmp_path / "a.abc")
    motion = performance.every_frame()
    np.testing.assert_allclose(times, motion.time, atol=1e-6)
    assert len(points) == len(motion) == len(performance) + 1  # the face was lost once
    for row in range(len(motion)):
        np.testing.assert_array_equal(points[row], shot_of(motion).standing(motion).vertices(row).astype(np.float32))
    faces = faces_of(motion.model)
    assert counts.tolist() == [len(face) for face, _ in faces]
    assert corners.tolist() == [corner for face, _ in faces for corner in face[::-1]]
    np.testing.assert_array_equal(uv, motion.model.uv[[place for _, chart in faces for place in chart[::-1]]])


def test_faces_are_clockwise_seen_from_outside(performance, read, tmp_path):
    write_alembic(tmp_path / "a.abc", performance.still())
    _, points, corners, counts, _ = read(tmp_path / "a.abc")
    starts = np.cumsum(counts) - counts
    a, b, c = (points[0][corners[starts + k]] for k in range(3))
    volume = np.einsum("ij,ij->", np.cross(a, b), c)
    assert volume < 0  # Alembic's way round; OBJ goes the other


def test_uneven_times(performance, read, tmp_path):
    uneven = dataclasses.replace(performance.every_frame(), time=np.array([0.0, 0.1, 0.15, 0.4, 0.5, 0.61, 0.7]))
    write_alembic(tmp_path / "a.abc", uneven)
    np.testing.assert_allclose(read(tmp_path / "a.abc")[0], uneven.time, atol=1e-12)


def test_command(write_track, read, tmp_path, capsys):
    out = tmp_path / "head.abc"
    assert main(["export", str(write_track()), "--out", str(out), "--level", "0"]) == 0
    assert "beside it head.png, head.camera.json" in capsys.readouterr().out
    assert len(read(out)[0]) == 7
    assert cv2.imread(str(tmp_path / "head.png")) is not None
    assert json.loads((tmp_path / "head.camera.json").read_text())


def test_missing_package(write_track, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic3d", None)
    monkeypatch.setitem(sys.modules, "imath", None)
    assert main(["export", str(write_track()), "--out", str(tmp_path / "head.abc")]) == 2
    said = capsys.readouterr().err
    assert "Alembic needs alembic3d; install it with: pip install 'morph-face[alembic]'" in said
    assert said.count("\n") == 1
    assert not list(tmp_path.glob("*.abc"))
