"""Which part of a picture a network sees."""

from __future__ import annotations

import numpy as np
import pytest

from morph.crop.geometry import apply_affine, crop_similarity
from morph.crop.rules import CLOSE, CropRule, close_crops
from morph.model import Coefficients, landmark_decoder, load_default_model
from morph.model.rotation import euler_to_matrix

MODEL = load_default_model(0)


def _face(roll: float) -> tuple[np.ndarray, np.ndarray]:
    """``(68, 2)`` landmarks and ``(3, 3)`` rotation of a head that leans by ``roll`` degrees."""
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ euler_to_matrix(np.radians([[10.0, 20.0, 0.0]]))
    face = Coefficients(
        np.zeros((1, MODEL.n_shape)), np.zeros((1, MODEL.n_expression)), rotation, np.ones(1), np.array([[150.0, 150.0]])
    )
    return np.asarray(landmark_decoder(MODEL).project(face)[0, :, :2]), rotation[0]


def test_the_published_rule_is_the_published_crop() -> None:
    points, rotation = _face(30.0)
    assert np.array_equal(CropRule(96).similarity(points, rotation, angle=0.2), crop_similarity(points, 96, angle=0.2))


@pytest.mark.parametrize("roll", [0.0, 10.0, -40.0, 130.0])
def test_a_close_crop_holds_an_upright_face_and_little_else(roll: float) -> None:
    inside = apply_affine(CropRule(100, CLOSE).similarity(*_face(roll)), _face(roll)[0])
    assert np.allclose(inside, apply_affine(CropRule(100, CLOSE).similarity(*_face(0.0)), _face(0.0)[0]), atol=0.5)
    extent = np.ptp(inside, axis=0)
    assert extent.max() == pytest.approx(100 / 1.2, abs=0.5)
    assert inside[36:48, 1].mean() < 50 < inside[48:, 1].mean()  # eyes above the mouth


def test_a_head_seen_from_above_is_not_turned() -> None:
    points, _ = _face(0.0)
    away = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # its up axis points at the viewer
    plain = CropRule(100, CLOSE).similarity(points, away)
    assert plain[0, 1] == plain[1, 0] == 0


def test_close_crops_of_pictures() -> None:
    points, rotation = _face(25.0)
    picture = np.zeros((300, 300, 3), np.uint8)
    x, y = np.round(points[30]).astype(int)  # the tip of the nose
    picture[y - 2 : y + 3, x - 2 : x + 3] = 255
    crop = close_crops([picture], points[None], rotation[None], 100)[0]
    at = np.argwhere(crop[..., 0] > 128).mean(0)[::-1]
    assert np.abs(at - apply_affine(CropRule(100, CLOSE).similarity(points, rotation), points[30:31])[0]).max() < 1.5
