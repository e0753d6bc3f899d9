"""Logarithm and exponential of rotations: between matrices and axis-angle vectors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def rotation_log(rotation: npt.ArrayLike) -> Floats:
    """``(..., 3)`` axis times angle (radians, 0..pi) of ``(..., 3, 3)`` rotations; a quarter turn about z is (0, 0, pi/2)."""
    r = np.asarray(rotation, np.float64)
    twice_sine = np.stack([r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]], axis=-1)
    diagonal = np.stack([r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]], axis=-1)
    sine = np.linalg.norm(twice_sine, axis=-1) / 2
    cosine = (diagonal.sum(-1) - 1) / 2
    angle = np.arctan2(sine, cosine)
    small = sine < 1e-7
    out = twice_sine * (np.where(small, 1.0, angle) / np.where(small, 2.0, 2 * sine))[..., None]
    half = small & (cosine < 0)
    if half.any():  # near a half turn the axis comes from (R + 1) / 2 = axis axis^T
        square = (r + np.eye(3)) / 2
        column = np.argmax(diagonal, axis=-1)
        axis = np.take_along_axis(square, column[..., None, None], axis=-1)[..., 0]
        axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
        out = np.where(half[..., None], axis * angle[..., None], out)
    return out


def rotation_exp(vector: npt.ArrayLike) -> Floats:
    """``(..., 3, 3)`` rotations by ``(..., 3)`` axis times angle in radians (Rodrigues' formula), the inverse of the log."""
    v = np.asarray(vector, np.float64)
    angle = np.linalg.norm(v, axis=-1)
    cross = np.zeros((*v.shape[:-1], 3, 3))
    cross[..., 2, 1], cross[..., 0, 2], cross[..., 1, 0] = v[..., 0], v[..., 1], v[..., 2]
    cross -= np.swapaxes(cross, -1, -2)
    first = np.sinc(angle / np.pi)[..., None, None]
    second = (np.sinc(angle / (2 * np.pi)) ** 2 / 2)[..., None, None]  # (1 - cos a) / a^2
    return np.eye(3) + first * cross + second * (cross @ cross)
