"""How a picture is lit: soft light from all around and one key light with soft shadows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from morph.rendering import rasterise
from morph.synthesis.environments import Environment, harmonic_basis
from morph.synthesis.viewpoint import rotation_about

Floats = npt.NDArray[np.float32]
TAPS = np.array([[0, 0], [0.9, 0.2], [-0.6, 0.7], [-0.3, -0.9], [0.5, -0.6], [0.3, 0.9], [-0.95, -0.2]], np.float32)


@dataclass(frozen=True, eq=False)
class Lighting:
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

    def soft(self, normals: Floats) -> Floats:
        """Soft light ``(N, 3)`` that falls on surfaces with normals ``(N, 3)``."""
        world = normals @ self.turn.T
        return self.ambient * np.maximum(harmonic_basis(world) @ self.environment.harmonics, 0.02)

    def mirrored(self, rays: Floats) -> Floats:
        """Light ``(N, 3)`` that arrives along directions ``(N, 3)`` (towards the light), sharp, without the key light."""
        world = rays @ self.turn.T
        height, width = self.environment.display.shape[:2]
        column = (np.arctan2(world[:, 0], -world[:, 2]) / (2 * np.pi) + 0.5) * width
        row = np.arccos(np.clip(world[:, 1], -1, 1)) / np.pi * height
        return self.ambient * self.environment.display[row.astype(int).clip(0, height - 1), column.astype(int) % width]


def sample_lighting(rng: np.random.Generator, environment: Environment) -> Lighting:
    """Daylight or room light as measured, a studio key light, a flash, or soft light alone."""
    turn = rotation_about(1, rng.uniform(-np.pi, np.pi)) @ rotation_about(0, rng.normal(0, 0.12))
    kind = rng.choice(["measured", "studio", "flash", "soft"], p=[0.42, 0.33, 0.08, 0.17])
    ambient, softness = 1.0, rng.uniform(0.15, 1)
    colour = np.clip(1 + rng.normal(0, 0.06) * np.array([1, 0.1, -1.2]) + rng.normal(0, 0.02, 3), 0.5, 1.5)
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
    return Lighting(
        environment,
        turn.astype(np.float32),
        float(ambient),
        (key / np.linalg.norm(key)).astype(np.float32),
        np.asarray(light, np.float32),
        float(softness),
    )


class ShadowMap:
    """What the key light sees.

    Args:
        key: ``(3,)`` direction towards the light, in the frame of the points.
        centre: ``(3,)`` middle of the mapped region.
        radius: half its size, in the unit of the points.
        size: pixels.
    """

    def __init__(self, key: Floats, centre: Floats, radius: float, size: int = 144) -> None:
        side = np.cross([0.05, 1.0, 0.03], key)
        side /= np.linalg.norm(side)
        self._axes = np.stack([side, -np.cross(key, side), key], 1).astype(np.float32)
        self._centre, self._pixel, self.size = centre.astype(np.float32), size / (2 * radius), size
        self.depth = np.full((size, size), -1e9, np.float32)
        self.hair = np.zeros((size, size), np.float32)
        self.hair_depth = np.full((size, size), -1e9, np.float32)

    def project(self, points: Floats) -> Floats:
        """``(N, 3)`` to pixels of the map and height towards the light."""
        out = (points - self._centre) @ self._axes
        out[:, :2] = out[:, :2] * self._pixel + (self.size - 1) / 2
        return out

    def add(self, points: Floats, triangles: npt.NDArray[np.int32]) -> None:
        """Put a mesh into the map."""
        found = rasterise(self.project(points), triangles, self.size, self.size, cull=False).depth
        np.maximum(self.depth, found, out=self.depth)

    def add_hair(self, points: Floats, amount: float) -> None:
        """Put samples along strands into the map; each takes ``amount`` (optical depth) from the light below it."""
        p = self.project(points)
        column, row = p[:, 0].round().astype(int), p[:, 1].round().astype(int)
        inside = (column >= 0) & (row >= 0) & (column < self.size) & (row < self.size)
        column, row, z = column[inside], row[inside], p[inside, 2]
        np.add.at(self.hair, (row, column), amount)
        np.maximum.at(self.hair_depth, (row, column), z)

    def lit(self, points: Floats, softness: float, bias: float = 3.0) -> Floats:
        """``(N,)`` how much of the key light arrives, 0..1."""
        out = np.empty(len(points), np.float32)
        _lit(
            np.ascontiguousarray(points, np.float32),
            self._axes,
            self._centre,
            np.float32(self._pixel),
            self.depth,
            self.hair,
            self.hair_depth,
            TAPS[: 7 if softness > 0 else 1] * np.float32(0.7 + 3.0 * softness),
            np.float32(bias),
            out,
        )
        return out


@njit(cache=True, nogil=True)
def _lit(
    points: Any,
    axes: Any,
    centre: Any,
    pixel: Any,
    depth: Any,
    hair: Any,
    hair_depth: Any,
    taps: Any,
    bias: Any,
    out: Any,
) -> None:
    size = depth.shape[0]
    half = np.float32(0.5) * (size - 1) + np.float32(0.5)
    for i in range(points.shape[0]):
        x, y, z = points[i, 0] - centre[0], points[i, 1] - centre[1], points[i, 2] - centre[2]
        u = (x * axes[0, 0] + y * axes[1, 0] + z * axes[2, 0]) * pixel + half
        v = (x * axes[0, 1] + y * axes[1, 1] + z * axes[2, 1]) * pixel + half
        height = x * axes[0, 2] + y * axes[1, 2] + z * axes[2, 2]
        total = np.float32(0.0)
        for t in range(taps.shape[0]):
            column = min(max(int(u + taps[t, 0]), 0), size - 1)
            row = min(max(int(v + taps[t, 1]), 0), size - 1)
            light = 1 - min(max((depth[row, column] - height - bias) / np.float32(3.0), np.float32(0.0)), np.float32(1.0))
            if light > 0 and hair[row, column] > 0:
                behind = min(max((hair_depth[row, column] - height - 2) / np.float32(10.0), np.float32(0.0)), np.float32(1.0))
                light *= np.exp(-hair[row, column] * behind)
            total += light
        out[i] = total / taps.shape[0]
