"""Heads before a lens, in millimetres, from what a scaled orthographic camera says of them.

The frame is the lens's: x right, y up, z to the viewer. A head stands where its points come nearest to the pixels of the scaled
orthographic track: a closed form, then a few Gauss-Newton steps.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles, Indices
from morph.errors import MorphError
from morph.model.coefficients import Coefficients
from morph.model.decoder import Decoder
from morph.model.morphable_model import MorphableModel
from morph.model.rest_pose import head_angles, rest_turn
from morph.model.rotation import rotation_exp
from morph.model.space.lens import Lens
from morph.model.space.quaternions import quaternions_of

POINTS = 32  # vertices of the face that are looked at, besides the landmarks
STEPS = 2
STEADY = 1e-9  # of the trace, added to the diagonal: a flat face is no reason to fly off
NEAREST = 0.5  # of the closed form's distance: no step goes nearer


@dataclass(frozen=True, eq=False)
class HeadPoses:
    """Where T heads stand before a camera.

    Attributes:
        rotation: ``(T, 3, 3)`` model to camera.
        position: ``(T, 3)`` millimetres of the model's origin; z is negative.
    """

    rotation: Doubles
    position: Doubles

    def farther(self, times: float | Doubles) -> HeadPoses:
        """The same turns on the same rays, so many times as far away.

        Args:
            times: of all, or ``(T,)`` of each.
        """
        return HeadPoses(self.rotation, self.position * np.reshape(times, (-1, 1)))

    @property
    def matrices(self) -> Doubles:
        """``(T, 4, 4)`` from the model's frame in millimetres to the camera's: ``matrix @ [x, y, z, 1]``."""
        out = np.tile(np.eye(4), (len(self.position), 1, 1))
        out[:, :3, :3], out[:, :3, 3] = self.rotation, self.position
        return out

    @property
    def quaternions(self) -> Doubles:
        """``(T, 4)`` x, y, z, w of the rotations, w not negative."""
        return quaternions_of(self.rotation)

    def euler_degrees(self, model: MorphableModel) -> Doubles:
        """``(T, 3)`` yaw (positive to the subject's left), pitch (up), roll (crown to the subject's right).

        They are counted from 300W-LP's frontal pose, see :mod:`morph.model.rest_pose`.
        """
        return np.asarray(np.degrees(head_angles(self.rotation @ rest_turn(model))))


def place_heads(model: MorphableModel, pose: Coefficients, lens: Lens, metric: float | Doubles = 1.0) -> HeadPoses:
    """Where heads stand before a lens.

    Args:
        model: that the coefficients are of.
        pose: T rows, or one face, in pixels of the lens's picture.
        lens: the camera.
        metric: true millimetres of one of the model's, of all or ``(T,)`` of each.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> z_scores = np.zeros(model.n_shape), np.zeros(model.n_expression)
        >>> straight = Coefficients(*z_scores, np.eye(3), 2.0, np.array([959.5, 539.5]))
        >>> found = place_heads(model, straight, Lens(1200.0, 1920, 1080))
        >>> float(found.position[0, 2].round())  # of the origin, deep in the head; 600 of the middle of the face
        -586.0
    """
    rows = pose if pose.shape.ndim == 2 else pose[None]
    unit, decoder = float(model.millimetres), _points(model)
    heads = decoder(rows.shape, rows.expression).astype(np.float64) * unit
    scale = rows.scale.astype(np.float64) / unit  # pixels a millimetre
    flat = np.einsum("tij,tnj->tni", rows.rotation.astype(np.float64)[:, :2], heads) * [1.0, -1.0]
    seen = rows.translation.astype(np.float64)[:, None] + scale[:, None, None] * flat
    spot = np.concatenate([seen, rows.translation.astype(np.float64)[:, None]], 1)
    rays = (lens.straightened(spot) - lens.centre) / lens.focal * [1.0, -1.0]
    middle = heads.mean(1)
    depth = np.einsum("tj,tj->t", rows.rotation[:, 2].astype(np.float64), middle)
    away = lens.focal / scale  # of the middle of the face, which is nearer than the origin
    start = np.column_stack([rays[:, -1] * away[:, None], -away - depth])
    turn = _aside(start) @ rows.rotation.astype(np.float64)
    return _settle(heads, rays[:, :-1], HeadPoses(turn, start), metric)


def interpupillary(model: MorphableModel, shape: Doubles) -> float:
    """Millimetres between the middles of the eyeballs of a head with these ``(S,)`` z-scores.

    Args:
        model: the morphable model.
        shape: of one person.

    Raises:
        MorphError: the model has no eyeballs.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> round(interpupillary(model, np.zeros(model.n_shape)))
        63
    """
    eyes = _eyes(model)
    middles = [part(shape, np.zeros(model.n_expression)).astype(np.float64).mean(0) for part in eyes]
    return float(np.linalg.norm(middles[0] - middles[1])) * float(model.millimetres)


def _settle(heads: Doubles, rays: Doubles, found: HeadPoses, metric: float | Doubles) -> HeadPoses:
    """Gauss-Newton on the turn about the head's origin and on its place; misses are angles times the distance."""
    rotation, position = found.rotation, found.position
    least = NEAREST * -position[:, 2]
    for _ in range(STEPS):
        turned = np.einsum("tij,tnj->tni", rotation, heads)
        eye = turned + position[:, None]
        near = 1.0 / np.maximum(-eye[..., 2], 1.0)
        flat = eye[..., :2] * near[..., None]
        miss = (rays - flat).transpose(0, 2, 1)
        by_point = np.zeros((len(heads), 2, heads.shape[1], 3))
        by_point[:, 0, :, 0] = by_point[:, 1, :, 1] = near
        by_point[..., 2] = flat.transpose(0, 2, 1) * near[:, None]
        px, py, pz = (turned[:, None, :, axis] for axis in range(3))
        gx, gy, gz = (by_point[..., axis] for axis in range(3))
        columns = np.stack([py * gz - pz * gy, pz * gx - px * gz, px * gy - py * gx, gx, gy, gz], -1)
        columns = columns.reshape(len(heads), -1, 6)
        size = np.array([1.0, 1.0, 1.0, 100.0, 100.0, 100.0])  # a radian, and a decimetre
        columns = columns * size
        matrix = columns.transpose(0, 2, 1) @ columns
        matrix += STEADY * np.trace(matrix, axis1=1, axis2=2)[:, None, None] * np.eye(6)
        step = np.linalg.solve(matrix, columns.transpose(0, 2, 1) @ miss.reshape(len(heads), -1, 1))[..., 0] * size
        rotation = rotation_exp(step[:, :3]) @ rotation
        position = position + step[:, 3:]
        position[:, 2] = np.minimum(position[:, 2], -least)
    return HeadPoses(rotation, position * np.reshape(metric, (-1, 1)))


def _aside(place: Doubles) -> Doubles:
    """``(T, 3, 3)`` the shortest turns of +z into the direction from each place to the camera."""
    to_camera = -place / np.linalg.norm(place, axis=1, keepdims=True)
    x, y, z = to_camera.T
    sine = np.hypot(x, y)
    angle = np.arctan2(sine, z) / np.maximum(sine, 1e-12)
    return np.asarray(rotation_exp(np.column_stack([-y * angle, x * angle, np.zeros(len(place))])))


@functools.lru_cache(maxsize=4)
def _points(model: MorphableModel) -> Decoder:
    """Landmarks, and vertices spread over the front of the face."""
    marks = model.mean[model.landmarks]
    low, high = marks.min(0), marks.max(0)
    inside = ((model.mean >= low - 1e-3) & (model.mean <= high + 0.15 * (high - low) + 1e-3)).all(1)
    front = np.flatnonzero(inside)
    spread: Indices = front[np.unique(np.linspace(0, len(front) - 1, POINTS).astype(int))]
    return Decoder(model, np.concatenate([model.landmarks, spread]))


@functools.lru_cache(maxsize=4)
def _eyes(model: MorphableModel) -> tuple[Decoder, Decoder]:
    if not {"left_eye", "right_eye"} <= set(model.region_names):
        raise MorphError(f"model {model.name!r} has no eyeballs, so `interpupillary=` says nothing of its size; give `scale=`")
    parts = [model.triangles[model.regions == model.region_names.index(name)] for name in ("left_eye", "right_eye")]
    left, right = (Decoder(model, np.unique(part)) for part in parts)
    return left, right
