"""Heads that lie on their side or upside down, with the weights that ship."""

import cv2
import numpy as np
import pytest
from clips import PORTRAIT, portrait

from morph import Tracker
from morph.cli.demo import demo_files
from morph.errors import MorphError
from morph.frames import open_source


@pytest.fixture(scope="module")
def tracker():
    return Tracker(level=0, smoothing=None, detect_every=6)


def quarters(points: np.ndarray, count: int, width: int, height: int) -> np.ndarray:
    """Where pixels of a picture lie after ``numpy.rot90(picture, count)``."""
    for _ in range(count):
        points, (width, height) = np.stack([points[:, 1], width - 1 - points[:, 0]], 1), (height, width)
    return points


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance over the side of the box of the second."""
    return float(np.linalg.norm(first - second, axis=1).mean() / np.ptp(second, axis=0).max())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_portrait_that_is_turned_has_its_landmarks_turned(tracker, count):
    picture = cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB)
    tracker.reset()
    (upright,) = tracker.process(picture)
    tracker.reset()
    (face,) = tracker.process(np.ascontiguousarray(np.rot90(picture, count)))
    assert apart(face.landmarks, quarters(upright.landmarks, count, *picture.shape[1::-1])) < 0.03


def test_a_clip_that_stands_on_its_head_is_followed_through_the_detectors_looks(tracker):
    clip = next(file for file in demo_files() if file.suffix == ".mp4")
    frames = [frame.image for frame in open_source(clip)][:30:2]
    found = {}
    for count in (0, 2):
        tracker.reset()
        found[count] = [tracker.process(np.ascontiguousarray(np.rot90(image, count))) for image in frames]
        assert [[face.id for face in faces] for faces in found[count]] == [[0]] * len(frames)
    errors = [
        apart(turned.landmarks, quarters(face.landmarks, 2, 384, 384))
        for (face,), (turned,) in zip(found[0], found[2], strict=True)
    ]
    assert max(errors) < 0.03


def test_a_head_that_rolls_over_is_followed(tracker):
    picture = portrait(300, 300)
    tracker.reset()
    for degrees in range(0, 200, 10):
        turn = cv2.getRotationMatrix2D((140, 130), -degrees, 0.8)
        faces = tracker.process(cv2.warpAffine(picture, turn, (300, 300)))
        assert [face.id for face in faces] == [0], degrees
        up = faces[0].coefficients.rotation[:2, 1]
        assert np.degrees(np.arctan2(*up)) % 360 == pytest.approx(degrees % 360, abs=25), degrees


def test_two_passes_agree_with_one_and_differ(tracker):
    picture = portrait(400, 300)
    tracker.reset()
    (once,) = tracker.process(picture)
    (twice,) = Tracker(level=0, smoothing=None, passes=2).process(picture)
    assert 1e-4 < apart(twice.landmarks, once.landmarks) < 0.03
    box = [*twice.landmarks.min(0), *twice.landmarks.max(0)]
    assert twice.box == pytest.approx(box)


def test_passes_are_one_or_two():
    with pytest.raises(MorphError, match="passes must be 1 or 2"):
        Tracker(level=0, passes=3)
