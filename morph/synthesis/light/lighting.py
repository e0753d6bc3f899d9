"""How a picture is lit: soft light from all around and one key light with soft shadows."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from morph.arrays import Array, Floats, Ints
from morph.compiled import compiled
from morph.model.rotation import rotation_about
from morph.rendering import rasterise
from morph.rendering.harmonics import FACTORS
from morph.synthesis.arrays.angles import cross
from morph.synthesis.light.environments import Environment

TAPS = np.array([[0, 0], [0.9, 0.2], [-0.6, 0.7], [-0.3, -0.9], [0.5, -0.6], [0.3, 0.9], [-0.95, -0.2]], np.float32)


@dataclass(frozen=True, eq=False)
class SampledLight:
    """The light of one picture, in the camera frame (x right, y up, z to the viewer).

    Attributes:
        environment: the surroundings.
        turn: ``(3, 3)`` camera to world.
        ambient: how strong the soft light is.
        key: ``(3,)`` unit direction towards the key light.
        key_light: ``(3,)`` its linear colour and strength.
        softness: radius of the shadow's edge, 0 hard .. 1 soft.
    """

    environment: Environment
    turn: Floats
    ambient: float
    key: Floats
    key_light: Floats
    softness: float

    @functools.cached_property
    def field(self) -> Floats:
        """``(3, 10)``: the soft light on a normal ``(x, y, z)`` of the camera frame as a polynomial, colour by colour.

        The terms are 1, x, y, z, xx, yy, zz, xy, yz, xz (Ramamoorthi and Hanrahan 2001); see :func:`soft_at`.
        """
        h = self.environment.harmonics.astype(np.float64)
        turn = self.turn.astype(np.float64)
        out = np.empty((3, 10), np.float64)
        for c in range(3):
            linear = turn.T @ (FACTORS[1] * h[[3, 1, 2], c])
            xy, yz, zz, xz, xx = (factor * h[k, c] for k, factor in enumerate(FACTORS[4:], start=4))
            square = np.array([[xx, xy / 2, xz / 2], [xy / 2, -xx, yz / 2], [xz / 2, yz / 2, 3 * zz]])
            q = turn.T @ square @ turn
            out[c] = [FACTORS[0] * h[0, c] - zz, *linear, q[0, 0], q[1, 1], q[2, 2], 2 * q[0, 1], 2 * q[1, 2], 2 * q[0, 2]]
        return (self.ambient * out).astype(np.float32)

    def soft(self, normals: Floats) -> Floats:
        """Soft light ``(N, 3)`` that falls on surfaces with normals ``(N, 3)``."""
        x, y, z = normals.T
        terms = np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, y * z, x * z], 1)
        return np.asarray(np.maximum(terms @ self.field.T, 0.02 * self.ambient))

    def mirrored(self, rays: Floats) -> Floats:
        """Light ``(N, 3)`` that arrives along directions ``(N, 3)`` (towards the light), sharp, without the key light."""
        world = rays @ self.turn.T
        height, width = self.environment.display.shape[:2]
        column = (np.arctan2(world[:, 0], -world[:, 2]) / (2 * np.pi) + 0.5) * width
        row = np.arccos(np.clip(world[:, 1], -1, 1)) / np.pi * height
        return np.asarray(
            self.ambient * self.environment.display[row.astype(int).clip(0, height - 1), column.astype(int) % width]
        )


def sample_lighting(rng: np.random.Generator, environment: Environment) -> SampledLight:
    """Daylight or room light as measured, a studio key light, a flash, or soft light alone."""
    turn = rotation_about(1, rng.uniform(-np.pi, np.pi)) @ rotation_about(0, rng.normal(0, 0.12))
    kind = rng.choice(["measured", "studio", "flash", "soft"], p=[0.42, 0.33, 0.08, 0.17])
    ambient, softness = 1.0, rng.uniform(0.15, 1)
    colour = np.clip(1 + rng.normal(0, 0.06) * np.array([1, 0.1, -1.2]) + rng.normal(0, 0.02, 3), 0.5, 1.5)
    key: Array
    light: Array
    if kind == "measured":
        key = environment.peak @ turn
        light = environment.peak_light
        light = light * min(1.0, 2.5 / max(light.max(), 1e-6)) * rng.uniform(0.5, 1.0)
        softness *= 0.5
    elif kind == "flash":
        key = np.array([rng.normal(0, 0.12), rng.normal(0.15, 0.1), 1.0])
        ambient, light = rng.uniform(0.15, 0.5), rng.uniform(0.6, 1.0) * colour
        softness *= 0.3
    else:
        azimuth = np.radians(rng.normal(0, 60))
        elevation = np.radians(np.clip(rng.normal(32, 20), -25, 80))
        key = np.array([np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)])
        ratio = np.exp(rng.uniform(np.log(0.25), np.log(5))) if kind == "studio" else rng.uniform(0, 0.15)
        ambient, light = 1 / (1 + ratio), ratio / (1 + ratio) * 1.3 * colour
    key = np.asarray(key, np.float64)
    return SampledLight(
        environment,
        turn.astype(np.float32),
        float(ambient),
        (key / np.linalg.norm(key)).astype(np.float32),
        np.asarray(light, np.float32),
        float(softness),
    )


@compiled
def soft_at(field: Any, c: Any, x: Any, y: Any, z: Any) -> Any:
    """One colour of the soft light on a normal, from :attr:`Lighting.field`; for compiled loops."""
    f = field[c]
    return f[0] + x * (f[1] + f[4] * x + f[7] * y) + y * (f[2] + f[5] * y + f[8] * z) + z * (f[3] + f[6] * z + f[9] * x)


class Shade(NamedTuple):
    """The arrays of a :class:`ShadowMap`, for compiled loops."""

    axes: Floats
    centre: Floats
    pixel: np.float32
    depth: Floats
    hair: Floats
    hair_depth: Floats


class ShadowMap:
    """What the key light sees.

    Args:
        key: ``(3,)`` direction towards the light, in the frame of the points.
        centre: ``(3,)`` middle of the mapped region.
        radius: half its size, in the unit of the points.
        size: pixels.
    """

    def __init__(self, key: Floats, centre: Floats, radius: float, size: int = 144) -> None:
        side = cross([0.05, 1.0, 0.03], key)
        side /= np.linalg.norm(side)
        self._axes = np.stack([side, -cross(key, side), key], 1).astype(np.float32)
        self._centre, self._pixel, self.size = centre.astype(np.float32), size / (2 * radius), size
        self.depth = np.full((size, size), -1e9, np.float32)
        self.hair = np.zeros((size, size), np.float32)
        self.hair_depth = np.full((size, size), -1e9, np.float32)

    def project(self, points: Floats) -> Floats:
        """``(N, 3)`` to pixels of the map and height towards the light."""
        out = np.empty((len(points), 3), np.float32)
        _project(np.ascontiguousarray(points, np.float32), self.arrays, out)
        return out

    def add(self, points: Floats, triangles: Ints) -> None:
        """Put a mesh into the map."""
        found = rasterise(self.project(points), triangles, self.size, self.size).depth
        np.maximum(self.depth, found, out=self.depth)

    def add_hair(self, points: Floats, amount: float) -> None:
        """Put samples along strands into the map; each takes ``amount`` (optical depth) from the light below it."""
        _add_hair(np.ascontiguousarray(points, np.float32), np.float32(amount), self.arrays)

    @functools.cached_property
    def arrays(self) -> Shade:
        """For compiled loops."""
        return Shade(self._axes, self._centre, np.float32(self._pixel), self.depth, self.hair, self.hair_depth)

    def lit(self, points: Floats, softness: float, bias: float = 3.0) -> Floats:
        """``(N,)`` how much of the key light arrives, 0..1."""
        out = np.empty(len(points), np.float32)
        _lit(
            np.ascontiguousarray(points, np.float32),
            self.arrays,
            TAPS[: 7 if softness > 0 else 1] * np.float32(0.7 + 3.0 * softness),
            np.float32(bias),
            out,
        )
        return out


@compiled
def arrives(point: Any, shade: Any, taps: Any, bias: Any) -> Any:
    """How much of the key light arrives at a point ``(x, y, z)``, 0..1; for compiled loops."""
    size = shade.depth.shape[0]
    axes, pixel = shade.axes, shade.pixel
    half = np.float32(0.5) * np.float32(size)
    x, y, z = point[0] - shade.centre[0], point[1] - shade.centre[1], point[2] - shade.centre[2]
    u = (x * axes[0, 0] + y * axes[1, 0] + z * axes[2, 0]) * pixel + half
    v = (x * axes[0, 1] + y * axes[1, 1] + z * axes[2, 1]) * pixel + half
    height = x * axes[0, 2] + y * axes[1, 2] + z * axes[2, 2]
    none, one = np.float32(0.0), np.float32(1.0)
    total = none
    for t in range(taps.shape[0]):
        column = min(max(int(u + taps[t, 0]), 0), size - 1)
        row = min(max(int(v + taps[t, 1]), 0), size - 1)
        light = one - min(max((shade.depth[row, column] - height - bias) / np.float32(3.0), none), one)
        if light > none and shade.hair[row, column] > none:
            behind = min(max((shade.hair_depth[row, column] - height - np.float32(2)) / np.float32(10.0), none), one)
            if behind > none:
                light *= np.exp(-shade.hair[row, column] * behind)
        total += light
    return total / np.float32(taps.shape[0])


@compiled
def _lit(points: Any, shade: Any, taps: Any, bias: Any, out: Any) -> None:
    for i in range(points.shape[0]):
        out[i] = arrives((points[i, 0], points[i, 1], points[i, 2]), shade, taps, bias)


@compiled
def _project(points: Any, shade: Any, out: Any) -> None:
    axes, middle = shade.axes, np.float32(0.5) * np.float32(shade.depth.shape[0] - 1)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0] - shade.centre[0], points[i, 1] - shade.centre[1], points[i, 2] - shade.centre[2]
        out[i, 0] = (x * axes[0, 0] + y * axes[1, 0] + z * axes[2, 0]) * shade.pixel + middle
        out[i, 1] = (x * axes[0, 1] + y * axes[1, 1] + z * axes[2, 1]) * shade.pixel + middle
        out[i, 2] = x * axes[0, 2] + y * axes[1, 2] + z * axes[2, 2]


@compiled
def _add_hair(points: Any, amount: Any, shade: Any) -> None:
    size = shade.hair.shape[0]
    axes, pixel = shade.axes, shade.pixel
    half = np.float32(0.5) * np.float32(size)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0] - shade.centre[0], points[i, 1] - shade.centre[1], points[i, 2] - shade.centre[2]
        column = int(np.floor((x * axes[0, 0] + y * axes[1, 0] + z * axes[2, 0]) * pixel + half))
        row = int(np.floor((x * axes[0, 1] + y * axes[1, 1] + z * axes[2, 1]) * pixel + half))
        if 0 <= column < size and 0 <= row < size:
            shade.hair[row, column] += amount
            height = x * axes[0, 2] + y * axes[1, 2] + z * axes[2, 2]
            if height > shade.hair_depth[row, column]:
                shade.hair_depth[row, column] = height
