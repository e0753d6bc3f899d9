"""Tiling noise that textures are made of, computed once."""

from __future__ import annotations

import functools
from typing import Any

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
def at(tile: Any, x: Any, y: Any) -> Any:
    """Noise of a tile ``(512, 512)`` at one place, bilinear; for compiled loops."""
    last = tile.shape[0] - 1  # the size is a power of two
    fx, fy = np.floor(x), np.floor(y)
    a, b = np.float32(x - fx), np.float32(y - fy)
    c0, r0 = int(fx) & last, int(fy) & last
    c1, r1 = (c0 + 1) & last, (r0 + 1) & last
    top = tile[r0, c0] + (tile[r0, c1] - tile[r0, c0]) * a
    return top + (tile[r1, c0] + (tile[r1, c1] - tile[r1, c0]) * a - top) * b


@njit(cache=True, nogil=True)
def near(tile: Any, x: Any, y: Any) -> Any:
    """The nearest value of a tile: enough for layers whose features are many pixels wide."""
    last = tile.shape[0] - 1
    return tile[int(np.floor(y + 0.5)) & last, int(np.floor(x + 0.5)) & last]


@njit(cache=True, nogil=True)
def _sample(tile: Floats, x: Floats, y: Floats, out: Floats) -> None:
    for i in range(x.shape[0]):
        out[i] = at(tile, x[i], y[i])
