import cv2
import numpy as np
import pytest

from morph.tracking.lens.zoom import Glimpse, zoomed

NOISE = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 255, (480, 640, 3), dtype=np.uint8), (0, 0), 3)
NOISE = cv2.normalize(NOISE, None, 0, 255, cv2.NORM_MINMAX)


def clip(behind: float, face: float, count: int = 9) -> list[Glimpse]:
    """What is behind a face grows so many times in all, and the face so many."""
    out = []
    for row, share in enumerate(np.linspace(0, 1, count)):
        grow = behind**share
        warp = np.array([[grow, 0, 320 * (1 - grow)], [0, grow, 240 * (1 - grow)]])
        box = np.array([270.0, 150.0, 370.0, 250.0])
        out.append(
            Glimpse.of(cv2.warpAffine(NOISE, warp, (640, 480), borderMode=cv2.BORDER_REFLECT), box, 2 * face**share, row)
        )
    return out


def test_a_background_that_grows_with_the_face_is_a_zoom() -> None:
    assert zoomed(clip(1.4, 1.4)) == pytest.approx(1.4, abs=0.03)
    assert zoomed(clip(1.4, 1.4)[::-1]) == pytest.approx(1.4, abs=0.03)


def test_a_face_or_a_camera_that_comes_nearer_is_none() -> None:
    assert zoomed(clip(1.0, 1.4)) == 1.0
    assert zoomed(clip(1.15, 1.4)) == 1.0  # the background is farther away, and grows less
    assert zoomed(clip(1.02, 1.02)) == 1.0


def test_without_a_background_nothing_is_said() -> None:
    blank = [Glimpse(np.zeros((90, 120), np.uint8), np.array([50.0, 30, 70, 50]), 2.0 + row, row) for row in range(5)]
    assert zoomed(blank) == 1.0
    assert zoomed([]) == 1.0
