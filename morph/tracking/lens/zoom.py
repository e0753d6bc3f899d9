"""Whether a lens zooms: then what is behind a face grows as much as the face does, and no walk makes it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Doubles, Image, Reals

WIDTH = 480  # pixels in which what is behind a face is followed
CORNERS, LEAST = 200, 15
AROUND = 0.5  # of the face, about it, is not the background
LEAST_GROWTH = 0.1  # of the logarithm of the scale
ALIKE = 0.2  # of the face's growth by which the background's may differ
TOGETHER = 0.9  # least correlation


@dataclass(frozen=True, eq=False)
class Glimpse:
    """A frame, small and grey, and the face in it.

    Attributes:
        grey: ``(h, w)`` uint8.
        box: ``(4,)`` of the face, in its pixels.
        scale: of the face, pixels a unit of the model in the frame itself.
        index: number of the frame.
    """

    grey: Image
    box: Reals
    scale: float
    index: int

    @classmethod
    def of(cls, image: Image, box: Reals, scale: float, index: int) -> Glimpse:
        """Of a frame ``(H, W, 3)`` and a box in its pixels."""
        zoom = min(1.0, WIDTH / image.shape[1])
        small = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else image
        return cls(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8), np.asarray(box) * zoom, scale, index)


def zoomed(glimpses: Sequence[Glimpse]) -> float:
    """How many times the lens zooms; 1 where it does not, or nothing behind the face can be followed.

    Args:
        glimpses: of frames of one clip, in any order.
    """
    row = sorted(glimpses, key=lambda glimpse: glimpse.index)
    steps = [_growth(a, b) for a, b in itertools.pairwise(row)]
    if not steps or any(step is None for step in steps):
        return 1.0
    behind: Doubles = np.cumsum([0.0, *(step or 0.0 for step in steps)])
    face = np.log([glimpse.scale for glimpse in row])
    if min(np.ptp(behind), np.ptp(face)) < LEAST_GROWTH or np.corrcoef(face, behind)[0, 1] < TOGETHER:
        return 1.0
    slope = float(np.polyfit(face, behind, 1)[0])
    return float(np.exp(np.ptp(behind))) if abs(slope - 1) < ALIKE else 1.0


def _growth(first: Glimpse, second: Glimpse) -> float | None:
    """Logarithm by which what is behind the face grows from one frame to the next; None: it cannot be followed."""
    if first.grey.shape != second.grey.shape:
        return None
    mask = np.full(first.grey.shape, 255, np.uint8)
    for glimpse in (first, second):
        around = AROUND * float((glimpse.box[2:] - glimpse.box[:2]).max())
        left, top = np.maximum(glimpse.box[:2] - around, 0).astype(int)
        right = int(glimpse.box[2] + around)
        mask[top:, left : max(right, 0)] = 0  # and all below it: shoulders
    points = cv2.goodFeaturesToTrack(first.grey, CORNERS, 0.01, 8, mask=mask)
    if points is None or len(points) < LEAST:
        return None
    there, known, _ = cv2.calcOpticalFlowPyrLK(first.grey, second.grey, points, np.zeros_like(points))
    kept = known[:, 0] > 0
    if kept.sum() < LEAST:
        return None
    change, used = cv2.estimateAffinePartial2D(points[kept], there[kept], ransacReprojThreshold=1.0)
    if change is None or int(used.sum()) < LEAST:
        return None
    return float(np.log(np.hypot(change[0, 0], change[1, 0])))
