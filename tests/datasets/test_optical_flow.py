"""Flow of points: known translations, and what must not be believed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from morph.datasets.optical_flow import follow_points
from morph.errors import MorphError

POINTS = np.array([[60.0, 50.0], [90.5, 70.25], [40.0, 100.0]])


def texture(shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Smooth noise, ``(140, 150, 3)`` uint8, moved by ``shift`` pixels right and down."""
    noise = np.random.default_rng(0).normal(size=(140, 150)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    moved = cv2.warpAffine(soft, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (150, 140), borderMode=cv2.BORDER_REFLECT)
    return np.repeat(np.clip(128 + 500 * moved, 0, 255).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("shift", [(1.7, -2.3), (0.0, 0.0), (9.0, 6.0)])
def test_translation_is_found(shift: tuple[float, float]) -> None:
    flow, trusted = follow_points(texture(), texture(shift), POINTS)
    assert trusted.all()
    assert np.abs(flow - shift).max() < 0.1


def test_covered_point_is_rejected() -> None:
    second = texture((1.5, 1.0))
    second[35:67, 45:77] = np.random.default_rng(1).integers(0, 256, (4, 4, 3)).repeat(8, 0).repeat(8, 1)
    flow, trusted = follow_points(texture(), second, POINTS)
    assert trusted.tolist() == [False, True, True]
    assert (flow[0] == 0).all()
    loose = follow_points(texture(), second, POINTS, round_trip=1000.0)[1]
    assert loose[0]  # it is the round trip that tells


def test_flat_skin_and_points_outside_are_rejected() -> None:
    flat = np.full((140, 150, 3), 128, np.uint8)
    assert not follow_points(flat, flat, POINTS)[1].any()
    assert not follow_points(texture(), texture((4.0, 0.0)), np.array([[148.0, 60.0], [-3.0, 50.0]]))[1].any()


def test_pictures_of_two_sizes() -> None:
    with pytest.raises(MorphError, match="one size"):
        follow_points(texture(), texture()[:-1], POINTS)
