"""Expressions that keep the landmarks of a first look: two networks see one face, and each is asked for what it knows best."""

from __future__ import annotations

import numpy as np

from morph.arrays import Reals
from morph.model import Coefficients, Decoder
from morph.model.ibug68 import LOWER_LIDS, UPPER_LIDS

NOISE = 16.0  # model's unit (mm): how far off a landmark of the first look may be in each direction
LID_NOISE = 4.0  # the same of the lids, of which a point's error is smaller
SPREAD = 0.08  # how far off a weight of the expression network may be; only the ratio of the two counts


class LandmarkAgreement:
    """Moves expressions that a network read as little as it takes towards the 68 landmarks that a first look saw.

    A first look places lips, brows and jaw well, because its shape, expression and pose were learned together; which expression
    that is, another network knows better. Of all expressions the likeliest is taken if landmarks and weights were off by
    independent errors of the size of ``NOISE``, ``LID_NOISE`` and ``SPREAD``, chosen on held-out renders. It is one product
    with a matrix.

    Args:
        landmarks: decoder of the 68 landmarks of a model in millimetres.
    """

    def __init__(self, landmarks: Decoder) -> None:
        model = landmarks.model
        self._landmarks = landmarks
        neutral = np.zeros((1, model.n_shape), np.float32)
        moves = landmarks(np.repeat(neutral, model.n_expression, 0), np.eye(model.n_expression, dtype=np.float32))
        moves = _centred(moves - landmarks(neutral, np.zeros((1, model.n_expression), np.float32)))
        by_z = moves.reshape(model.n_expression, -1).astype(np.float64)  # of one standard deviation
        noise = np.full((68, 3), NOISE)
        noise[[*UPPER_LIDS, *LOWER_LIDS]] = LID_NOISE
        known = by_z / noise.reshape(-1) ** 2
        held = known @ by_z.T + np.diag((model.expression_std.astype(np.float64) / SPREAD) ** 2)
        self._gain = np.linalg.solve(held, known).astype(np.float32)

    def __call__(self, read: Reals, seen: Coefficients, shape: Reals) -> Reals:
        """Expressions ``(N, E)`` as z-scores.

        Args:
            read: ``(N, E)`` by the expression network.
            seen: of the first look at N faces; its shape and expression say where the landmarks are.
            shape: ``(N, S)`` that the expressions will be used with.
        """
        missing = self._landmarks(seen.shape, seen.expression) - self._landmarks(shape, read)
        return np.asarray(read + _centred(missing).reshape(len(read), -1) @ self._gain.T, np.float32)


def _centred(points: Reals) -> Reals:
    """``(N, 68, 3)`` about their middle: a shift belongs to the pose."""
    return np.asarray(points - points.mean(1, keepdims=True))
