"""AFLW2000-3D through the tracker: the whole picture goes in, and the face that lies on the labels comes out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Reals
from morph.datasets.published.aflw2000 import Aflw2000
from morph.evaluation.aflw2000.evaluator import Predictions
from morph.model.coefficients import Coefficients
from morph.model.ibug68 import MIRRORED_68
from morph.tracking.detection.boxes import overlap
from morph.tracking.face import Face

FOUND = 0.2  # least overlap (intersection over union) of the predicted and the true 68 points' boxes: else not found


class PictureTracker(Protocol):
    """What is needed of :class:`morph.tracking.tracker.Tracker`."""

    def reset(self) -> None:
        """Forget all faces."""
        ...

    def process(self, image: Image) -> list[Face]:
        """Faces of a picture."""
        ...


def pick_face(faces: list[Face], box: npt.ArrayLike) -> Face | None:
    """The face whose points' box overlaps ``box`` ``(4,)`` most, or None where none does by :data:`FOUND`."""
    if not faces:
        return None
    shared = overlap(np.array([face.box for face in faces]), box)[:, 0]
    best = int(shared.argmax())
    return faces[best] if shared[best] >= FOUND else None


def track_benchmark(benchmark: Aflw2000, tracker: PictureTracker, *, flip: bool = False) -> Predictions:
    """Track each picture afresh.

    Args:
        benchmark: the faces; labels serve to choose among the faces found, and for nothing else.
        tracker: finds faces; follow several, so that the labelled one is among them.
        flip: average the points with those of the mirrored picture, where the face is found there too.

    Returns:
        Predictions in picture pixels; NaN for a face that was not found.
    """
    n = len(benchmark)
    points = np.full((n, 68, 2), np.nan)
    found: list[Coefficients | None] = []
    for i in range(n):
        picture = benchmark.picture(i)
        truth = benchmark.original[i, :, :2].astype(np.float64)
        face = _track(tracker, picture, truth)
        found.append(face.coefficients if face else None)
        if face is None:
            continue
        points[i] = face.landmarks[:, :2]
        if flip:
            width = picture.shape[1]
            other = _track(tracker, np.ascontiguousarray(picture[:, ::-1]), truth * [-1, 1] + [width - 1, 0])
            if other is not None:
                back = other.landmarks[MIRRORED_68, :2] * [-1.0, 1.0] + [width - 1.0, 0.0]
                points[i] = (points[i] + back) / 2
    matrices = np.tile(np.array([[1.0, 0, 0], [0, 1.0, 0]]), (n, 1, 1))
    return Predictions(_stack(found), matrices, points)


def _track(tracker: PictureTracker, picture: Image, truth: Reals) -> Face | None:
    tracker.reset()
    return pick_face(tracker.process(picture), np.concatenate([truth.min(0), truth.max(0)]))


def _stack(found: list[Coefficients | None]) -> Coefficients:
    """One batch; NaN where there is nothing."""
    some = next((c for c in found if c is not None), None)
    tails = ((1,), (1,), (3, 3), (), (2,))
    if some is not None:
        tails = (some.shape.shape, some.expression.shape, (3, 3), (), (2,))  # type: ignore[assignment]
    names = ("shape", "expression", "rotation", "scale", "translation")
    columns = []
    for name, tail in zip(names, tails, strict=True):
        empty = np.full(tail, np.nan)
        columns.append(np.stack([empty if c is None else np.asarray(getattr(c, name)) for c in found]))
    return Coefficients(*columns)
