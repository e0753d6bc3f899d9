"""Fit a morphable model to the points of many faces at once: its 68 landmarks, or any number of points of a table."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.fitting.contour import JAW, contour_lines
from morph.fitting.options import USUAL, FitOptions
from morph.fitting.point_table import PointTable
from morph.model.coefficients import Coefficients
from morph.model.decoder import landmark_decoder
from morph.model.morphable_model import MorphableModel
from morph.model.rotation import euler_to_matrix, matrix_to_euler, nearest_rotation

# Of a labeller's many points: what 478 of them together leave of a shape's prior, and z-scores.
DENSE = FitOptions(noise=0.014, shape_prior=1.0, expression_prior=0.36, negative_prior=0.08)


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit found.

    Attributes:
        coefficients: of all N faces.
        landmarks: ``(N, 68, D)`` the model's own 68 landmarks in pixels, jaw on the 3D jaw line, hidden ones too.
        matched: ``(N, P, D)`` the points that were compared with the input: jaw points moved to the outline.
        error: ``(N,)`` mean distance in the picture between ``matched`` and the input over points of positive weight, pixels.
    """

    coefficients: Coefficients
    landmarks: Reals
    matched: Reals
    error: Reals


def fit_landmarks(
    model: MorphableModel,
    points: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    options: FitOptions = USUAL,
    vertices: npt.NDArray[np.integer[Any]] | None = None,
) -> FitResult:
    """Pose, shape and expression of the most probable faces: Levenberg–Marquardt on robust residuals and a Gaussian prior.

    Args:
        model: any morphable model with 68 landmarks.
        points: ``(N, P, 2)`` pixels, y down, or ``(N, P, 3)`` with depth in pixels, larger nearer, from any origin; P is 68
            unless ``vertices`` says otherwise.
        weights: ``(N, P)`` or ``(N, P, D)``, none negative; 0 leaves a point out (it may then be NaN). None: all ones.
        options: noise, priors and effort.
        vertices: ``(P,)`` the points are these vertices of the model, none of them on the outline, instead of its landmarks.

    Raises:
        MorphError: shapes that do not fit, points that are not finite where they weigh, or a face with fewer than 4 points.
    """
    target, weight = _checked(points, weights, 68 if vertices is None else len(vertices))
    contour = options.contour
    if contour not in ("move", "fixed", "ignore"):
        raise MorphError(f"contour must be move, fixed or ignore, not {contour!r}")
    if vertices is not None:
        contour = "fixed"
    from morph.fitting.solver import Problem

    lines = contour_lines(model) if contour == "move" else None
    problem = Problem(model, lines, options, vertices)
    if contour == "ignore":
        weight = weight.copy()
        weight[:, :JAW] = 0.0
    if ((weight > 0).any(-1).sum(1) < 4).any():
        bad = int(np.argmax((weight > 0).any(-1).sum(1) < 4))
        raise MorphError(f"face {bad} has fewer than 4 landmarks of positive weight; leave it out")
    parts = []
    for start in range(0, len(target), options.chunk):
        rows = slice(start, start + options.chunk)
        mean = model.mean[model.landmarks if vertices is None else vertices]
        pose = _initial_pose(mean, target[rows], weight[rows], contour)
        parts.append(problem.solve(target[rows], weight[rows], pose, options.iterations))
    flat = [np.concatenate(column) for column in zip(*parts, strict=True)]
    shape, expression, rotation, scale, translation, matched = flat
    found = Coefficients(shape, expression, nearest_rotation(rotation), scale, translation[:, :2])
    landmarks = matched
    if contour != "fixed" or vertices is not None:
        landmarks = landmark_decoder(model).project(found)
        landmarks[..., 2] += translation[:, None, 2]
    seen = (weight[..., :2] > 0).any(-1)
    distance = np.where(seen, np.linalg.norm(matched[..., :2] - target[..., :2], axis=-1), 0.0)
    error = distance.sum(1) / np.maximum(seen.sum(1), 1)
    return FitResult(found, landmarks[..., : target.shape[2]], matched, error)


def fit_points(model: MorphableModel, points: npt.ArrayLike, weights: npt.ArrayLike | None, table: PointTable) -> FitResult:
    """Fit a model to a labeller's points, each of which weighs what it is worth at the face's yaw.

    Two rounds: the first, with the weights of a face seen from the front, says how far each face is turned.

    Args:
        model: that the table belongs to.
        points: ``(N, P, 2)`` pixels, y down.
        weights: ``(N, P)`` times what the table says; None: all ones.
        table: which vertices the points are.

    Raises:
        MorphError: as :func:`fit_landmarks`.
    """
    points = np.asarray(points, np.float32)
    given = np.ones(points.shape[:2], np.float32) if weights is None else np.asarray(weights, np.float32)
    first = fit_landmarks(
        model, points, given * table.weights(np.zeros(1)), dataclasses.replace(DENSE, iterations=8), table.vertices
    )
    yaw = np.degrees(matrix_to_euler(first.coefficients.rotation)[:, 1])
    return fit_landmarks(model, points, given * table.weights(yaw), DENSE, table.vertices)


def _checked(points: npt.ArrayLike, weights: npt.ArrayLike | None, count: int) -> tuple[Reals, Reals]:
    points = np.array(points, dtype=np.float32)
    if points.ndim != 3 or points.shape[1] != count or points.shape[2] not in (2, 3):
        raise MorphError(f"points must have shape (N, {count}, 2) or (N, {count}, 3), got {points.shape}")
    weights = np.ones(points.shape[:2], np.float32) if weights is None else np.asarray(weights, np.float32)
    if weights.shape == points.shape[:2]:
        weights = np.repeat(weights[..., None], points.shape[2], axis=2)
    if weights.shape != points.shape:
        raise MorphError(f"weights must have shape {points.shape[:2]} or {points.shape}, got {weights.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise MorphError("weights must be finite and none negative")
    wrong = ~np.isfinite(points) & (weights > 0)
    if wrong.any():
        face = int(np.argmax(wrong.any(axis=(1, 2))))
        raise MorphError(f"landmarks of face {face} are not finite; give such points weight 0 or leave the face out")
    return np.where(weights > 0, points, 0.0).astype(np.float32), weights.astype(np.float32)


def _initial_pose(mean: Reals, points: Reals, weights: Reals, contour: str) -> tuple[Reals, Reals, Reals]:
    """Rotation, scale and translation from the mean face, without jaw points where enough others are seen.

    For each of a grid of head turns the best roll, scale and shift are a similarity in the plane (closed form); the turn
    with the least residual wins. Unlike an affine fit this does not break down on profiles and on few points.
    """
    weight = weights[..., :2].min(-1).astype(np.float64)
    if contour != "fixed":
        inner = weight.copy()
        inner[:, :JAW] = 0.0
        enough = (inner > 0).sum(1) >= 12
        weight[enough] = inner[enough]
    empty = (weight > 0).sum(1) < 3
    weight[empty] = weights[empty].max(-1)
    weight = weight / weight.sum(1, keepdims=True)
    degrees = [(pitch, yaw, 0.0) for pitch in (-50, -25, 0, 25, 50) for yaw in range(-100, 101, 20)]
    turns = euler_to_matrix(np.radians(np.array(degrees)))
    mean = mean.astype(np.float64)
    flat = (mean @ turns.transpose(0, 2, 1))[..., :2] @ np.array([1.0, 1.0j])  # (G, 68) turned, as complex numbers, y up
    target = points[..., :2].astype(np.float64) @ np.array([1.0, -1.0j])
    origin = weight @ flat.T  # (N, G) weighted middles
    goal = (weight * target).sum(1)[:, None]
    cross = (weight * target) @ flat.conj().T - goal * origin.conj()
    spread = weight @ (np.abs(flat) ** 2).T - np.abs(origin) ** 2
    best = (np.abs(cross) ** 2 / np.maximum(spread, 1e-12 * spread.max())).argmax(1)
    rows = np.arange(len(target))
    similarity = cross[rows, best] / spread[rows, best]  # scale times exp(i roll)
    shift = goal[:, 0] - similarity * origin[rows, best]
    unit = similarity / np.abs(similarity)
    roll = np.zeros((len(target), 3, 3))
    roll[:, 2, 2] = 1.0
    roll[:, 0, 0] = roll[:, 1, 1] = unit.real
    roll[:, 1, 0], roll[:, 0, 1] = unit.imag, -unit.imag
    return roll @ turns[best], np.abs(similarity), np.stack([shift.real, -shift.imag], axis=1)
