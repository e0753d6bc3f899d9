"""Crops of faces that were found, turned upright."""

from __future__ import annotations

import cv2
import numpy as np

from morph.crop.upright import upright_crops
from morph.model import Coefficients, landmark_decoder, load_default_model
from morph.model.rotation import euler_to_matrix


def test_a_lying_head_stands_upright_in_its_crop() -> None:
    model = load_default_model(0)
    decoder = landmark_decoder(model)
    crops = []
    for roll in (0.0, 90.0):
        face = Coefficients(
            np.zeros((1, model.n_shape)),
            np.zeros((1, model.n_expression)),
            euler_to_matrix(np.radians([[0.0, 0.0, roll]])),
            np.array([1.0]),
            np.array([[150.0, 150.0]]),
        )
        points = decoder.project(face)[..., :2]
        picture = np.zeros((300, 300, 3), np.uint8)
        for x, y in points[0, 17:27]:  # the brows
            cv2.circle(picture, (round(float(x)), round(float(y))), 4, (255, 255, 255), -1)
        crops.append(upright_crops([picture], points, face.rotation, 96)[0])
        rows = np.flatnonzero(crops[-1].any((1, 2)))
        assert rows.max() < 48  # brows are in the upper half
    assert crops[0].shape == (96, 96, 3)
    assert np.abs(crops[0].astype(int) - crops[1]).mean() < 12
