"""A scaled orthographic track before a pinhole camera: the same points on the same pixels, from a head with a place in space.

A head that is near looks different from one that is far: its nose is larger, its ears go behind its cheeks. A network that
knows only scaled orthographic pictures puts that into shape and expression, so they have to move when the camera becomes a
pinhole. One identity is held over the track; pose and expression of every frame follow (Gauss-Newton steps in millimetres, from
a closed form).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from morph.arrays import Bools, Doubles, Indices
from morph.export.performance import Performance
from morph.export.shot.shot import turned_aside
from morph.model import Coefficients, Lens, MorphableModel
from morph.model.rotation import nearest_rotation, rotation_exp
from morph.rendering import vertex_normals

POINTS = 320  # vertices that are looked at, besides the landmarks
ROUNDS = 4
FACING = 0.15  # cosine from which on a vertex counts as seen
LANDMARKS = 10.0  # their weight, where that of everything else is 1
HOLD_SHAPE, HOLD_EXPRESSION = 3e-4, 0.1  # square millimetres that a squared deviation weighs
STEPS = 2  # of a head that is known
FEW_FRAMES = 32  # that tell the identity to a player
MOST_FRAMES = 96  # that the identity is fitted to
CHUNK = 64  # frames at once


@dataclass(frozen=True, eq=False)
class Pinhole:
    """Heads before a pinhole camera.

    Attributes:
        shape: ``(S,)`` z-scores of the one identity.
        expression: ``(T, E)`` z-scores.
        rotation: ``(T, 3, 3)`` head to camera.
        position: ``(T, 3)`` millimetres before the camera, which looks along -z.
    """

    shape: Doubles
    expression: Doubles
    rotation: Doubles
    position: Doubles


def seen_by_pinhole(model: MorphableModel, pose: Coefficients, lens: Lens) -> Pinhole:
    """One person's rows of a track under a pinhole camera.

    Args:
        model: that the coefficients are for.
        pose: T rows, in pixels of the clip.
        lens: the camera; its distortion is taken out of the pixels.
    """
    fit = _Fit(model, pose, lens)
    found = fit.start()
    for _ in range(ROUNDS):
        found = fit.frames(found)
        found = fit.identity(found)
    return fit.frames(fit.frames(found))


def identity_of(model: MorphableModel, pose: Coefficients, lens: Lens) -> Doubles:
    """``(S,)`` z-scores of the head that one person's rows of a track show before a pinhole; see :func:`seen_by_pinhole`.

    Args:
        model: that the coefficients are for.
        pose: T rows, in pixels of the clip.
        lens: the camera; its distortion is taken out of the pixels.
    """
    few = np.unique(np.linspace(0, len(pose.scale) - 1, FEW_FRAMES).astype(int))
    return seen_by_pinhole(model, pose[few], lens).shape


def placed_before(model: MorphableModel, pose: Coefficients, lens: Lens, shape: Doubles) -> Pinhole:
    """Rows of a person whose head is known, for players that ask for one frame after the other.

    Args:
        model: that the coefficients are for.
        pose: T rows, in pixels of the clip.
        lens: the camera; its distortion is taken out of the pixels.
        shape: ``(S,)`` z-scores of the head, of :func:`identity_of`.
    """
    fit = _Fit(model, pose, lens)
    found = replace(fit.start(), shape=shape)
    for _ in range(STEPS):
        found = fit.frames(found)
    return found


def before_pinhole(performance: Performance, pose: Coefficients, lens: Lens, metric: float = 1.0) -> Performance:
    """A performance with its head in space, before a lens.

    Args:
        performance: of a scaled orthographic camera.
        pose: its rows of the track.
        lens: the camera.
        metric: true millimetres of one of the model's.
    """
    model = performance.model
    found = seen_by_pinhole(model, pose, lens)
    raw = found.expression * model.expression_std
    return replace(
        performance,
        shape=found.shape,
        weights=raw if performance.resting is None else performance.resting.weights(raw),
        rotation=found.rotation,
        translation=found.position * metric,
        scale=performance.scale / metric,
        lens=lens,
        metric=metric,
    )


class _Fit:
    def __init__(self, model: MorphableModel, pose: Coefficients, lens: Lens) -> None:
        unit = float(model.millimetres)
        self.rows, self.mean, self.shapes, self.moves, self.normals = _points(model)
        self.focal, self.centre = lens.focal, lens.centre
        self.shape, self.expression = pose.shape.astype(np.float64), pose.expression.astype(np.float64)
        self.scale = pose.scale.astype(np.float64) / unit  # pixels of a millimetre
        self.turn = nearest_rotation(pose.rotation.astype(np.float64))
        self.spot = pose.translation.astype(np.float64)
        heads = self._heads(self.shape, self.expression)
        turned = np.einsum("tij,tnj->tni", self.turn, heads)
        self.target = self.spot[:, None] + self.scale[:, None, None] * turned[..., :2] * np.array([1.0, -1.0])
        self.target, self.spot = lens.straightened(self.target), lens.straightened(self.spot)
        self.weight = self._weights(model)

    def _heads(self, shape: Doubles, expression: Doubles) -> Doubles:
        """``(T, N, 3)``; shape ``(T, S)`` or ``(S,)``."""
        count = len(self.rows)
        flat = shape @ self.shapes.reshape(3 * count, -1).T + expression @ self.moves.reshape(3 * count, -1).T
        return np.asarray(self.mean + flat.reshape(-1, count, 3))

    def _weights(self, model: MorphableModel) -> Doubles:
        """``(T, N)`` that sum to 1: landmarks, and what faces the camera."""
        facing = np.einsum("tj,nj->tn", self.turn[:, 2], self.normals) > FACING
        marks = np.zeros(len(self.rows), bool)
        marks[: len(model.landmarks)] = True
        out = np.where(marks, LANDMARKS, 0.0) / marks.sum() + facing / np.maximum(facing.sum(1, keepdims=True), 1)
        return np.asarray(out / out.sum(1, keepdims=True))

    def start(self) -> Pinhole:
        """The closed form: as far as the scale says, turned by the direction in which the head is seen."""
        distance = self.focal / self.scale
        place = np.column_stack([(self.spot - self.centre) * [1.0, -1.0] / self.scale[:, None], -distance])
        return Pinhole(self.shape.mean(0), self.expression.copy(), turned_aside(place) @ self.turn, place)

    def frames(self, found: Pinhole) -> Pinhole:
        """One step of pose and expression of every frame."""
        parts = []
        for first in range(0, len(self.turn), CHUNK):
            parts.append(self._frames(found, np.arange(first, min(first + CHUNK, len(self.turn)))))
        expression, rotation, position = (np.concatenate(part) for part in zip(*parts, strict=True))
        return Pinhole(found.shape, expression, rotation, position)

    def _frames(self, found: Pinhole, rows: Indices) -> tuple[Doubles, Doubles, Doubles]:
        miss, by_point, turned = self._look(found, rows)
        by_turn = _cross_rows(by_point, turned)
        by_move = np.einsum("tnki,tij,nje->tnke", by_point, found.rotation[rows], self.moves, optimize=True)
        columns = np.concatenate([by_turn, by_point, by_move], axis=3)
        root = np.sqrt(self.weight[rows])[..., None]
        flat = (columns * root[..., None]).reshape(len(rows), -1, columns.shape[3])
        aim = (miss * root).reshape(len(rows), -1)
        matrix = np.einsum("tmi,tmj->tij", flat, flat, optimize=True)
        vector = np.einsum("tmi,tm->ti", flat, aim)
        hold = np.concatenate([np.full(3, 1e-6), np.full(3, 1e-9), np.full(self.moves.shape[2], HOLD_EXPRESSION)])
        away = self.expression[rows] - found.expression[rows]
        matrix += np.diag(hold)
        vector[:, 6:] += HOLD_EXPRESSION * away
        step = np.linalg.solve(matrix, vector[..., None])[..., 0]
        turn = rotation_exp(step[:, :3]) @ found.rotation[rows]
        return found.expression[rows] + step[:, 6:], turn, found.position[rows] + step[:, 3:6]

    def identity(self, found: Pinhole) -> Pinhole:
        """One step of the shape that all frames share, while their poses give way."""
        rows = np.unique(np.linspace(0, len(self.turn) - 1, MOST_FRAMES).astype(int))
        size = self.shapes.shape[2]
        matrix, vector = np.zeros((size, size)), np.zeros(size)
        for row in rows:
            one = np.array([row])
            miss, by_point, turned = self._look(found, one)
            pose = np.concatenate([_cross_rows(by_point, turned), by_point], axis=3)[0]
            by_shape = np.einsum("nki,ij,njs->nks", by_point[0], found.rotation[row], self.shapes, optimize=True)
            root = np.sqrt(self.weight[row])[:, None, None]
            pose, by_shape = ((part * root).reshape(-1, part.shape[2]) for part in (pose, by_shape))
            aim = (miss[0] * root[..., 0]).ravel()
            basis = np.linalg.qr(pose)[0]
            by_shape -= basis @ (basis.T @ by_shape)
            matrix += by_shape.T @ by_shape / len(rows)
            vector += by_shape.T @ aim / len(rows)
        matrix += HOLD_SHAPE * np.eye(size)
        vector += HOLD_SHAPE * (self.shape.mean(0) - found.shape)
        return replace(found, shape=found.shape + np.linalg.solve(matrix, vector))

    def _look(self, found: Pinhole, rows: Indices) -> tuple[Doubles, Doubles, Doubles]:
        """What is missing ``(T, N, 2)``, its change by the point's place ``(T, N, 2, 3)``, millimetres; turned heads."""
        turned = np.einsum("tij,tnj->tni", found.rotation[rows], self._heads(found.shape, found.expression[rows]))
        eye = turned + found.position[rows][:, None]
        near = -1.0 / eye[..., 2]
        millimetre = (self.focal / self.scale[rows])[:, None]  # of a pixel of the face, times the focal length
        seen = self.centre + self.focal * eye[..., :2] * near[..., None] * np.array([1.0, -1.0])
        by_point = np.zeros((*seen.shape, 3))
        by_point[..., 0, 0] = near * millimetre
        by_point[..., 1, 1] = -near * millimetre
        by_point[..., 0, 2] = eye[..., 0] * near**2 * millimetre
        by_point[..., 1, 2] = -eye[..., 1] * near**2 * millimetre
        miss = (self.target[rows] - seen) / self.scale[rows][:, None, None]
        return miss, by_point, turned


def _cross_rows(by_point: Doubles, turned: Doubles) -> Doubles:
    """Change by a turn about the axes of the camera: ``d (w x p) = by_point (w x p)``."""
    return np.asarray(np.cross(turned[:, :, None], by_point))


@functools.lru_cache(maxsize=4)
def _points(model: MorphableModel) -> tuple[Indices, Doubles, Doubles, Doubles, Doubles]:
    """Vertices that are looked at; their mean, bases for z-scores, millimetres, and normals."""
    rows, unit = _chosen(model), float(model.millimetres)
    mean = model.mean[rows].astype(np.float64) * unit
    shapes = model.shape_basis[rows].astype(np.float64) * model.shape_std * unit
    moves = model.expression_basis[rows].astype(np.float64) * model.expression_std * unit
    return rows, mean, shapes, moves, vertex_normals(model.mean, model.triangles)[rows].astype(np.float64)


def _chosen(model: MorphableModel) -> Indices:
    """Landmarks, then vertices spread over the front of the head."""
    marks = model.mean[model.landmarks]
    low, high = marks.min(0), marks.max(0)
    margin = 0.15 * (high - low)
    inside: Bools = ((model.mean > low - margin) & (model.mean < high + margin))[:, :2].all(1)
    front = np.flatnonzero(inside & (model.mean[:, 2] > low[2] - margin[2]))
    spread = front[np.unique(np.linspace(0, len(front) - 1, POINTS).astype(int))]
    return np.concatenate([model.landmarks, spread]).astype(np.int64)
