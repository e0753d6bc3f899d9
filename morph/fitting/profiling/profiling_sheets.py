"""The two sheets that a photograph is cut into: the face that the camera saw, and the background around it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from morph.arrays import Bools, Floats, Ints
from morph.compiled import compiled
from morph.fitting.profiling.profiling_fill import fill_smoothly
from morph.rendering.rasteriser import Fragments

RIM = np.ones((3, 3), np.uint8)
RIM_BLUR = 2.0  # pixels


def face_sheet(seen: Fragments) -> tuple[Bools, Floats]:
    """Where the face is and its depth there, ``(H, W)`` each: one piece without holes, a pixel short of its outline, with
    even depth along it, and clear of the picture's edge."""
    covered = seen.covered.copy()
    for edge in (covered[0], covered[-1], covered[:, 0], covered[:, -1]):
        edge[:] = False
    count, names, statistics, _ = cv2.connectedComponentsWithStats(covered.astype(np.uint8), connectivity=4)
    face = covered & (names == 1 + statistics[1:, cv2.CC_STAT_AREA].argmax()) if count > 1 else covered
    flooded = face.astype(np.uint8)
    cv2.floodFill(flooded, None, (0, 0), (2,), flags=4)  # type: ignore[call-overload]
    whole, depth = flooded != 2, np.where(face, seen.depth, seen.depth[face].mean() if face.any() else 0).astype(np.float32)
    if (flooded == 0).any():
        fill_smoothly(depth[..., None], flooded != 0)
    inner = cv2.erode(whole.astype(np.uint8), RIM)
    rim = (inner > 0) & (cv2.erode(inner, RIM, iterations=2) == 0)  # uneven: depth falls by many pixels within one
    share = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), RIM_BLUR)
    depth[rim] = (cv2.GaussianBlur(depth * inner, (0, 0), RIM_BLUR)[rim] / share[rim]).astype(np.float32)
    return inner > 0, depth


def sheet_triangles(face: Bools) -> Ints:
    """``(F, 3)`` triangles between neighbouring pixels, two for each four.

    Args:
        face: ``(H, W)``, which pixels are of the face.

    Returns:
        Indices into ``H W`` points of the background, then as many of the face: the face where all three corners are of it.
    """
    out = np.empty((2 * (face.shape[0] - 1) * (face.shape[1] - 1), 3), np.int32)
    _collect(face, out)
    return out


@compiled
def _collect(face: Any, out: Any) -> None:
    height, width = face.shape
    n, size = 0, height * width
    for y in range(height - 1):
        for x in range(width - 1):
            a = y * width + x
            right, below = face[y, x + 1], face[y + 1, x]
            shift = size if face[y, x] and below and right else 0
            out[n, 0], out[n, 1], out[n, 2] = a + shift, a + width + shift, a + 1 + shift
            shift = size if right and below and face[y + 1, x + 1] else 0
            out[n + 1, 0], out[n + 1, 1], out[n + 1, 2] = a + 1 + shift, a + width + shift, a + width + 1 + shift
            n += 2
