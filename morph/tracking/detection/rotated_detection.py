"""Faces that lie on their side or upside down: the detector looks at the picture turned by quarters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from morph.arrays import Floats, Image, Reals
from morph.tracking.detection.boxes import covered
from morph.tracking.detection.detector import Detections, Detector, merge

COVERED = 0.5  # share of the smaller box from which two findings are of one face


def detect_turned(detector: Detector, image: Image, quarters: Iterable[int]) -> Detections:
    """Faces of a picture, found in copies of it that are turned by ``quarters`` of a circle; best first, each face once.

    Args:
        detector: is asked once for each quarter.
        image: ``(H, W, 3)`` uint8 RGB.
        quarters: 0..3 quarter turns anticlockwise; 0 is the picture as it is.
    """
    found = Detections.none()
    for quarter in quarters:
        copy = image if quarter % 4 == 0 else np.ascontiguousarray(np.rot90(image, quarter))
        here = turn_back(detector.detect(copy), quarter, image.shape[1], image.shape[0])
        found = merge(found, here) if len(found) else here
    return found


def settle(first: Detections, second: Detections, errors: Callable[[Detections], Reals]) -> Detections:
    """Two findings of one picture as one, best first, each face once; of two that overlap the network's choice.

    Small upright faces look to the detector as if they lay on their side, often in a larger box and with a better score. The
    better score is taken over: there is a face, whichever way it lies.

    Args:
        first: found in the picture as it is.
        second: found in turned or finer copies of it.
        errors: gives the ``(n,)`` errors that the network expects of detections; infinite where it sees no face.
    """
    rows, columns = np.nonzero(covered(first.boxes, second.boxes) >= COVERED)
    if not len(rows):
        return merge(first, second)
    mine, other = np.unique(rows), np.unique(columns)
    expected = errors(_joined(first[mine], second[other]))
    error = dict(zip([*mine.tolist(), *(len(first) + other).tolist()], expected.tolist(), strict=True))
    both = _joined(first, second)
    scores, lost = both.scores.copy(), np.zeros(len(both), bool)
    for i, j in zip(rows.tolist(), (len(first) + columns).tolist(), strict=True):
        winner, loser = (i, j) if error[i] <= error[j] else (j, i)
        scores[winner] = max(scores[winner], scores[loser])
        lost[loser] = True
    return merge(Detections(both.boxes, scores, both.five_points)[~lost], Detections.none())


def _joined(first: Detections, second: Detections) -> Detections:
    """One after the other."""
    return Detections(
        np.concatenate([first.boxes, second.boxes]),
        np.concatenate([first.scores, second.scores]),
        np.concatenate([first.five_points, second.five_points]),
    )


def turn_back(found: Detections, quarter: int, width: int, height: int) -> Detections:
    """Detections in a ``width`` x ``height`` picture from those in its copy turned anticlockwise by ``quarter`` quarters."""
    for _ in range(quarter % 4):
        found = Detections(_quarter_box(found.boxes), found.scores, _quarter(found.five_points))
    shift = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]][quarter % 4], np.float32)
    return Detections(found.boxes + np.tile(shift, 2), found.scores, found.five_points + shift)


def quarter_of(turn: float) -> int:
    """The number of anticlockwise quarter turns that is nearest to ``turn`` radians clockwise, 0..3."""
    return round(-turn / (np.pi / 2)) % 4


def _quarter(points: Floats) -> Floats:
    """``(..., 2)`` points a quarter turn clockwise about pixel (0, 0), y down."""
    return np.stack([-points[..., 1], points[..., 0]], axis=-1)


def _quarter_box(boxes: Floats) -> Floats:
    corners = _quarter(boxes.reshape(-1, 2, 2))
    return np.concatenate([corners.min(1), corners.max(1)], axis=-1)
