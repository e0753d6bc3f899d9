"""Expressions that keep the landmarks of a first look: two networks see one face, and each is asked for what it knows best."""

from __future__ import annotations

import numpy as np

from morph.arrays import Reals
from morph.model import Coefficients, Decoder
from morph.model.ibug68 import LOWER_LIDS, UPPER_LIDS

NOISE = 12.0  # model's unit (mm): how far off a landmark of the first look may be in each direction
GAP_NOISE = 2.0  # the same of how far the lids are apart, which experts have looked at closely
SPREAD = 0.08  # how far off a weight of the expression network may be; only the ratio of the three counts


class LandmarkAgreement:
    """Moves expressions that a network read as little as it takes towards the 68 landmarks that a first look saw.

    A first look places lips, brows and jaw well, because its shape, expression and pose were learned together; which expression
    that is, another network knows better. Of all expressions the likeliest is taken if landmarks, the gap of the lids and
    weights were off by independent errors of the size of ``NOISE``, ``GAP_NOISE`` and ``SPREAD``. It is one product with a
    matrix.

    Args:
        landmarks: decoder of the 68 landmarks of a model in millimetres.
    """

    def __init__(self, landmarks: Decoder) -> None:
        model = landmarks.model
        self._landmarks = landmarks
        neutral = np.zeros((1, model.n_shape), np.float32)
        moves = landmarks(np.repeat(neutral, model.n_expression, 0), np.eye(model.n_expression, dtype=np.float32))
        moves = moves - landmarks(neutral, np.zeros((1, model.n_expression), np.float32))  # of one standard deviation
        known = _observed(moves).astype(np.float64)
        held = known @ known.T + np.diag((model.expression_std.astype(np.float64) / SPREAD) ** 2)
        self._gain = np.linalg.solve(held, known).astype(np.float32)

    def __call__(self, read: Reals, seen: Coefficients, shape: Reals) -> Reals:
        """Expressions ``(N, E)`` as z-scores.

        Args:
            read: ``(N, E)`` by the expression network.
            seen: of the first look at N faces; its shape and expression say where the landmarks are.
            shape: ``(N, S)`` that the expressions will be used with.
        """
        missing = self._landmarks(seen.shape, seen.expression) - self._landmarks(shape, read)
        return np.asarray(read + _observed(missing) @ self._gain.T, np.float32)


def _observed(points: Reals) -> Reals:
    """``(N, 3 (68 + 8))`` of differences of ``(N, 68, 3)`` points: about their middle, for a shift belongs to the pose, and of
    lids from lid, each over its own error."""
    centred = (points - points.mean(1, keepdims=True)) / NOISE
    gaps = (points[:, UPPER_LIDS] - points[:, LOWER_LIDS]) / GAP_NOISE
    return np.asarray(np.concatenate([centred, gaps], 1).reshape(len(points), -1))
