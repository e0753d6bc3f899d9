"""A small mirror-symmetric morphable model for tests that need no particular face."""

from __future__ import annotations

import numpy as np

from morph.model import MorphableModel


def toy_model(n_shape: int = 4, n_expression: int = 3, seed: int = 0) -> MorphableModel:
    """A head-sized cloud of 68 landmarks, symmetric about x = 0 in iBUG order; modes are even or odd under mirroring."""
    from morph.model.ibug68 import MIRRORED_68

    rng = np.random.default_rng(seed)
    flip = np.array([-1.0, 1.0, 1.0])

    def symmetric(sign: float) -> np.ndarray:
        free = rng.normal(size=(68, 3))
        return (free + sign * free[MIRRORED_68] * flip) / 2

    mean = 40 * symmetric(1.0) + np.array([0.0, 0.0, 30.0]) * (np.abs(np.arange(68) - 30) < 6)[:, None]
    mean = (mean + mean[MIRRORED_68] * flip) / 2
    signs = np.where(np.arange(n_shape + n_expression) % 2, -1.0, 1.0)
    modes = np.stack([4 * symmetric(sign) for sign in signs], axis=-1)
    return MorphableModel(
        name="toy",
        unit="mm",
        licence="CC0-1.0",
        mean=mean,
        shape_basis=modes[..., :n_shape],
        expression_basis=modes[..., n_shape:],
        shape_std=np.ones(n_shape),
        expression_std=np.full(n_expression, 0.5),
        triangles=np.stack([np.arange(66), np.arange(1, 67), np.arange(2, 68)], axis=1),
        landmarks=np.arange(68),
        vertex_mirror=MIRRORED_68,
        shape_mirror=signs[:n_shape],
    )
