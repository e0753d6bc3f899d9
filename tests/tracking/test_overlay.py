import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait
from standins import sheet_model, write_weights

from morph import Tracker
from morph.tracking.overlay import POINT, draw_faces, face_triangles


def test_the_mesh_is_drawn_where_it_projects_and_nowhere_else(tmp_path):
    model = sheet_model()
    picture = portrait(400, 300)
    (face,) = Tracker(write_weights(tmp_path / "w.onnx", model), model).process(picture)
    drawn = draw_faces(picture, [face], landmarks=False)
    changed = (drawn != picture).any(-1)
    rows, columns = np.nonzero(changed)
    low, high = face.image_vertices[:, :2].min(0), face.image_vertices[:, :2].max(0)
    assert [columns.min(), rows.min()] == pytest.approx(np.maximum(low, 0), abs=2)
    assert [columns.max(), rows.max()] == pytest.approx(np.minimum(high, [399, 299]), abs=2)
    assert changed[rows.min() : rows.max(), columns.min() : columns.max()].mean() > 0.9
    assert np.abs(drawn[changed].astype(float) - picture[changed]).max() < 200  # it stays see-through


def test_landmarks_are_drawn_at_their_pixels(tmp_path):
    model = sheet_model()
    picture = np.zeros((600, 800, 3), np.uint8)
    (face,) = Tracker(write_weights(tmp_path / "w.onnx", model), model).process(portrait(800, 600))
    drawn = draw_faces(picture, [face], mesh=False)
    x, y = np.rint(face.landmarks).astype(int).T
    assert np.abs(drawn[y, x].astype(int) - POINT).max() < 60


def test_no_faces_no_change():
    picture = portrait()
    assert np.array_equal(draw_faces(picture, []), picture)


def test_a_model_without_masks_is_shown_whole():
    model = sheet_model()
    assert len(face_triangles(model)[0]) == len(model.triangles)
