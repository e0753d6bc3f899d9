import numpy as np
import pytest

from morph.tracking.detection.detector import Detections
from morph.tracking.detection.rotated_detection import detect_turned, quarter_of, settle, turn_back


class Marks:
    """Finds the box of the white pixels if the picture is wide and the mark lies above its middle; five times its corner."""

    def __init__(self, turned_only: bool):
        self.turned_only, self.shapes = turned_only, []

    def detect(self, image):
        self.shapes.append(image.shape)
        rows, columns = np.nonzero(image[..., 0])
        if self.turned_only and rows.mean() < image.shape[0] / 2:
            return Detections.none()
        box = np.float32([[columns.min(), rows.min(), columns.max(), rows.max()]])
        corner = np.float32([[columns.min(), rows.min()]] * 5)
        return Detections(box, np.float32([0.9]), corner[None])


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_what_is_found_in_a_turned_copy_lies_where_it_is(quarter):
    image = np.zeros((50, 90, 3), np.uint8)
    image[10:15, 60:80] = 255
    found = detect_turned(Marks(False), image, [quarter])
    assert found.boxes[0].tolist() == [60, 10, 79, 14]
    assert found.five_points[0, 0].tolist() == [[60, 10], [79, 10], [79, 14], [60, 14]][quarter]


def test_a_face_that_only_a_turned_copy_shows_is_found_once():
    image = np.zeros((50, 90, 3), np.uint8)
    image[10:15, 60:80] = 255
    detector = Marks(True)
    found = detect_turned(detector, image, range(4))
    assert len(found) == 1
    assert found.boxes[0].tolist() == [60, 10, 79, 14]
    assert detector.shapes == [(50, 90, 3), (90, 50, 3), (50, 90, 3), (90, 50, 3)]


def test_nothing_stays_nothing():
    assert len(turn_back(Detections.none(), 3, 9, 9)) == 0


def test_quarter_of_known_values():
    turns = np.radians([0, 40, -40, 90, -90, 180, -180, -100])
    assert [quarter_of(turn) for turn in turns] == [0, 0, 0, 3, 1, 2, 2, 1]


def findings(*rows):
    """Boxes and scores; the first coordinate of the five points says which finding it was."""
    boxes, scores = np.float32([row[:4] for row in rows]).reshape(-1, 4), np.float32([row[4] for row in rows])
    return Detections(boxes, scores, np.repeat(boxes[:, None, :2], 5, 1))


def test_of_two_findings_of_one_face_the_network_chooses_and_the_better_score_stays():
    upright, lying, other = (10, 10, 30, 30, 0.4), (0, 0, 60, 60, 0.7), (100, 100, 120, 120, 0.6)
    asked = []

    def errors(those):
        asked.append(len(those))
        return (those.boxes[:, 2] - those.boxes[:, 0]) / 100  # the smaller box is right

    found = settle(findings(upright), findings(lying, other), errors)
    assert found.boxes.tolist() == [list(upright[:4]), list(other[:4])]
    assert found.scores == pytest.approx([0.7, 0.6])
    assert asked == [2]
    found = settle(findings(upright), findings(lying, other), lambda those: -errors(those))
    assert found.boxes.tolist() == [list(lying[:4]), list(other[:4])]


def test_findings_apart_are_merged_without_asking():
    found = settle(findings((0, 0, 9, 9, 0.5)), findings((50, 0, 59, 9, 0.8)), None)
    assert found.scores == pytest.approx([0.8, 0.5])
    assert len(settle(Detections.none(), Detections.none(), None)) == 0
