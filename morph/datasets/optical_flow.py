"""Where points of one picture are in the next: pyramidal Lucas-Kanade with a check of the way back."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from morph.arrays import Array, Bools, Floats, Image, Reals
from morph.errors import MorphError

LEAST_TEXTURE = 1e-3  # least eigenvalue of a window's gradients over its pixels, as OpenCV scales it; flat skin has less


def follow_points(  # noqa: PLR0913 - keyword options of the method
    first: Image,
    second: Image,
    points: Reals,
    *,
    window: int = 15,
    levels: int = 2,
    round_trip: float = 0.5,
) -> tuple[Floats, Bools]:
    """Carry points from one picture into the next and back again.

    Args:
        first: ``(H, W, 3)`` uint8 RGB in which the points lie.
        second: ``(H, W, 3)`` uint8 RGB in which they are looked for.
        points: ``(N, 2)`` pixels of ``first``.
        window: side of the window that is matched, pixels of the finest level.
        levels: of the pyramid above the finest one; a point may move about ``window / 2 * 2**levels`` pixels.
        round_trip: pixels by which a point may miss itself after being followed forth and back.

    Returns:
        Displacements ``(N, 2)`` in pixels, and whether each can be trusted ``(N,)``: it was found both ways, came back to
        where it started and stayed in the picture. Displacements that cannot be trusted are 0.

    Raises:
        MorphError: pictures of different sizes, or points of another shape.
    """
    if first.shape != second.shape or points.ndim != 2 or points.shape[1] != 2:
        raise MorphError(
            f"flow needs two pictures of one size and points (N, 2), got {first.shape}, {second.shape}, {points.shape}"
        )
    one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (first, second))
    start = np.asarray(points, np.float32)
    there, found = _carry(one, other, start, window, levels)
    back, found_back = _carry(other, one, there, window, levels)
    height, width = one.shape
    inside = ((there >= 0) & (there <= [width - 1, height - 1]) & (points >= 0) & (points <= [width - 1, height - 1])).all(1)
    missed = np.linalg.norm(back - start, axis=1)
    trusted = found & found_back & inside & (missed <= round_trip)
    return np.where(trusted[:, None], there - start, 0).astype(np.float32), trusted


def _carry(first: Array, second: Array, points: Floats, window: int, levels: int) -> tuple[Floats, Bools]:
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 0.003)  # iterations, pixels
    start: Any = np.ascontiguousarray(points)[:, None]
    at: Any
    at, found, _ = cv2.calcOpticalFlowPyrLK(
        first, second, start, None, winSize=(window, window), maxLevel=levels, criteria=stop, minEigThreshold=LEAST_TEXTURE
    )  # type: ignore[call-overload]
    return at[:, 0], found[:, 0] > 0
