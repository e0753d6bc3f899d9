"""Lays drawn layers over pictures."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from morph.arrays import Floats, Image
from morph.compiled import compiled
from morph.errors import MorphError
from viewer.plate.grain import Grain


def backdrop(width: int, height: int) -> Image:
    """``(H, W, 3)`` uint8 grey that darkens downwards, for heads without footage."""
    tone = np.linspace(92, 52, height)[:, None, None] + np.array([0.0, 1.0, 4.0])
    return np.asarray(np.broadcast_to(tone.astype(np.uint8), (height, width, 3)).copy())


def over(layer: Floats, background: Image, strength: float = 1.0) -> Image:
    """The layer over a picture of the same size: ``(H, W, 3)`` uint8.

    Args:
        layer: ``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha.
        background: ``(H, W, 3)`` uint8.
        strength: 1 for the layer as it is, less to let the picture through.

    Raises:
        MorphError: sizes differ.
    """
    if layer.shape[:2] != background.shape[:2]:
        raise MorphError(f"a layer {layer.shape[1]}x{layer.shape[0]} does not fit {background.shape[1]}x{background.shape[0]}")
    out = np.empty_like(background)
    _over(layer, np.ascontiguousarray(background), np.float32(strength), out)
    return out


class Finish(NamedTuple):
    """What makes a layer look as if it had been filmed.

    Attributes:
        levels: ``(2, 3)`` display values 0..255 that black and white of the layer become.
        grain: spread of the noise at a value.
        noise: of :meth:`viewer.plate.grain.GrainMaker.tile`.
    """

    levels: Floats
    grain: Grain
    noise: tuple[Floats, int, int]


def over_matched(layer: Floats, background: Image, corner: tuple[int, int], finish: Finish) -> Image:
    """A part of a layer over a picture, with the picture's black and white levels and its grain: ``(H, W, 3)`` uint8.

    Args:
        layer: ``(h, w, 4)`` float32 RGB multiplied by alpha, and alpha.
        background: ``(H, W, 3)`` uint8.
        corner: column and row of ``background`` at which the layer begins; all of the layer lies inside.
        finish: levels and grain.
    """
    out, f, grain = background.copy(), np.float32, finish.grain
    numbers = _Levels(np.asarray(finish.levels, f), np.asarray(grain.floor, f), np.asarray(grain.slope, f))
    _over_matched(np.ascontiguousarray(layer), out, corner, numbers, finish.noise)
    return np.asarray(out)


class _Levels(NamedTuple):
    levels: Floats
    floor: Floats
    slope: Floats


@compiled
def _over_matched(layer: Any, out: Any, corner: Any, numbers: Any, noise: Any) -> None:
    left, top = corner
    levels, floor, slope = numbers
    tile, column, row = noise
    size = tile.shape[0]
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            alpha = layer[y, x, 3]
            if alpha <= 0:
                continue
            for c in range(3):
                value = layer[y, x, c] * (levels[1, c] - levels[0, c]) + levels[0, c] * alpha
                spread = np.sqrt(max(floor[c] + slope[c] * value / alpha, np.float32(0.0)))
                value += spread * alpha * tile[(y + top + row) % size, (x + left + column) % size, c]
                value += out[y + top, x + left, c] * (1 - alpha)
                out[y + top, x + left, c] = np.uint8(min(max(value + np.float32(0.5), np.float32(0.0)), np.float32(255.0)))


@compiled
def _over(layer: Floats, background: Image, strength: np.float32, out: Image) -> None:
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            alpha = layer[y, x, 3] * strength
            for c in range(3):
                if alpha == 0:
                    out[y, x, c] = background[y, x, c]
                else:
                    value = layer[y, x, c] * strength * 255 + background[y, x, c] * (1 - alpha)
                    out[y, x, c] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
