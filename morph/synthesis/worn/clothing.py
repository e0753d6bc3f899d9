"""Clothes on the shoulders: a neckline, a fabric and its folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles, Floats
from morph.rendering.colour import decode_gamma
from morph.synthesis.arrays.noise import sample
from morph.synthesis.person.anatomy import Anatomy


@dataclass(frozen=True, eq=False)
class Clothes:
    """A garment; ``kind`` is the neckline."""

    kind: str
    height: float
    colours: Doubles
    pattern: str
    scale: float
    offset: Doubles


def sample_clothes(rng: np.random.Generator) -> Clothes:
    """Draw a garment."""
    kind = str(rng.choice(["crew", "vee", "high", "wide", "bare"], p=[0.36, 0.26, 0.2, 0.13, 0.05]))
    level = rng.choice([rng.uniform(0.03, 0.2), rng.uniform(0.2, 0.7), rng.uniform(0.7, 0.95)], p=[0.4, 0.35, 0.25])
    colours = decode_gamma(np.clip(level + rng.normal(0, 0.12, (2, 3)) * rng.choice([0.15, 1.4]), 0.02, 0.95))
    pattern = str(rng.choice(["plain", "stripes", "checks", "print"], p=[0.66, 0.12, 0.1, 0.12]))
    return Clothes(kind, float(rng.normal(0, 6)), colours, pattern, float(rng.uniform(0.15, 0.6)), rng.uniform(0, 512, 2))


def edge(anatomy: Anatomy, clothes: Clothes) -> tuple[Floats, Floats]:
    """Azimuths (degrees) and heights (y of the mean) of the garment's edge."""
    line = np.array(
        {
            "crew": [-62, -60, -52, -38, -34],
            "vee": [-115, -78, -52, -36, -30],
            "high": [-34, -34, -32, -28, -22],
            "wide": [-95, -92, -86, -58, -52],
            "bare": [-400, -400, -400, -400, -400],
        }[clothes.kind],
        np.float32,
    )
    return np.array([0, 25, 60, 110, 180], np.float32), line + np.float32(anatomy.landmarks[8, 1] + clothes.height)


def covered(anatomy: Anatomy, points: Floats, clothes: Clothes, azimuth: Floats) -> Floats:
    """How many mm below the garment's edge points of the mean lie (negative: bare); ``azimuth`` is theirs in degrees."""
    return (np.interp(np.abs(azimuth), *edge(anatomy, clothes)) - points[:, 1]).astype(np.float32)


def dress(anatomy: Anatomy, vertices: Floats, normals: Floats, below: Floats) -> Floats:
    """Vertices of the shoulders pushed outward by the thickness of the cloth; ``below`` is :func:`covered` of the mean."""
    thick = np.clip(below / 4 + 0.5, 0, 1) * 3.5 + np.clip((below - 10) / 60, 0, 1) * 5
    rows = np.flatnonzero(thick > 0)
    out = vertices.copy()
    out[rows] += normals[rows] * thick[rows, None]
    return np.asarray(out)


def fabric(clothes: Clothes, points: Floats) -> tuple[Floats, Floats]:
    """Albedo ``(N, 3)`` and bend of the normals ``(N, 2)`` of the fabric at points of the mean."""
    u, v = points[:, 0] + clothes.offset[0], points[:, 1] + 0.5 * points[:, 2] + clothes.offset[1]
    s = clothes.scale
    if clothes.pattern == "stripes":
        mix = (np.sin(v * s) > 0.2).astype(float)
    elif clothes.pattern == "checks":
        mix = 0.5 * (np.sin(v * s) > 0) + 0.5 * (np.sin(u * s) > 0)
    elif clothes.pattern == "print":
        mix = (sample(2, u * s * 4, v * s * 4) > 0.4).astype(float)
    else:
        mix = np.zeros(len(points))
    albedo = clothes.colours[0] + (clothes.colours[1] - clothes.colours[0]) * mix[:, None]
    albedo = albedo * np.clip(1 + 0.06 * sample(0, u * 4, v * 4), 0.5, 1.5)[:, None]
    bend = 0.28 * np.stack([sample(3, u * 1.3, v * 0.7), sample(3, u * 0.7 + 200, v * 1.3)], 1)
    return albedo.astype(np.float32), bend.astype(np.float32)
