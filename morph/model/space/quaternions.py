"""Rotations as quaternions x, y, z, w: from and to matrices, along a motion, and between its rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles
from morph.model.rotation import rotation_exp, rotation_log


def quaternions_of(rotation: npt.ArrayLike) -> Doubles:
    """``(..., 4)`` x, y, z, w of unit length, w not negative, of ``(..., 3, 3)`` rotations; accurate at any angle.

    Example:
        >>> quaternions_of([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).round(4)  # a quarter turn about z
        array([0.    , 0.    , 0.7071, 0.7071])
    """
    r = np.asarray(rotation, np.float64)
    x, y, z = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    a, b, c = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    d, e, f = r[..., 0, 1] + r[..., 1, 0], r[..., 0, 2] + r[..., 2, 0], r[..., 1, 2] + r[..., 2, 1]
    # Each row is the quaternion times four of its own numbers; that of the largest loses no digits.
    rows = [[1 + x - y - z, d, e, a], [d, 1 - x + y - z, f, b], [e, f, 1 - x - y + z, c], [a, b, c, 1 + x + y + z]]
    table = np.stack([np.stack(row, -1) for row in rows], -2)
    best = np.argmax(np.stack([x, y, z, x + y + z], -1), -1)
    found = np.take_along_axis(table, best[..., None, None], -2)[..., 0, :]
    found = found / np.linalg.norm(found, axis=-1, keepdims=True)
    return np.asarray(found * np.where(found[..., 3:] < 0, -1.0, 1.0))


def matrices_of(quaternions: npt.ArrayLike) -> Doubles:
    """``(..., 3, 3)`` rotations of ``(..., 4)`` x, y, z, w of any length but 0."""
    q = np.asarray(quaternions, np.float64)
    x, y, z, w = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def quaternions_along(rotation: Doubles) -> Doubles:
    """``(T, 4)`` of ``(T, 3, 3)``; neighbours lie on the same side, so that nothing turns the long way round."""
    turns = quaternions_of(rotation)
    flips = np.sign(np.einsum("ti,ti->t", turns[1:], turns[:-1]))
    turns[1:] *= np.cumprod(np.where(flips < 0, -1.0, 1.0))[:, None]
    return turns


def turns_between(when: npt.ArrayLike, rotation: Doubles, asked: npt.ArrayLike) -> Doubles:
    """``(N, 3, 3)`` rotations at other moments, the shortest way and at an even speed from one to the next (slerp).

    Args:
        when: ``(T,)`` growing, of ``rotation``.
        rotation: ``(T, 3, 3)``.
        asked: ``(N,)`` from the first to the last of ``when``.
    """
    times, moments = np.asarray(when, np.float64), np.asarray(asked, np.float64)
    before = np.clip(np.searchsorted(times, moments, side="right") - 1, 0, len(times) - 2)
    share = (moments - times[before]) / (times[before + 1] - times[before])
    steps = rotation_log(rotation[1:] @ np.swapaxes(rotation[:-1], 1, 2))
    return np.asarray(rotation_exp(share[:, None] * steps[before]) @ rotation[before])
