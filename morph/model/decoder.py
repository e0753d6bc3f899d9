"""Coefficients to vertices, at run time, in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.errors import MorphError
from morph.model.coefficients import Coefficients
from morph.model.morphable_model import MorphableModel


class Decoder:
    """Decodes a model's vertices, or only those asked for, from z-scores.

    The modes lie in memory one after the other in float32, standard deviations folded in: a decode streams each once.

    Args:
        model: the morphable model.
        vertices: ``(K,)`` vertex indices; None decodes all V.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> decoder = Decoder(model)
        >>> decoder(np.zeros(model.n_shape), np.zeros(model.n_expression)).shape == (model.n_vertices, 3)
        True
    """

    def __init__(self, model: MorphableModel, vertices: npt.ArrayLike | None = None) -> None:
        rows = np.arange(model.n_vertices) if vertices is None else np.asarray(vertices)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise MorphError(f"vertices must be whole numbers (K,), got {rows.dtype} {rows.shape}")
        if rows.size and not 0 <= rows.min() <= rows.max() < model.n_vertices:
            raise MorphError(f"vertices must lie in 0..{model.n_vertices - 1}, got {rows.min()}..{rows.max()}")
        scaled = [model.shape_basis[rows] * model.shape_std, model.expression_basis[rows] * model.expression_std]
        self.model = model
        self.n_vertices = len(rows)
        modes = np.concatenate([*scaled, model.mean[rows][:, :, None]], axis=2).reshape(3 * len(rows), -1)
        self._modes = np.ascontiguousarray(modes.T)  # (S + E + 1, 3K): the mean is the last row, met by a constant 1

    def __call__(self, shape: npt.ArrayLike, expression: npt.ArrayLike) -> Floats:
        """Vertices ``(..., K, 3)`` in the model frame and unit from ``(..., S)`` and ``(..., E)`` z-scores.

        Raises:
            MorphError: a coefficient vector is not as long as the model's.
        """
        return self.decode_rows(shape, expression).reshape(*np.shape(shape)[:-1], self.n_vertices, 3)

    def decode_rows(self, shape: npt.ArrayLike, expression: npt.ArrayLike) -> Floats:
        """The same as ``(N, 3K)``, the batch and the vertices each in one axis."""
        shape, expression = np.asarray(shape, np.float32), np.asarray(expression, np.float32)
        for name, got, want in (
            ("shape", shape, self.model.n_shape),
            ("expression", expression, self.model.n_expression),
        ):
            if got.shape[-1:] != (want,):
                raise MorphError(f"{name} must have shape (..., {want}) for model {self.model.name!r}, got {got.shape}")
        batch = shape.shape[:-1]
        if expression.shape[:-1] != batch:
            raise MorphError(f"shape {shape.shape} and expression {expression.shape} are batches of different size")
        z = np.concatenate([shape, expression, np.ones((*batch, 1), np.float32)], axis=-1)
        flat = z.reshape(-1, len(self._modes))
        return np.asarray(
            (flat[0] @ self._modes)[None] if len(flat) == 1 else flat @ self._modes
        )  # a vector is faster than a batch of one

    def project(self, coefficients: Coefficients) -> Floats:
        """Vertices in pixels ``(..., K, 3)``: x right, y down, depth in pixels (larger is nearer)."""
        vertices = self(coefficients.shape, coefficients.expression)
        return coefficients.camera.project(vertices)  # type: ignore[return-value]


def landmark_decoder(model: MorphableModel) -> Decoder:
    """The decoder of a model's 68 landmarks alone.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> landmark_decoder(model)(np.zeros(model.n_shape), np.zeros(model.n_expression)).shape
        (68, 3)
    """
    return Decoder(model, model.landmarks)
