"""Small upright faces in large pictures, with the weights that ship; run as a program it counts all 72 placements."""

import cv2
import numpy as np
import pytest
from clips import PORTRAIT

from morph import Tracker

SIZES = (24, 26, 28, 30, 32, 34, 36, 38)  # pixels of the face
FACE = np.array([175.6, 82.6, 276.8, 177.0])  # of the portrait's landmarks


def wrong(sizes: tuple[int, ...], places: int) -> list[str]:
    """What is not found upright, of so many places of the portrait in a grey 1080p picture for each size of its face."""
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB)
    tracker, rng, out = Tracker(level=0, smoothing=None), np.random.default_rng(1), []
    for size in sizes:
        scale = size / (FACE[3] - FACE[1])
        small = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for _ in range(places):
            x, y = int(rng.integers(50, 1700)), int(rng.integers(50, 900))
            picture = np.full((1080, 1920, 3), 128, np.uint8)
            picture[y : y + len(small), x : x + len(small[0])] = small
            tracker.reset()
            faces = tracker.process(picture)
            true = FACE * scale + np.array([x, y, x, y])
            good = [
                face
                for face in faces
                if np.linalg.norm((face.box - true).reshape(2, 2).mean(0)) < size / 2
                and face.coefficients.rotation[1, 1] > np.cos(np.radians(30))
            ]
            if not good or len(faces) > 1:
                out.append(f"{size} px at {x}, {y}: {[face.box.round().tolist() for face in faces]}")
    return out


@pytest.mark.parametrize("size", [26, 28])
def test_small_upright_faces_are_read_upright(size):
    """Two a size. Of all 72 one is wrong, and 31 were: `PYTHONPATH=.:tests/made python tests/tracking/test_small_faces.py`."""
    assert wrong((size,), 2) == []


if __name__ == "__main__":
    found = wrong(SIZES, 9)
    print(f"{len(found)} of {9 * len(SIZES)} are wrong", *found, sep="\n")
