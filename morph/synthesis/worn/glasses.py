"""Spectacles and sunglasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles, Floats
from morph.model.ibug68 import EYES, LEFT_EYE, RIGHT_EYE
from morph.rendering.colour import decode_gamma
from morph.synthesis.person.anatomy import Anatomy


@dataclass(frozen=True, eq=False)
class Glasses:
    """Frames and lenses in the frame of the model.

    Attributes:
        frame: ``(n, m, 3)`` polylines: rims, bridge, temples.
        lenses: ``(2, k, 3)`` outlines.
        colour: ``(3,)`` linear albedo of the frame.
        width: of the frame, mm.
        tint: ``(3,)`` what of the light passes the lenses.
        mirror: how strongly the lenses mirror.
    """

    frame: Floats
    lenses: Floats
    colour: Doubles
    width: float
    tint: Doubles
    mirror: float


def sample_glasses(rng: np.random.Generator, anatomy: Anatomy, vertices: Floats) -> Glasses | None:
    """Draw glasses for a head with ``vertices`` ``(V, 3)``, or none (four in five)."""
    if rng.random() > 0.2:
        return None
    lm = vertices[anatomy.model.landmarks].astype(np.float64)
    sun = rng.random() < 0.4
    bridge = lm[27] * 0.6 + lm[28] * 0.4
    reach = max(lm[list(EYES), 2].max() + 9.0, bridge[2] + 1.5)
    angle = np.linspace(0, 2 * np.pi, 40)
    power = rng.uniform(2.0, 5.5)
    high = rng.uniform(19, 27) if sun else rng.uniform(13, 23)
    wide = rng.uniform(25, 29) if sun else rng.uniform(22, 27)
    low = rng.uniform(0.8, 1.2)
    lenses = []
    for eye, side in ((lm[list(LEFT_EYE)].mean(0), 1.0), (lm[list(RIGHT_EYE)].mean(0), -1.0)):
        c, s = np.cos(angle), np.sin(angle)
        x = np.sign(c) * np.abs(c) ** (2 / power) * wide
        y = np.sign(s) * np.abs(s) ** (2 / power) * high * np.where(s < 0, low, 1.0)
        y = y + 0.10 * side * x * rng.uniform(-0.5, 1) * (1 if sun else 0.4)
        px = eye[0] + side * 1.0 + x
        px = side * np.maximum(side * px, 7.5)
        lenses.append(np.stack([px, eye[1] - 3.0 + y, reach - 0.0035 * px**2], 1))
    lenses_ = np.stack(lenses)
    m = len(angle)
    ends = [lenses_[0][lenses_[0][:, 0].argmax()], lenses_[1][lenses_[1][:, 0].argmin()]]
    inner = [lenses_[0][(m // 2)], lenses_[1][0]]
    arch = np.linspace(inner[0], inner[1], m) + np.array([0, 3.0, 1.5]) * np.sin(np.linspace(0, np.pi, m))[:, None]
    temples = []
    for end, ear, side in ((ends[0], lm[16], 1.0), (ends[1], lm[0], -1.0)):
        t = np.linspace(0, 1, m)[:, None]
        goal = np.array([ear[0] + side * 7, max(ear[1], end[1] - 8), ear[2] - 22])
        temples.append(end * (1 - t) + goal * t + np.array([side * 3.0, 0, 0]) * np.sin(np.pi * t))
    thin = rng.random() < 0.4
    colour = (
        decode_gamma(rng.uniform(0.02, 0.18) * np.ones(3)) if rng.random() < 0.65 else decode_gamma(rng.uniform(0.05, 0.75, 3))
    )
    dark = np.exp(-rng.uniform(1.6, 4.0)) if sun else 1.0
    tint = dark * (decode_gamma(np.clip(0.9 + rng.normal(0, 0.12, 3), 0.4, 1)) if sun else np.full(3, 0.96))
    rimless = not sun and rng.random() < 0.12
    frame = [arch, *temples] if rimless else [*lenses_, arch, *temples]
    return Glasses(
        np.stack(frame).astype(np.float32),
        lenses_.astype(np.float32),
        colour,
        float(rng.uniform(0.8, 1.4) if thin else rng.uniform(1.8, 4.2)),
        tint,
        float(rng.uniform(0.3, 1.0) if sun else rng.uniform(0.0, 0.5)),
    )
