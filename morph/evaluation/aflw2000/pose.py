"""Errors of head pose in degrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.model.rotation import angle_between, euler_to_matrix, matrix_to_euler

LIMIT = 99.0  # degrees; the custom on AFLW2000-3D is to leave faces with a larger angle out of the Euler errors


def nearest_euler(rotation: npt.ArrayLike, reference: npt.ArrayLike) -> Reals:
    """The one of a rotation's two sets of Euler angles that is nearest to a reference; differences lie in ±180°.

    Args:
        rotation: ``(..., 3, 3)``.
        reference: ``(..., 3)`` pitch, yaw, roll in radians.

    Returns:
        ``(..., 3)`` pitch, yaw, roll in radians, possibly beyond ±pi.
    """
    first, reference = matrix_to_euler(np.asarray(rotation, np.float64)), np.asarray(reference, np.float64)
    second = np.stack([first[..., 0] + np.pi, np.pi - first[..., 1], first[..., 2] + np.pi], axis=-1)

    def near(angles: Reals) -> Reals:
        return np.asarray(reference + np.remainder(angles - reference + np.pi, 2 * np.pi) - np.pi)

    first, second = near(first), near(second)
    closer = np.abs(second - reference).sum(-1) < np.abs(first - reference).sum(-1)
    return np.where(closer[..., None], second, first)


def pose_errors(rotation: npt.ArrayLike, angles: npt.ArrayLike) -> dict[str, Any]:
    """How far predicted rotations are from the labels' Euler angles.

    Args:
        rotation: ``(N, 3, 3)`` predicted; NaN for a face not found, which is left out here and counted elsewhere.
        angles: ``(N, 3)`` pitch, yaw, roll in radians (first three of ``Pose_Para``).

    Returns:
        Degrees: mean absolute yaw, pitch and roll error and their mean, over the faces whose labels lie within
        ±:data:`LIMIT` (``faces`` of them); their signed means (``bias``: another model's rest pose shows up there); the
        mean geodesic angle over all faces, and that after the best constant turn of the model is taken out.

    Raises:
        MorphError: shapes that do not go together.
    """
    turns, labels = np.asarray(rotation, np.float64), np.asarray(angles, np.float64)
    if turns.shape != (len(labels), 3, 3) or labels.shape[1:] != (3,):
        raise MorphError(f"rotations must be (N, 3, 3) and angles (N, 3), got {turns.shape} and {labels.shape}")
    found = np.isfinite(turns).all(axis=(1, 2))
    turns, labels = turns[found], labels[found]
    truth = euler_to_matrix(labels)
    inside = (np.abs(np.degrees(labels)) <= LIMIT).all(1)
    if not inside.any():
        raise MorphError("no face with a found pose and labels within range; there is no pose error to give")
    error = np.degrees(nearest_euler(turns, labels) - labels)[inside]
    pitch, yaw, roll = np.abs(error).mean(0)
    turn = np.einsum("nji,njk->ik", turns, truth)
    u, _, vh = np.linalg.svd(turn)
    constant = u @ np.diag([1, 1, np.linalg.det(u @ vh)]) @ vh
    return {
        "yaw": float(yaw),
        "pitch": float(pitch),
        "roll": float(roll),
        "mean": float((yaw + pitch + roll) / 3),
        "bias": {name: float(error[:, i].mean()) for i, name in enumerate(("pitch", "yaw", "roll"))},
        "faces": int(inside.sum()),
        "geodesic": float(np.degrees(angle_between(turns, truth)).mean()),
        "geodesic_rest_pose_removed": float(np.degrees(angle_between(turns @ constant, truth)).mean()),
    }
