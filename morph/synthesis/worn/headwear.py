"""Caps, hats, beanies, head scarves and hoods: shells that stand off the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Array, Bools, Floats, Ints
from morph.rendering.colour import decode_gamma
from morph.synthesis.person.anatomy import Anatomy

KINDS = {"beanie": 0.3, "cap": 0.28, "hat": 0.17, "scarf": 0.17, "hood": 0.08}


@dataclass(frozen=True, eq=False)
class Garment:
    """A mesh of cloth in the frame of the model.

    Attributes:
        vertices, triangles: ``(N, 3)``, ``(F, 3)``; both sides are drawn.
        colour: ``(N, 3)`` linear albedo.
        hides: ``(A, B)`` bool: directions (azimuth, elevation) in which it covers hair.
    """

    vertices: Floats
    triangles: Ints
    colour: Floats
    hides: Bools


def sample_headwear(rng: np.random.Generator, anatomy: Anatomy, radius: Floats) -> Garment | None:
    """Draw what is worn on the head, if anything (one in seven).

    Args:
        rng: random numbers.
        anatomy: the head.
        radius: ``(A, B)`` distance of the person's skin from the skull's centre by azimuth and elevation.
    """
    if rng.random() > 0.14:
        return None
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    columns, rows = radius.shape
    azimuth = (np.arange(columns) + 0.5) / columns * 360 - 180
    front = np.exp(-((azimuth / 60) ** 2))
    ear = np.exp(-(((np.abs(azimuth) - 95) / 25) ** 2))
    brow = np.degrees(np.arctan2(anatomy.landmarks[19, 1] - anatomy.skull[1], anatomy.landmarks[19, 2] - anatomy.skull[2]))
    low = brow + rng.uniform(7, 22)
    back = rng.uniform(-25, -5)
    edge = {
        "beanie": low * front + (1 - front) * rng.uniform(-14, 5) - 0 * ear,
        "cap": low * front + (1 - front) * (2 + 8 * ear),
        "hat": low * front + (1 - front) * (4 + 8 * ear),
        "scarf": np.where(np.abs(azimuth) < rng.uniform(62, 74), low * front**0.25 + 3, -75),
        "hood": np.where(np.abs(azimuth) < rng.uniform(60, 80), low + 14, -70),
    }[kind]
    if kind in ("scarf", "hood"):
        window = np.degrees(np.arccos(np.clip(np.abs(azimuth) / rng.uniform(62, 76), 0, 1)))
        edge = np.where(window > 0, low * (window / 90) ** 0.3 - (1 - (window / 90) ** 0.35) * 95, -85)
    thick = {"beanie": rng.uniform(4, 9), "cap": 6, "hat": 8, "scarf": rng.uniform(4, 8), "hood": rng.uniform(10, 22)}[kind]
    smooth = _smooth(radius)
    v, t, elevation = _shell(anatomy, smooth, edge, thick, azimuth)
    up = np.clip((elevation - 35) / 40, 0, 1)
    centre = anatomy.skull
    if kind == "hat":
        v[:, 1] += up * rng.uniform(10, 40)
    elif kind == "beanie":
        v = centre + (v - centre) * (1 + (up * rng.uniform(0, 0.25))[:, None])
    colour = _colour(rng, v, elevation, azimuth)
    parts, faces, colours = [v], [t], [colour]
    if kind in ("cap", "hat"):
        bv, bt = _brim(rng, v[: len(azimuth)], azimuth, kind, anatomy)
        parts.append(bv)
        faces.append(bt + len(v))
        colours.append(np.broadcast_to(colour[: len(azimuth)].mean(0) * rng.uniform(0.6, 1.1), bv.shape))
    grid = ((np.arange(rows) + 0.5) / rows * 180 - 90)[None]
    hides = grid > (edge - 2)[:, None]
    if kind == "beanie":
        hides = hides & (np.abs(back) > 0)
    triangles = np.concatenate(faces)
    return Garment(
        np.concatenate(parts).astype(np.float32),
        np.concatenate([triangles, triangles[:, ::-1]]).astype(np.int32),
        np.concatenate(colours).astype(np.float32),
        hides,
    )


def _smooth(radius: Floats) -> Floats:
    out = radius.astype(np.float64)
    for _ in range(4):
        out = (np.roll(out, 1, 0) + np.roll(out, -1, 0) + 2 * out) / 4
        padded = np.pad(out, ((0, 0), (1, 1)), mode="edge")
        out = np.maximum((padded[:, :-2] + padded[:, 2:] + 2 * out) / 4, radius)
    return out.astype(np.float32)


def _shell(anatomy: Anatomy, radius: Floats, edge: Array, thick: float, azimuth: Array) -> tuple[Array, Array, Array]:
    columns, rows = radius.shape
    levels = 20
    t = np.linspace(0, 1, levels)[:, None]
    elevation = edge[None] + (89 - edge[None]) * t
    row = np.clip((elevation + 90) / 180 * rows - 0.5, 0, rows - 1.001)
    low = row.astype(int)
    column = np.broadcast_to(np.arange(columns), row.shape)
    r = radius[column, low] * (1 - row + low) + radius[column, np.minimum(low + 1, rows - 1)] * (row - low)
    r = r + thick * np.clip(0.35 + t * 6, 0, 1)
    a, e = np.radians(np.broadcast_to(azimuth, row.shape)), np.radians(elevation)
    v = anatomy.skull + r[..., None] * np.stack([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)], -1)
    return v.reshape(-1, 3), _grid(levels, columns), elevation.ravel()


def _grid(rows: int, columns: int) -> Array:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    quads = np.stack([a, b, b + columns, a + columns], -1).reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _brim(rng: np.random.Generator, rim: Array, azimuth: Array, kind: str, anatomy: Anatomy) -> tuple[Array, Array]:
    """A visor in front, or a brim all around."""
    outward: Array = rim - anatomy.skull
    outward[:, 1] = 0
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    if kind == "cap":
        width = rng.uniform(50, 75) * np.clip(np.cos(np.radians(azimuth * 1.25)), 0, None) ** 0.6 * (np.abs(azimuth) < 72)
        sideways = rng.uniform(-180, 180) if rng.random() < 0.08 else 0.0
        width = np.roll(width, round(sideways / 360 * len(azimuth)))
        outward = 0.45 * outward + 0.55 * np.array([np.sin(np.radians(sideways)), 0, np.cos(np.radians(sideways))])
        drop = rng.uniform(0.0, 0.45)
    else:
        width = np.full(len(azimuth), rng.uniform(20, 75))
        drop = rng.uniform(-0.2, 0.3)
    rings = [
        rim + (width * s)[:, None] * outward - np.array([0, 1, 0]) * (drop * width * s)[:, None] for s in np.linspace(0, 1, 4)
    ]
    return np.concatenate(rings), _grid(4, len(azimuth))


def _colour(rng: np.random.Generator, v: Array, elevation: Array, azimuth: Array) -> Array:
    level = rng.choice([rng.uniform(0.04, 0.25), rng.uniform(0.25, 0.9)])
    base = decode_gamma(np.clip(level + rng.normal(0, 0.13, (3, 3)), 0.02, 0.95))
    out = np.broadcast_to(base[0], v.shape).copy()
    kind = rng.choice(["plain", "ribs", "bands", "spots"], p=[0.5, 0.2, 0.2, 0.1])
    if kind == "ribs":
        out *= (1 + 0.25 * np.sin(np.tile(np.arange(len(azimuth)), len(v) // len(azimuth)) * np.pi * 0.9))[:, None]
    elif kind == "bands":
        band = np.sin(elevation / rng.uniform(4, 14)) > rng.uniform(-0.5, 0.7)
        out = np.where(band[:, None], base[1], out)
    elif kind == "spots":
        out = np.where(rng.random(len(v))[:, None] < 0.2, base[2], out)
    return np.asarray(out)
