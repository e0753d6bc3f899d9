"""Head shapes against the truth: of single pictures, and of persons whose pictures are pooled as the tracker does."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.inference.face_reader import score_of
from morph.model.decoder import Decoder
from morph.model.morphable_model import MorphableModel
from morph.tracking.smoothing.face_smoother import IdentityPool


def pooled_shape_error(
    model: MorphableModel, got: Reals, want: Reals, group: npt.NDArray[np.integer[Any]], expected: Reals | None = None
) -> tuple[float, float]:
    """:func:`shape_error` of persons, each with the mean of the shapes that were predicted in all their pictures.

    Args:
        model: of the shapes.
        got: ``(N, S)`` predicted shapes.
        want: ``(N, S)`` true shapes.
        group: ``(N,)`` number of the person.
        expected: ``(N,)`` landmark errors that the network expects, as shares of the crop's side: pictures weigh as frames do
            in :class:`morph.tracking.smoothing.face_smoother.IdentityPool`. None: all alike.

    Returns:
        Mean error of the persons and that of the model's mean head; NaN where every person has one picture.
    """
    persons = np.unique(group)
    if len(persons) == len(group):
        return float("nan"), float("nan")
    scores = np.ones(len(got)) if expected is None else [score_of(error) for error in expected]
    mine, true = [], []
    for person in persons:
        pool, rows = IdentityPool(), np.flatnonzero(group == person)
        pooled = [pool.add(got[row], scores[row]) for row in rows]
        mine.append(pooled[-1])
        true.append(want[rows[0]])
    return shape_error(model, np.stack(mine), np.stack(true))


def shape_error(model: MorphableModel, got: Reals, want: Reals, *, chunk: int = 64) -> tuple[float, float]:
    """Mean vertex error in the model's unit of ``(N, S)`` identities after rigid alignment, and that of the model's mean."""
    face = model.vertex_masks.get("face")
    rows = np.flatnonzero(face > 0.5) if face is not None else np.arange(model.n_vertices)
    decoder = Decoder(model, rows[:: max(len(rows) // 1500, 1)])
    none = np.zeros((1, model.n_expression), np.float32)
    mean = decoder(np.zeros((1, model.n_shape), np.float32), none)
    mine, others = [], []
    for start in range(0, len(got), chunk):
        part = slice(start, start + chunk)
        true = decoder(want[part], np.repeat(none, len(want[part]), 0))
        mine.append(_rigid_error(decoder(got[part], np.repeat(none, len(got[part]), 0)), true))
        others.append(_rigid_error(np.repeat(mean, len(true), 0), true))
    return float(np.concatenate(mine).mean()), float(np.concatenate(others).mean())


def _rigid_error(moved: Reals, fixed: Reals) -> Reals:
    """``(N,)`` mean distance of ``(N, V, 3)`` points after the rotation and shift that bring them closest (Kabsch)."""
    a, b = (p - p.mean(1, keepdims=True) for p in (moved.astype(np.float64), fixed.astype(np.float64)))
    u, _, vt = np.linalg.svd(np.einsum("nvi,nvj->nij", a, b))
    sign = np.ones((len(a), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    return np.asarray(np.linalg.norm(a @ (u * sign[:, None, :] @ vt) - b, axis=2).mean(1))
