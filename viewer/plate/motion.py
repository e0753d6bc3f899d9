"""The blur of a shutter that is open while heads move."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats
from morph.compiled import compiled

SHUTTER = 0.5  # of the time from one frame to the next that it is open: 180 degrees
LEAST = 1.0  # pixels: shorter motions are not to be seen
LONGEST = 64  # pixels


def blur_matrix(
    before: npt.ArrayLike | None, now: npt.ArrayLike, after: npt.ArrayLike | None, shutter: float = SHUTTER
) -> Doubles:
    """How far points of the picture go while the shutter is open: ``(2, 3)``, ``motion = matrix @ (column, row, 1)``.

    Args:
        before: ``(N, 2)`` columns and rows of points in the frame before; None where there is no such face.
        now: of the same points in this frame.
        after: of the same points in the next frame; None where there is no such face.
        shutter: frames that it is open.
    """
    here = np.asarray(now, np.float64)
    first = here if before is None else np.asarray(before, np.float64)
    last = here if after is None else np.asarray(after, np.float64)
    frames = (before is not None) + (after is not None)
    if not frames:
        return np.zeros((2, 3))
    middle = here.mean(axis=0)
    system = np.column_stack([here - middle, np.ones(len(here))])
    found = np.linalg.lstsq(system, (last - first) * (shutter / frames), rcond=None)[0].T
    found[:, 2] -= found[:, :2] @ middle
    return np.asarray(found)


def longest_blur(matrix: Doubles, box: tuple[int, int, int, int]) -> float:
    """Pixels, over the corners of a box (left, top, right, bottom)."""
    corners = np.array([[x, y, 1] for x in (box[0], box[2]) for y in (box[1], box[3])])
    return float(np.linalg.norm(corners @ matrix.T, axis=1).max())


def streak(layer: Floats, matrix: Doubles, corner: tuple[int, int] = (0, 0)) -> Floats:
    """The layer averaged along the motion of each of its pixels; itself where that is shorter than a pixel.

    Args:
        layer: ``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha.
        matrix: of :func:`blur_matrix`.
        corner: column and row of the picture at which the layer begins.
    """
    box = (corner[0], corner[1], corner[0] + layer.shape[1], corner[1] + layer.shape[0])
    if longest_blur(matrix, box) < LEAST:
        return layer
    out = np.empty_like(layer)
    _streak(layer, np.asarray(matrix, np.float32), corner[0], corner[1], out)
    return out


@compiled
def _streak(layer: Any, matrix: Any, left: int, top: int, out: Any) -> None:
    height, width, channels = layer.shape
    for y in range(height):
        for x in range(width):
            dx = matrix[0, 0] * (x + left) + matrix[0, 1] * (y + top) + matrix[0, 2]
            dy = matrix[1, 0] * (x + left) + matrix[1, 1] * (y + top) + matrix[1, 2]
            length = np.sqrt(dx * dx + dy * dy)
            if length > LONGEST:
                dx, dy, length = dx * LONGEST / length, dy * LONGEST / length, np.float32(LONGEST)
            count = int(length) + 1
            share = np.float32(1.0) / count
            for c in range(channels):
                out[y, x, c] = 0.0
            for k in range(count):
                along = (k + np.float32(0.5)) * share - np.float32(0.5)
                column, row = x + along * dx, y + along * dy
                first, top_row = int(np.floor(column)), int(np.floor(row))
                a, b = column - first, row - top_row
                for i in range(2):
                    for j in range(2):
                        if 0 <= first + i < width and 0 <= top_row + j < height:
                            weight = share * (a if i else 1 - a) * (b if j else 1 - b)
                            for c in range(channels):
                                out[y, x, c] += weight * layer[top_row + j, first + i, c]
