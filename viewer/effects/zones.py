"""Which part of the mesh is skin, and which is the face that can be exchanged: soft shares of the vertices."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Reals
from morph.errors import MorphError
from morph.model import MorphableModel
from morph.model.ibug68 import LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE, ring

NEEDED = ("face", "lips", "inner_mouth")


def check_zones(model: MorphableModel, effect: str) -> None:
    """See that the model says where its face is.

    Raises:
        MorphError: it does not.
    """
    missing = [name for name in NEEDED if name not in model.vertex_masks]
    if missing:
        raise MorphError(
            f"model {model.name!r} does not say where {missing[0]} is, which {effect} needs; use the default model"
        )


def skin_zone(model: MorphableModel) -> Floats:
    """``(V,)`` 1 on bare skin of the face, 0 on eyes, brows, lips, nostrils and scalp, soft between them."""
    unit = model.average_millimetre
    lips, mouth = (np.clip(model.vertex_masks[name], 0, 1) for name in ("lips", "inner_mouth"))
    out = _face(model, 48.0, 26.0) * (1 - lips) * (1 - mouth)
    marks = model.mean[model.landmarks]
    for contour in (marks[ring(RIGHT_EYE)], marks[ring(LEFT_EYE)]):
        out = out * _rise(_distance(model, contour) / unit, 3.0, 7.0) * _outside(model, contour)
    for brow in (marks[list(RIGHT_BROW)], marks[list(LEFT_BROW)]):
        out = out * _rise(_distance(model, brow) / unit, 4.0, 9.0)
    for nostril in (marks[[31, 32, 33]], marks[[33, 34, 35]]):
        out = out * _rise(_distance(model, nostril - np.array([0, 1.5 * unit, 0])) / unit, 2.0, 5.0)
    return np.asarray(out, np.float32)


def face_zone(model: MorphableModel) -> Floats:
    """``(V,)`` 1 on the face with brows and lips, 0 on eyeballs, in the mouth, and from the hairline on."""
    unit = model.average_millimetre
    out = _face(model, 42.0, 30.0) * (1 - np.clip(model.vertex_masks["inner_mouth"], 0, 1))
    marks = model.mean[model.landmarks]
    for contour in (marks[ring(RIGHT_EYE)], marks[ring(LEFT_EYE)]):
        out = out * _rise(_distance(model, contour) / unit, 1.0, 5.0) * _outside(model, contour)
    return np.asarray(out, np.float32)


def _face(model: MorphableModel, hairline: float, soft: float) -> Floats:
    """The model's own mask of the face, that ends ``hairline`` millimetres above the brows."""
    face = np.clip(model.vertex_masks["face"], 0, 1)
    skin = _rise(face, 0.5, 1.0)
    brows = model.mean[model.landmarks[17:27], 1].max()
    above = (model.mean[:, 1] - brows) / model.average_millimetre
    inside = np.ones(model.n_vertices, bool)
    if len(model.regions):
        inside[np.unique(model.triangles[model.regions != 0])] = False
    return np.asarray(skin * (1 - _rise(above, hairline - soft, hairline)) * inside, np.float32)


def _rise(values: npt.ArrayLike, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    share = np.clip((np.asarray(values, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _distance(model: MorphableModel, line: Reals) -> Floats:
    """``(V,)`` how far vertices of the mean head are from a line through ``(K, 3)`` points, in the model's unit."""
    best = np.full(model.n_vertices, np.inf, np.float32)
    for a, b in itertools.pairwise(line):
        along = np.clip((model.mean - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-9), 0, 1)
        best = np.minimum(best, np.linalg.norm(model.mean - a - along[:, None] * (b - a), axis=1))
    return best


def _outside(model: MorphableModel, contour: Reals) -> Floats:
    """``(V,)`` 0 within a closed contour seen from the front, 1 outside."""
    x, y = model.mean[:, 0], model.mean[:, 1]
    crossings = np.zeros(len(x), int)
    for a, b in itertools.pairwise(contour):
        between = (a[1] > y) != (b[1] > y)
        at = a[0] + (y - a[1]) / (b[1] - a[1] if b[1] != a[1] else 1.0) * (b[0] - a[0])
        crossings += between & (x < at)
    return np.asarray(crossings % 2 == 0, np.float32)
