"""Points that a published network sees, blended with points that people annotated, before a fit.

Annotated points of real pictures often mean something else than a benchmark's points (a visible contour instead of the 3D
jaw line, say), and hidden ones have no position at all. A network that was trained in the benchmark's own style has every
point, but with its own errors. The blend takes from people where this face differs from the average of faces turned like
it, and from the network what the average means.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Reals
from morph.errors import MorphError
from morph.fitting.contour import JAW
from morph.fitting.landmark_sets import LandmarkSet
from morph.fitting.landmarks import fit_landmarks
from morph.fitting.options import FitOptions
from morph.model.morphable_model import MorphableModel
from morph.model.rotation import matrix_to_euler
from morph.npz import read_npz

CENTRES = np.arange(-90.0, 91.0, 15.0)  # degrees of yaw at which the difference of styles is averaged
WIDTH = 12.0  # degrees, standard deviation of the average about each
DEPTH_WEIGHT = 0.5
MOST = 0.08  # of the face's size: an annotation farther from the network's point than this says that one of them failed


def read_weak_labels(path: str | os.PathLike[str], data: LandmarkSet) -> Reals:
    """``pts68 (N, 68, 3)`` of an npz with ``name``, in the rows of ``data``: pixels, depth in pixels, larger nearer.

    Raises:
        MorphError: not such a file, points that are not finite, or a picture of the set that it lacks.
    """
    path = Path(path)
    arrays = read_npz(path, "an npz with name and pts68", "weak labels are one")
    lacking = [key for key in ("name", "pts68") if key not in arrays]
    if lacking:
        raise MorphError(f"{path} has no {lacking[0]}; weak labels are an npz with name (N,) and pts68 (N, 68, 3)")
    names, points = arrays["name"].astype(str), arrays["pts68"].astype(np.float32)
    if points.shape != (len(names), 68, 3) or not np.isfinite(points).all():
        raise MorphError(f"{path}: pts68 must be finite and ({len(names)}, 68, 3), got {points.shape}")
    place = {name: row for row, name in enumerate(names.tolist())}
    missing = [name for name in data.names.tolist() if name not in place]
    if missing:
        raise MorphError(f"{path} has no points of {missing[0]} and {len(missing) - 1} others of {data.folder}")
    return points[[place[name] for name in data.names.tolist()]]


def blend_weak_labels(
    data: LandmarkSet, weak: Reals, model: MorphableModel, *, share: float = 0.65, jaw_share: float = 0.4
) -> LandmarkSet:
    """The set with three-dimensional points that have all a position.

    Args:
        data: annotated points; those of weight 0 are not used.
        weak: ``(N, 68, 3)`` of the network, see :func:`read_weak_labels`.
        model: gives yaw and roll of each face, by a fit to ``weak``.
        share: of the annotation in the blend of inner points, 0..1.
        jaw_share: of the annotation in the blend of jaw points, 0..1.

    Returns:
        points ``(N, 68, 3)``, weights ``(N, 68, 3)``.

    Raises:
        MorphError: a share outside 0..1.
    """
    if not (0 <= share <= 1 and 0 <= jaw_share <= 1):
        raise MorphError(f"shares of annotations must lie in 0..1, got {share} and {jaw_share}")
    rotation = fit_landmarks(model, weak, options=FitOptions("fixed")).coefficients.rotation
    yaw = np.degrees(matrix_to_euler(rotation)[:, 1])
    size = np.sqrt(np.prod(np.ptp(weak[..., :2], axis=1), axis=1))
    up = rotation[:, 0, 1] + 1j * rotation[:, 1, 1]
    turn = (size * up / (1j * np.abs(up)))[:, None]  # an upright face of size 1 to this one, y up
    seen = data.weights > 0
    difference = np.where(seen[..., None], data.points - weak[..., :2], 0.0)
    upright = (difference[..., 0] - 1j * difference[..., 1]) / turn
    usual = style_difference(upright, seen, yaw)
    own = (upright - usual) * turn
    near = seen & (np.abs(upright - usual) < MOST)
    part = np.where(near, share, 0.0)
    part[:, :JAW] *= jaw_share / share if share else 0.0
    points = weak.copy()
    points[..., 0] += part * own.real
    points[..., 1] -= part * own.imag
    weights = np.ones(points.shape, np.float32)
    weights[..., 2] = DEPTH_WEIGHT
    return dataclasses.replace(data, points=points, weights=weights)


def style_difference(difference: npt.NDArray[np.complexfloating[Any]], seen: Bools, yaw: Reals) -> npt.NDArray[np.complex128]:
    """What the difference of two styles usually is for faces turned like each: a robust mean over yaw.

    Args:
        difference: ``(N, 68)`` x + iy of upright faces, in shares of the face's size.
        seen: ``(N, 68)`` where there is one.
        yaw: ``(N,)`` degrees.

    Returns:
        ``(N, 68)``, interpolated between centres 15 degrees apart.
    """
    table = np.zeros((len(CENTRES), difference.shape[1]), np.complex128)
    for row, centre in enumerate(CENTRES):
        weight = np.exp(-0.5 * ((yaw - centre) / WIDTH) ** 2)[:, None] * seen + 1e-12
        mean = np.zeros(difference.shape[1], np.complex128)
        for _ in range(4):
            robust = weight / np.maximum(np.abs(difference - mean), 0.02)
            mean = (robust * difference).sum(0) / robust.sum(0)
        table[row] = mean
    place = np.clip((yaw - CENTRES[0]) / (CENTRES[1] - CENTRES[0]), 0, len(CENTRES) - 1.001)
    low = place.astype(int)
    part = (place - low)[:, None]
    return np.asarray((1 - part) * table[low] + part * table[low + 1])
