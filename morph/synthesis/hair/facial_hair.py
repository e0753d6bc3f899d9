"""Lashes and the hairs of beards and moustaches."""

from __future__ import annotations

import numpy as np

from morph.arrays import Array, Floats
from morph.model.ibug68 import LEFT_UPPER_EDGE, RIGHT_UPPER_EDGE
from morph.synthesis.person.anatomy import FEATURES, Anatomy
from morph.synthesis.person.complexion import Complexion
from morph.synthesis.person.people import Person


def lashes(rng: np.random.Generator, anatomy: Anatomy, vertices: Floats, person: Person) -> Floats:
    """Upper lashes of both eyes, ``(n, 4, 3)`` in the frame of the model: they stand on the lid's edge and curl up."""
    count, length = 22, rng.uniform(4.5, 6.5) if person.masculine else rng.uniform(5.5, 9.0)
    marks = vertices[anatomy.model.landmarks]
    out = []
    for corners, eye, name in ((LEFT_UPPER_EDGE, 0, "Left"), (RIGHT_UPPER_EDGE, 1, "Right")):
        centre = vertices[anatomy.eyes[eye]].mean(0)
        t = np.sort(rng.uniform(0.02, 0.93, count)) * 3
        root = np.stack([np.interp(t, np.arange(4), marks[list(corners)][:, c]) for c in range(3)], 1)
        bulge = 0.8 * np.sin(np.pi * (t / 3))[:, None] * np.array([0, 1.0, 0.3])
        closed = person.weights.get(f"eyeBlink{name}", 0.0)
        outward = root + bulge - centre
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        fan = np.array([marks[corners[0]][0] - marks[corners[3]][0], 0, 0]) / 30 * (1 - t / 3 - 0.4)[:, None]
        direction = outward + fan + rng.normal(0, 0.08, (count, 3)) + np.array([0, -0.5 * closed, 0])
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        s = np.linspace(0, 1, 4)[None, :, None]
        size = length * (0.65 + 0.35 * (1 - t / 3))[:, None, None]
        curl = np.array([0, 0.55 - 0.75 * closed, 0])
        out.append((root + bulge)[:, None] + size * (direction[:, None] * s + curl * s**2))
    return np.concatenate(out).astype(np.float32)


def beard(rng: np.random.Generator, anatomy: Anatomy, vertices: Floats, normals: Floats, look: Complexion) -> Floats | None:
    """Hairs of beard and moustache, ``(n, 4, 3)`` in the frame of the model; None for a clean or stubbly chin."""
    if max(look.moustache, look.chin, look.jaw) <= 0.3:
        return None
    strength = np.zeros(len(vertices), np.float32)
    for name, amount in (("moustache", look.moustache), ("chin", look.chin), ("jaw", look.jaw)):
        strength = np.maximum(strength, amount * anatomy.features[:, FEATURES.index(name)])
    density = strength[anatomy.triangles].mean(1)
    rows = np.flatnonzero(density > 0.3)
    if not len(rows):
        return None
    corners = vertices[anatomy.triangles[rows]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) * density[rows]
    n = 2600
    pick = rows[np.searchsorted(np.cumsum(area) / area.sum(), rng.random(n)).clip(0, len(rows) - 1)]
    weight = rng.dirichlet([1, 1, 1], n).astype(np.float32)
    triangle = anatomy.triangles[pick]
    root = np.einsum("nk,nkc->nc", weight, vertices[triangle])
    normal = np.einsum("nk,nkc->nc", weight, normals[triangle])
    longest = rng.choice([rng.uniform(2, 6), rng.uniform(6, 14), rng.uniform(14, 45)], p=[0.5, 0.35, 0.15])
    length = longest * rng.uniform(0.5, 1.1, n) * np.clip(strength[triangle].mean(1), 0.3, 1)
    moustache = anatomy.features[triangle[:, 0], FEATURES.index("moustache")] > 0.3
    length = np.where(moustache, np.minimum(length, 8), length)
    side = np.sign(root[:, :1]) * np.where(moustache, 0.9, 0.0)[:, None] * np.array([1, 0, 0])
    comb = np.array([0, -1.0, 0.05]) + side + rng.normal(0, 0.3, (n, 3))
    s = np.linspace(0, 1, 4)[None, :, None]
    nodes: Array = root[:, None] + length[:, None, None] * (
        0.45 * normal[:, None] * s * (1.3 - 0.6 * s) + 0.8 * comb[:, None] * s**1.3
    )
    return np.asarray(nodes, np.float32)
