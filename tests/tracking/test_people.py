"""Who is who: people who cross, who go and come back, with the weights that ship."""

import cv2
import numpy as np
import pytest
from clips import PORTRAIT

from morph import Tracker
from morph.cli.demo import demo_files
from morph.frames import open_source

WIDTH, HEIGHT = 960, 300


@pytest.fixture(scope="module")
def demo():
    """The person of the demo clip, 240 x 180, one picture a frame."""
    clip = next(file for file in demo_files() if file.suffix == ".mp4")
    return [cv2.resize(frame.image, (250, 250))[0:240, 35:215] for frame in open_source(clip)]


@pytest.fixture(scope="module")
def portrait():
    """The head of the portrait, 250 x 200."""
    return cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB)[0:250, 120:320]


@pytest.fixture(scope="module")
def tracker():
    return Tracker(level=0, max_faces=2)


def paste(picture: np.ndarray, head: np.ndarray, x: float, y: float) -> None:
    """Put an oval cut out of ``head`` into a picture, its middle at x, y."""
    height, width = head.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    off = ((columns - width / 2) / (0.46 * width)) ** 2 + ((rows - height / 2) / (0.49 * height)) ** 2
    alpha = np.clip((1.05 - off) * 8, 0, 1)[..., None]
    left, top = round(x - width / 2), round(y - height / 2)
    part = picture[top : top + height, left : left + width]
    part[:] = (part * (1 - alpha) + head * alpha).astype(np.uint8)


def backdrop() -> np.ndarray:
    noise = np.random.default_rng(0).integers(60, 190, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 3)


@pytest.mark.parametrize("frames", [40, 80])
@pytest.mark.parametrize("pair", ["portrait before demo", "one person twice", "one person twice, one darker"])
def test_heads_that_cross_keep_their_numbers_and_the_one_in_front_is_never_lost(tracker, demo, portrait, pair, frames):
    tracker.reset()
    fronts, backs = [], []
    for k in range(frames):
        share = k / (frames - 1)
        front_x, back_x = 150 + 660 * share, 810 - 660 * share
        picture = backdrop()
        behind = demo[k] if pair == "portrait before demo" else demo[(k + 60) % len(demo)][:, ::-1]
        paste(picture, (behind * (0.8 if "darker" in pair else 1.0)).astype(np.uint8), back_x, 150)
        paste(picture, portrait if pair == "portrait before demo" else demo[k], front_x, 155)
        faces = tracker.process(picture, k / 25, k)
        fronts.append([face.id for face in faces if abs((face.box[0] + face.box[2]) / 2 - front_x) < 60])
        if abs(front_x - back_x) > 180:
            backs.append([face.id for face in faces if abs((face.box[0] + face.box[2]) / 2 - back_x) < 60])
    assert all(len(found) == 1 for found in fronts + backs)
    (front,), (back,) = np.unique(fronts), np.unique(backs)
    assert front != back


@pytest.mark.parametrize("back", ["demo", "portrait"])
def test_one_face_asked_for_is_one_person_who_was_away_for_1_8_s_and_somebody_else_is_another(demo, portrait, back):
    tracker = Tracker(level=0)
    here, after = backdrop(), backdrop()
    paste(here, demo[0], 300, 150)
    paste(after, demo[90] if back == "demo" else portrait, 480, 150)
    (before,) = tracker.process(here, 0.0)
    away = [tracker.process(backdrop(), 0.04 + k / 5) for k in range(9)]
    (face,) = tracker.process(after, 1.84)
    assert not any(away)
    assert (before.id, face.id) == (0, 0 if back == "demo" else 1)
