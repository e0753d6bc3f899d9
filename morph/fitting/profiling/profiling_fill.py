"""Smooth continuation of a field into the pixels where it is not known, coarse to fine."""

from __future__ import annotations

from typing import Any

import numpy as np

from morph.arrays import Bools, Floats
from morph.compiled import compiled


def fill_smoothly(values: Floats, known: Bools, sweeps: int = 8) -> None:
    """Write a nearly harmonic continuation into the unknown pixels, in place; each becomes the mean of its neighbours.

    Args:
        values: ``(H, W, C)`` float32, finite where known.
        known: ``(H, W)``; nothing changes where it is true, or where nothing is known at all.
        sweeps: of over-relaxation on each level of a pyramid.
    """
    if known.all() or not known.any():
        return
    height, width = known.shape
    coarse = np.zeros(((height + 1) // 2, (width + 1) // 2, values.shape[2]), np.float32)
    coarse_known = np.zeros(coarse.shape[:2], np.bool_)
    _halve(values, known, coarse, coarse_known)
    if min(coarse.shape[:2]) > 1:
        fill_smoothly(coarse, coarse_known, sweeps)
    _relax(values, known, coarse, sweeps)


@compiled
def _halve(values: Any, known: Any, coarse: Any, coarse_known: Any) -> None:
    """Means of the known pixels of each block of two by two."""
    height, width, channels = values.shape
    for i in range(coarse.shape[0]):
        for j in range(coarse.shape[1]):
            count = 0
            for y in range(2 * i, min(2 * i + 2, height)):
                for x in range(2 * j, min(2 * j + 2, width)):
                    if known[y, x]:
                        count += 1
                        for c in range(channels):
                            coarse[i, j, c] += values[y, x, c]
            if count:
                coarse_known[i, j] = True
                for c in range(channels):
                    coarse[i, j, c] /= count


@compiled
def _relax(values: Any, known: Any, coarse: Any, sweeps: int) -> None:
    """Begin from the coarse level; then Gauss–Seidel with over-relaxation, there and back in turn."""
    height, width, channels = values.shape
    for y in range(height):
        for x in range(width):
            if not known[y, x]:
                for c in range(channels):
                    values[y, x, c] = coarse[y // 2, x // 2, c]
    for sweep in range(sweeps):
        over = np.float32(1.5 if sweep < sweeps - 1 else 1.0)
        for row in range(height):
            y = row if sweep % 2 == 0 else height - 1 - row
            for column in range(width):
                x = column if sweep % 2 == 0 else width - 1 - column
                if known[y, x]:
                    continue
                up, down = max(y - 1, 0), min(y + 1, height - 1)
                left, right = max(x - 1, 0), min(x + 1, width - 1)
                for c in range(channels):
                    around = values[up, x, c] + values[down, x, c] + values[y, left, c] + values[y, right, c]
                    values[y, x, c] += over * (np.float32(0.25) * around - values[y, x, c])
