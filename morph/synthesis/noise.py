"""Tiling noise that textures are made of, computed once."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float32]
SIZE = 512


@functools.cache
def tiles() -> Floats:
    """``(5, 512, 512)`` tiling noise of unit deviation; feature sizes 2, 5, 14, 40 and 100 pixels."""
    rng = np.random.default_rng(3)
    out = []
    for sigma in (0.8, 2.0, 6.0, 16.0, 40.0):
        pad = min(int(4 * sigma), SIZE // 2)
        grain = np.pad(rng.standard_normal((SIZE, SIZE)).astype(np.float32), pad, mode="wrap")
        soft = cv2.GaussianBlur(grain, (0, 0), sigma)[pad:-pad, pad:-pad]
        out.append((soft - soft.mean()) / soft.std())
    return np.stack(out)


def sample(layer: int, x: Floats, y: Floats) -> Floats:
    """Noise of one layer at coordinates ``(N,)`` in pixels of the tile, bilinear."""
    out = np.empty(len(x), np.float32)
    _sample(tiles()[layer], np.ascontiguousarray(x, np.float32), np.ascontiguousarray(y, np.float32), out)
    return out


@njit(cache=True, nogil=True)
def _sample(tile: Floats, x: Floats, y: Floats, out: Floats) -> None:
    last = tile.shape[0] - 1  # the size is a power of two
    for i in range(x.shape[0]):
        fx, fy = np.floor(x[i]), np.floor(y[i])
        a, b = x[i] - fx, y[i] - fy
        c0, r0 = int(fx) & last, int(fy) & last
        c1, r1 = (c0 + 1) & last, (r0 + 1) & last
        out[i] = (tile[r0, c0] * (1 - a) + tile[r0, c1] * a) * (1 - b) + (tile[r1, c0] * (1 - a) + tile[r1, c1] * a) * b
