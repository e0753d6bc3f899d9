"""Tiling noise that textures are made of, computed once."""

from __future__ import annotations

import functools
import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.compiled import compiled

SIZE = 512
POOL = 1 << 20


@functools.cache
def tiles(size: int = SIZE) -> Floats:
    """``(5, size, size)`` tiling noise of unit deviation; feature sizes 2, 5, 14, 40 and 100 pixels."""
    rng = np.random.default_rng(3)
    out = []
    for sigma in (0.8, 2.0, 6.0, 16.0, 40.0):
        pad = min(int(4 * sigma), size // 2)
        grain = np.pad(rng.standard_normal((size, size)).astype(np.float32), pad, mode="wrap")
        soft = cv2.GaussianBlur(grain, (0, 0), sigma)[pad : pad + size, pad : pad + size]
        out.append((soft - soft.mean()) / soft.std())
    return np.stack(out)


@functools.cache
def small_tiles() -> npt.NDArray[np.int8]:
    """``(5, 256, 256)``: :func:`tiles` in units of 1/25, small enough to stay in a processor's cache."""
    return np.clip(np.rint(tiles(256) * 25), -127, 127).astype(np.int8)


@functools.cache
def _pool() -> Floats:
    return np.random.default_rng(5).standard_normal(POOL, np.float32)


def normals(rng: np.random.Generator, *shape: int) -> Floats:
    """Normally distributed float32 numbers, read-only: a stretch of a fixed pool, much faster than drawing them."""
    count = math.prod(shape)
    if count > POOL // 2:
        return rng.standard_normal(shape, np.float32)
    start = int(rng.integers(0, POOL - count))
    return _pool()[start : start + count].reshape(shape)


def sample(layer: int, x: Floats, y: Floats) -> Floats:
    """Noise of one layer at coordinates ``(N,)`` in pixels of the tile, bilinear."""
    out = np.empty(len(x), np.float32)
    _sample(tiles()[layer], np.ascontiguousarray(x, np.float32), np.ascontiguousarray(y, np.float32), out)
    return out


@compiled
def at(tile: Any, x: Any, y: Any) -> Any:
    """Noise of one of the :func:`small_tiles` at one place, bilinear; for compiled loops."""
    last = tile.shape[0] - 1  # the size is a power of two
    fx, fy = np.floor(x), np.floor(y)
    a, b = np.float32(x - fx), np.float32(y - fy)
    c0, r0 = int(fx) & last, int(fy) & last
    c1, r1 = (c0 + 1) & last, (r0 + 1) & last
    p, q = np.float32(tile[r0, c0]), np.float32(tile[r1, c0])
    top, bottom = p + (np.float32(tile[r0, c1]) - p) * a, q + (np.float32(tile[r1, c1]) - q) * a
    return (top + (bottom - top) * b) * np.float32(0.04)


@compiled
def near(tile: Any, x: Any, y: Any) -> Any:
    """The nearest value of a tile: enough for layers whose features are many pixels wide."""
    last = tile.shape[0] - 1
    return np.float32(tile[int(np.floor(y + np.float32(0.5))) & last, int(np.floor(x + np.float32(0.5))) & last]) * np.float32(
        0.04
    )


@compiled
def _sample(tile: Floats, x: Floats, y: Floats, out: Floats) -> None:
    last = tile.shape[0] - 1
    for i in range(x.shape[0]):
        fx, fy = np.floor(x[i]), np.floor(y[i])
        a, b = x[i] - fx, y[i] - fy
        c0, r0 = int(fx) & last, int(fy) & last
        c1, r1 = (c0 + 1) & last, (r0 + 1) & last
        top = tile[r0, c0] + (tile[r0, c1] - tile[r0, c0]) * a
        out[i] = top + (tile[r1, c0] + (tile[r1, c1] - tile[r1, c0]) * a - top) * b
