"""The detector beside the frames: they do not wait for it, and what it finds counts."""

import threading

import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait
from standins import sheet_model, write_weights

from morph import MorphError, Tracker
from morph.tracking.background import Background
from morph.tracking.detection.detector import Detections

FACE = [120, 80, 212, 176]  # where the portrait's is


class Gate:
    """A detector that, in other threads than the test's, waits until it is let through."""

    def __init__(self):
        self.open, self.asked, self.boxes, self.main = threading.Event(), [], [FACE], threading.get_ident()
        self.began = threading.Event()

    def detect(self, image):
        aside = threading.get_ident() != self.main
        self.asked.append("aside" if aside else "at once")
        if aside:
            self.began.set()
            assert self.open.wait(30)
        n = len(self.boxes)
        return Detections(np.float32(self.boxes).reshape(-1, 4), np.full(n, 0.9, np.float32), np.zeros((n, 5, 2), np.float32))


@pytest.fixture
def tracker(tmp_path):
    model = sheet_model()
    found = Tracker(write_weights(tmp_path / "w.onnx", model), model, Gate(), detect_every=5, max_faces=2)
    found.detect_in_background()
    yield found
    found.detector.open.set()


def until_answered(tracker):
    """Let the detector through, and wait until it has said what it saw."""
    assert tracker.detector.began.wait(30)
    tracker.detector.open.set()
    tracker._background._running.exception(30)


def test_frames_do_not_wait_for_the_detector(tracker):
    image = portrait(400, 300)
    assert all(len(tracker.process(image)) == 1 for _ in range(12))  # the gate is shut from the sixth on
    assert tracker.detector.asked == ["at once", "aside"]
    until_answered(tracker)
    assert len(tracker.process(image)) == 1
    assert tracker.detector.asked == ["at once", "aside"]


def test_a_second_face_that_is_found_aside_is_followed(tracker):
    image = np.concatenate([portrait(400, 300), portrait(400, 300)], axis=1)
    for _ in range(5):
        tracker.process(image)
    tracker.detector.boxes = [FACE, [FACE[0] + 400, FACE[1], FACE[2] + 400, FACE[3]]]
    tracker.process(image)
    until_answered(tracker)
    assert [face.id for face in tracker.process(image)] == [0, 1]
    assert tracker.detector.asked == ["at once", "aside"]


def test_a_face_that_is_not_confirmed_is_looked_for_at_once(tracker):
    image = portrait(400, 300)
    for _ in range(5):
        tracker.process(image)
    tracker.detector.boxes = []
    tracker.process(image)
    until_answered(tracker)
    assert tracker.process(image) == []
    assert tracker.detector.asked == ["at once", "aside", "at once"]


def test_what_was_asked_before_a_reset_does_not_count(tracker):
    image = portrait(400, 300)
    for _ in range(6):
        tracker.process(image)
    tracker.detector.open.set()
    tracker.reset()
    assert not tracker._background.busy
    assert [face.id for face in tracker.process(image)] == [0]


def test_what_the_detector_raises_comes_to_who_asks():
    background = Background()

    def fail():
        raise MorphError("no memory")

    background.ask(fail)
    background._running.exception(30)
    with pytest.raises(MorphError, match="no memory"):
        background.answer()
    assert background.answer() is None
