"""Coefficients to vertices, at run time, in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.model.coefficients import Coefficients
from morph.model.morphable_model import MorphableModel


class Decoder:
    """Decodes a model's vertices, or only those asked for, from z-scores.

    The modes lie in memory column by column (Fortran order) in float32: a decode then streams each mode once.

    Args:
        model: the morphable model.
        vertices: ``(K,)`` vertex indices; None decodes all V.
    """

    def __init__(self, model: MorphableModel, vertices: npt.ArrayLike | None = None) -> None:
        rows: object = slice(None) if vertices is None else np.asarray(vertices)
        mean = model.mean[rows]  # type: ignore[index]
        scaled = [model.shape_basis[rows] * model.shape_std, model.expression_basis[rows] * model.expression_std]  # type: ignore[index]
        self.model = model
        self.n_vertices = len(mean)
        self._mean = np.ascontiguousarray(mean.reshape(-1))
        self._modes = np.asfortranarray(np.concatenate(scaled, axis=2).reshape(self._mean.size, -1))

    def __call__(self, shape: npt.ArrayLike, expression: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Vertices ``(..., K, 3)`` in the model frame and unit from ``(..., S)`` and ``(..., E)`` z-scores.

        Raises:
            MorphError: a coefficient vector is not as long as the model's.
        """
        shape, expression = np.asarray(shape, np.float32), np.asarray(expression, np.float32)
        for name, got, want in (
            ("shape", shape, self.model.n_shape),
            ("expression", expression, self.model.n_expression),
        ):
            if got.shape[-1:] != (want,):
                raise MorphError(f"{name} must have shape (..., {want}) for model {self.model.name!r}, got {got.shape}")
        z = np.concatenate([shape, expression], axis=-1)
        flat = z.reshape(-1, z.shape[-1])
        out = (self._modes @ flat[0])[None] if len(flat) == 1 else (self._modes @ flat.T).T
        return (out + self._mean).reshape(*z.shape[:-1], self.n_vertices, 3)

    def project(self, coefficients: Coefficients) -> npt.NDArray[np.float32]:
        """Vertices in pixels ``(..., K, 3)``: x right, y down, depth in pixels (larger is nearer)."""
        vertices = self(coefficients.shape, coefficients.expression)
        return coefficients.camera.project(vertices)  # type: ignore[return-value]


def landmark_decoder(model: MorphableModel) -> Decoder:
    """The decoder of a model's 68 landmarks alone."""
    return Decoder(model, model.landmarks)
