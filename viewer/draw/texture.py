"""Textures with transparency, small enough for the picture that they are drawn in, and their values between texels."""

from __future__ import annotations

import functools
import os
from typing import Any

import cv2
import numpy as np

from morph.arrays import Array, Floats, Image
from morph.compiled import compiled
from morph.errors import MorphError
from morph.export.textures.uv_chart import fill_gaps

SMALLEST = 8  # texels
NARROWEST, WIDEST = 512, 8192  # texels of a texture that people paint


class Texture:
    """A picture with alpha and its halvings.

    One level is chosen for a whole part and read with bilinear weights, by every backend alike, so that all of them draw
    the same picture.

    Args:
        rgba: ``(H, W, 4)`` uint8 RGB, not multiplied by alpha, and alpha.

    Attributes:
        levels: ``(H, W, 4)`` uint8 RGB multiplied by alpha, and alpha; each half as large as the one before.
    """

    def __init__(self, rgba: Image) -> None:
        level = rgba.astype(np.float32)
        level[..., :3] *= level[..., 3:] / 255
        levels = [level]
        while min(level.shape[:2]) >= 2 * SMALLEST:
            half = (max(level.shape[1] // 2, 1), max(level.shape[0] // 2, 1))
            level = cv2.resize(level, half, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
            levels.append(level)
        self.levels: tuple[Image, ...] = tuple(np.rint(level).astype(np.uint8) for level in levels)
        self.straight = functools.lru_cache(maxsize=None)(self._straight)

    def level(self, texels: float) -> int:
        """Which of :attr:`levels` suits a pixel that is ``texels`` of the first one wide."""
        return int(np.clip(np.floor(np.log2(max(texels, 1e-6)) + 0.5), 0, len(self.levels) - 1))

    def _straight(self, level: int) -> Image:
        """``(H, W, 4)`` uint8 RGB not multiplied by alpha; clear texels have the colour of their neighbours."""
        image = self.levels[level].astype(np.float32)
        image[..., :3] = fill_gaps(image[..., :3] * 255 / np.maximum(image[..., 3:], 1), image[..., 3] > 0)
        return np.rint(np.minimum(image, 255)).astype(np.uint8)


def sample(image: Image, coordinates: Floats) -> Floats:
    """Values between texels, bilinear, ``(..., 4)`` float32 in 0..1; past the edge, the edge goes on.

    Args:
        image: ``(H, W, 4)`` uint8.
        coordinates: ``(..., 2)`` texture coordinates, origin bottom left.
    """
    out = np.empty((coordinates.size // 2, 4), np.float32)
    _sample(image, np.ascontiguousarray(coordinates, np.float32).reshape(-1, 2), out)
    return out.reshape(*coordinates.shape[:-1], 4)


@compiled
def _sample(image: Any, coordinates: Any, out: Any) -> None:
    height, width = image.shape[0], image.shape[1]
    for i in range(coordinates.shape[0]):
        x = min(max(coordinates[i, 0] * width - np.float32(0.5), np.float32(0)), np.float32(width - 1))
        y = min(max((1 - coordinates[i, 1]) * height - np.float32(0.5), np.float32(0)), np.float32(height - 1))
        left, top = int(x), int(y)
        right, below = min(left + 1, width - 1), min(top + 1, height - 1)
        a, b = x - left, y - top
        for c in range(4):
            upper = image[top, left, c] * (1 - a) + image[top, right, c] * a
            lower = image[below, left, c] * (1 - a) + image[below, right, c] * a
            out[i, c] = (upper * (1 - b) + lower * b) / np.float32(255)


def check_square(path: str | os.PathLike[str], picture: Array) -> None:
    """Raise MorphError unless a picture ``(H, W, …)`` has the shape of a texture: square, 512 to 8192 texels wide."""
    height, width = picture.shape[:2]
    if width != height:
        raise MorphError(f"{path} is {width}x{height}; the UV layout of the head is square, make it so")
    if not NARROWEST <= width <= WIDEST:
        raise MorphError(f"{path} is {width} texels wide; use {NARROWEST} to {WIDEST}, best 2048")
