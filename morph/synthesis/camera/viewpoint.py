"""From where the picture is taken: pose of the head and of the shoulders, and the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats
from morph.model import PerspectiveCamera
from morph.model.rotation import rotation_about

BOX_SHARE = 0.75  # the square box around the landmarks fills this much of the picture on average


@dataclass(frozen=True, eq=False)
class Viewpoint:
    """Where the camera stands.

    Attributes:
        rotation: ``(3, 3)`` model to camera.
        distance: millimetres from the camera to the face.
        offset: ``(2,)`` how far off the optical axis the face is, as a share of the distance.
        shoulders: yaw and pitch in radians by which the shoulders are turned against the head.
        scale: of the box against its average size.
        shift: ``(2,)`` of the box's centre, as a share of the box.
    """

    rotation: Doubles
    distance: float
    offset: Doubles
    shoulders: Doubles
    scale: float
    shift: Doubles


def sample_viewpoint(rng: np.random.Generator, poses: str = "usual") -> Viewpoint:
    """Draw a viewpoint.

    Args:
        rng: random numbers.
        poses: ``usual``: 45 % of yaws within 30 degrees, 30 % to 60, 25 % to 95; pitch 15 and roll 12 degrees; 25 cm to
            4.5 m. ``wide``: 35, 30 and 35 % to 100 degrees; pitch and roll as usual in two thirds of the pictures, evenly to
            60 degrees in the others; 20 cm to 10 m.
    """
    wide = poses == "wide"
    share = [0.35, 0.30, 0.35] if wide else [0.45, 0.30, 0.25]
    low, high = ((0, 30), (30, 60), (60, 100 if wide else 95))[rng.choice(3, p=share)]
    yaw = np.radians(rng.uniform(low, high) * (1 if rng.random() < 0.5 else -1))
    pitch, roll = (np.radians(_tilt(rng, wide, deviation, most)) for deviation, most in ((15, 45), (12, 50)))
    part = rng.random()
    nod = rotation_about(0, part * pitch)
    rotation = rotation_about(2, roll) @ rotation_about(0, (1 - part) * pitch) @ rotation_about(1, yaw) @ nod
    near = rng.random()
    if near < 0.1:
        distance = rng.uniform(200 if wide else 250, 420)
    elif near < 0.35:
        distance = rng.uniform(420, 900)
    else:
        distance = 900 * np.exp(rng.uniform(0, 2.4 if wide else 1.6))
    turn = np.clip(-yaw * rng.uniform(0, 0.75) + rng.normal(0, 0.2), -1.1, 1.1)
    lean = np.clip(-part * pitch * 0.9 + rng.normal(0, 0.08), -0.45, 0.45)
    return Viewpoint(
        rotation,
        float(distance),
        rng.uniform(-0.16, 0.16, 2),
        np.array([turn, lean]),
        float(np.exp(rng.uniform(np.log(1 / 1.08), np.log(1.08)))),
        rng.uniform(-0.06, 0.06, 2),
    )


def _tilt(rng: np.random.Generator, wide: bool, deviation: float, most: float) -> float:
    return float(rng.uniform(-60, 60)) if wide and rng.random() < 1 / 3 else _truncated(rng, deviation, most)


def _truncated(rng: np.random.Generator, deviation: float, most: float) -> float:
    while True:
        value = rng.normal(0, deviation)
        if abs(value) <= most:
            return float(value)


def place_camera(view: Viewpoint, landmarks: npt.ArrayLike, size: int) -> PerspectiveCamera:
    """The camera whose picture, ``size`` pixels square, frames the landmarks' box as the viewpoint says.

    Args:
        view: the viewpoint.
        landmarks: ``(68, 3)`` in the model frame.
        size: pixels.
    """
    points = np.asarray(landmarks, np.float64)
    middle = (points.min(0) + points.max(0)) / 2
    position = np.array([*(view.offset * view.distance), -view.distance]) - view.rotation @ middle
    unit = PerspectiveCamera(view.rotation, position, np.asarray(1.0), np.zeros(2))
    flat = unit.project(points)[:, :2]
    low, high = flat.min(0), flat.max(0)
    box = np.sqrt(2) * (high - low).max()
    side = BOX_SHARE * size * view.scale
    focal = side / box
    centre = (size - 1) / 2 + view.shift * side - focal * (low + high) / 2
    return PerspectiveCamera(view.rotation, position, np.asarray(focal), centre)


def turn_shoulders(vertices: Floats, mean: Floats, chin: float, view: Viewpoint) -> Floats:
    """Twist and lean everything below the jaw about the neck; the face stays.

    Args:
        vertices: ``(V, 3)`` of the person.
        mean: ``(V, 3)`` the same vertices of the model's mean.
        chin: y of the chin in the mean.
        view: holds the angles.
    """
    depth = np.clip((chin - 8 - mean[:, 1]) / 55, 0, 1)
    weight = depth * depth * (3 - 2 * depth)
    moved = np.flatnonzero(weight > 0)
    if not len(moved):
        return vertices
    w = weight[moved][:, None]
    neck = np.array([0, chin - 25, mean[:, 2].mean() * 0 - 85], np.float32)
    q = vertices[moved] - neck
    yaw, lean = view.shoulders[0] * w[:, 0], view.shoulders[1] * w[:, 0]
    x = q[:, 0] * np.cos(yaw) + q[:, 2] * np.sin(yaw)
    z = -q[:, 0] * np.sin(yaw) + q[:, 2] * np.cos(yaw)
    y = q[:, 1] * np.cos(lean) - z * np.sin(lean)
    z = q[:, 1] * np.sin(lean) + z * np.cos(lean)
    out = vertices.copy()
    out[moved] = np.stack([x, y, z], 1) + neck
    return np.asarray(out)
