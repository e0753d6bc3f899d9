"""The decoder of a subdivided model: decode the coarse one, then subdivide its vertices, as both are linear."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.compiled import compiled
from morph.errors import MorphError
from morph.model.decoder import Decoder
from morph.model.morphable_model import MorphableModel
from morph.model.subdivision import subdivision_weights


class SubdividedDecoder(Decoder):
    """Gives the vertices of ``Decoder(model)`` up to rounding, from a quarter of the numbers.

    Args:
        model: what ``morph.model.subdivision.subdivide`` made of ``coarse``.
        coarse: the model before its last subdivision.

    Raises:
        MorphError: ``model`` is not ``coarse`` once subdivided.
    """

    def __init__(self, model: MorphableModel, coarse: MorphableModel) -> None:
        weights = subdivision_weights(coarse)
        if weights.shape[0] != model.n_vertices or np.abs(weights.apply(coarse.mean) - model.mean).max() > 1e-3:
            raise MorphError(f"model {model.name!r} is not {coarse.name!r} subdivided once; use Decoder(model)")
        super().__init__(coarse)
        self.model, self.n_vertices, self._n_coarse = model, model.n_vertices, coarse.n_vertices
        self._weights = weights.values.astype(np.float32), weights.columns.astype(np.int32), weights.starts.astype(np.int32)

    def __call__(self, shape: npt.ArrayLike, expression: npt.ArrayLike) -> Floats:
        """See :meth:`Decoder.__call__`."""
        coarse = self.decode_rows(shape, expression)
        out = np.empty((len(coarse), self.n_vertices, 3), np.float32)
        for face, fine in zip(coarse.reshape(-1, self._n_coarse, 3), out, strict=True):
            _mix(*self._weights, face, fine)
        return out.reshape(*np.shape(shape)[:-1], self.n_vertices, 3)


@compiled
def _mix(weights: Any, columns: Any, starts: Any, coarse: Any, out: Any) -> None:
    """A sparse matrix, row by row, times ``(V, 3)`` points."""
    for row in range(len(starts) - 1):
        x, y, z = np.float32(0.0), np.float32(0.0), np.float32(0.0)
        for k in range(starts[row], starts[row + 1]):
            weight, column = weights[k], columns[k]
            x += weight * coarse[column, 0]
            y += weight * coarse[column, 1]
            z += weight * coarse[column, 2]
        out[row, 0], out[row, 1], out[row, 2] = x, y, z
