"""What is behind the head."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from morph.arrays import Array, Floats
from morph.compiled import compiled
from morph.rendering.colour import GAMMA, decode_gamma
from morph.synthesis.arrays.angles import angle
from morph.synthesis.arrays.noise import tiles
from morph.synthesis.light.lighting import SampledLight

HALVED = 4.0  # pixels of blur from which surroundings are drawn at half size


def sample_background(rng: np.random.Generator, lighting: SampledLight, size: int) -> Floats:
    """``(size, size, 3)`` linear light: the surroundings out of focus, a studio wall, or clutter."""
    kind = rng.choice(["surroundings", "wall", "plain", "clutter"], p=[0.6, 0.16, 0.1, 0.14])
    if kind == "surroundings":
        span, aim = np.tan(rng.uniform(0.35, 1.0) / 2), np.array([rng.normal(0, 0.15), rng.normal(0, 0.12)], np.float32)
        grain = _tile(rng, size, 1) * np.float32(0.05 * rng.uniform(0, 1))
        radius = size * (rng.uniform(0, 0.02) if rng.random() < 0.4 else rng.uniform(0.02, 0.09))
        if radius > HALVED and size % 2 == 0:
            image = _defocus(_panorama(lighting, span, aim, size, 2), radius / 2)
            image = np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
        else:
            image = _panorama(lighting, span, aim, size, 1)
            image += image * cv2.merge([grain, grain, grain])
            image = _defocus(image, radius)
        return np.asarray(image * np.float32(np.exp(rng.normal(-0.25, 0.35))))
    if kind == "plain":
        level = rng.choice([rng.uniform(0, 0.05), rng.uniform(0.75, 1.0), rng.uniform(0, 1)])
        return np.full((size, size, 3), level**GAMMA, np.float32) * decode_gamma(
            np.clip(1 + rng.normal(0, 0.05, 3), 0.5, 1)
        ).astype(np.float32)
    base = decode_gamma(np.clip(rng.uniform(0.05, 0.95) + rng.normal(0, 0.16, 3), 0.02, 1))
    if kind == "wall":
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - rng.uniform(-0.2, 1.2, (2, 1, 1)).astype(np.float32)
        falloff = np.exp(-(x * x + y * y) * rng.uniform(0, 2))
        grain = _tile(rng, size, 4) * 0.06 + _tile(rng, size, 1) * rng.uniform(0, 0.04)
        return np.asarray((base * np.clip(falloff + grain, 0.02, None)[..., None]).astype(np.float32))
    return _defocus(_clutter(rng, base, size), size * rng.uniform(0.003, 0.05))


def _panorama(lighting: SampledLight, span: float, aim: Floats, size: int, step: int) -> Floats:
    """The surroundings as the camera sees them (towards -z), at every pixel, or between every ``step`` of them.

    ``span`` is the tangent of half the field of view, ``aim`` that of the angles by which the view is shifted.
    """
    panorama = lighting.environment.display
    column, row = np.empty((2, size // step, size // step), np.float32)
    height, width = panorama.shape[:2]
    pitch = np.float32(2 * span / (size - 1))
    _look(PanoramaView(np.float32(span), pitch, step, aim, lighting.turn), (height, width), column, row)
    return np.asarray(cv2.remap(panorama, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


class PanoramaView(NamedTuple):
    """A camera that looks at a panorama.

    Attributes:
        span: tangent of half the field of view.
        pitch: tangent from one pixel to the next.
        step: so many pixels in a row are one.
        aim: ``(2,)`` tangents by which the view is shifted.
        turn: ``(3, 3)`` camera to world.
    """

    span: np.float32
    pitch: np.float32
    step: int
    aim: Floats
    turn: Floats


@compiled
def _look(view: Any, shape: Any, column: Any, row: Any) -> None:
    """Places in a panorama of a ``shape`` that the pixels of a camera see, into ``column`` and ``row``."""
    span, pitch, step, aim, turn = view
    height, width = shape
    f = np.float32
    middle = f(0.5) * f(step - 1)
    for i in range(column.shape[0]):
        for j in range(column.shape[1]):
            x, y = (f(j * step) + middle) * pitch - span + aim[0], span - (f(i * step) + middle) * pitch + aim[1]
            wx = turn[0, 0] * x + turn[0, 1] * y - turn[0, 2]
            wy = turn[1, 0] * x + turn[1, 1] * y - turn[1, 2]
            wz = turn[2, 0] * x + turn[2, 1] * y - turn[2, 2]
            column[i, j] = (angle(wx, -wz) * f(1 / (2 * np.pi)) + f(0.5)) * f(width) - f(0.5)
            row[i, j] = (f(0.5) - angle(wy, np.sqrt(wx * wx + wz * wz)) * f(1 / np.pi)) * f(height) - f(0.5)


def _clutter(rng: np.random.Generator, base: Array, size: int) -> Floats:
    """Overlapping shapes and stripes of related colours: foliage, furniture, crowds out of focus."""
    image = (
        np.full((size, size, 3), base, np.float32)
        * np.clip(1 + 0.35 * _tile(rng, size, 3) + 0.2 * _tile(rng, size, 2), 0.1, 2)[..., None]
    )
    for _ in range(rng.integers(4, 40)):
        colour = decode_gamma(np.clip(base ** (1 / GAMMA) + rng.normal(0, 0.25, 3), 0.02, 1)).tolist()
        at = rng.uniform(-0.1, 1.1, 2) * size
        reach = rng.uniform(0.02, 0.3) * size
        shape = rng.integers(3)
        if shape == 0:
            cv2.circle(image, (int(at[0]), int(at[1])), int(reach / 2) + 1, colour, -1, cv2.LINE_AA)
        elif shape == 1:
            corners = cv2.boxPoints(
                ((float(at[0]), float(at[1])), (float(reach), float(reach * rng.uniform(0.2, 3))), float(rng.normal(0, 25)))
            )
            cv2.fillPoly(image, [corners.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            end = at + rng.normal(0, size * 0.5, 2)
            cv2.line(image, (int(at[0]), int(at[1])), (int(end[0]), int(end[1])), colour, int(rng.integers(1, 8)), cv2.LINE_AA)
    return np.asarray(image)


def _tile(rng: np.random.Generator, size: int, layer: int) -> Floats:
    tile = tiles()[layer]
    tile = np.roll(tile, tuple(rng.integers(0, len(tile), 2)), (0, 1))
    return np.asarray(tile[:size, :size] if size <= len(tile) else cv2.resize(tile, (size, size)))


def _defocus(image: Floats, radius: float) -> Floats:
    if radius < 0.7:
        return image
    r = int(np.ceil(radius))
    y, x = np.mgrid[-r : r + 1, -r : r + 1]
    disc = np.clip(radius - np.hypot(x, y) + 0.5, 0, 1).astype(np.float32)
    if r > 4:  # large discs at half size
        half = np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
        large = cv2.resize(_defocus(half, radius / 2), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return np.asarray(large, np.float32)
    return np.asarray(cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT), np.float32)
