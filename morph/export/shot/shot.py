"""The camera and the head of a performance in one space: what every format lays down."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Doubles
from morph.export.performance import Performance
from morph.marks import GENERATOR
from morph.model import Lens
from morph.model.rotation import rotation_exp
from morph.model.space.quaternions import quaternions_along

NEAR, FAR = 10.0, 100_000.0  # millimetres, planes of the camera
FILM = 36.0  # millimetres of the longer side of the picture


@dataclass(frozen=True, eq=False)
class Motion:
    """Where something stands in each row, in millimetres: x right, y up, z towards the viewer.

    Attributes:
        rotation: ``(T, 3, 3)`` own frame to the world.
        translation: ``(T, 3)`` of its origin.
    """

    rotation: Doubles
    translation: Doubles

    @property
    def quaternions(self) -> Doubles:
        """``(T, 4)`` x, y, z, w of unit length; neighbours lie on the same side, so that nothing turns the long way round."""
        return quaternions_along(self.rotation)

    @property
    def moves(self) -> bool:
        """Whether any two rows differ."""
        return bool(np.ptp(self.rotation, axis=0).max(initial=0) > 0 or np.ptp(self.translation, axis=0).max(initial=0) > 0)

    def inverse(self) -> Motion:
        """The world in the own frame."""
        back = np.swapaxes(self.rotation, 1, 2)
        return Motion(back, -np.einsum("tij,tj->ti", back, self.translation))


@dataclass(frozen=True, eq=False)
class Shot:
    """A head before a pinhole camera that looks along its own -z.

    Attributes:
        focal: ``(T,)`` focal length in pixels.
        centre: ``(2,)`` pixel of the axis; pixel centres count from 0, y down.
        size: width and height of the picture.
        head: where the head's own frame stands.
        camera: where the camera's stands.
    """

    focal: Doubles
    centre: Doubles
    size: tuple[int, int]
    head: Motion
    camera: Motion

    @property
    def offset(self) -> Doubles:
        """``(2,)`` pixels from the middle of the picture to the camera's axis, x right, y up."""
        return np.asarray((self.centre - (np.array(self.size) - 1) / 2) * np.array([1.0, -1.0]))

    def project(self, points: Doubles, row: int) -> Doubles:
        """``(N, 2)`` pixels of points ``(N, 3)`` of the head's frame."""
        world = points @ self.head.rotation[row].T + self.head.translation[row]
        eye = (world - self.camera.translation[row]) @ self.camera.rotation[row]
        return np.asarray(self.centre + self.focal[row] * eye[:, :2] / -eye[:, 2:] * np.array([1.0, -1.0]))

    def standing(self, performance: Performance) -> Performance:
        """The performance with its head where it stands in the shot, for formats that hold vertices."""
        return dataclasses.replace(performance, rotation=self.head.rotation, translation=self.head.translation)

    def numbers(self, performance: Performance) -> dict[str, Any]:
        """The camera of each frame as plain numbers for JSON, with a text that says what they mean."""
        seen = self.camera.inverse()
        turn = seen.rotation @ self.head.rotation
        place = np.einsum("tij,tj->ti", seen.rotation, self.head.translation) + seen.translation
        placed = Motion(turn, place)
        return {
            "generator": GENERATOR,
            "kind": "perspective",
            "meaning": "x_pixel = cx + F X / -Z, y_pixel = cy - F Y / -Z for a point X, Y, Z in millimetres of the posed head "
            "before the camera: x right, y up, z to the viewer; pixel centres count from 0, y down; F is the frame's focal_px",
            "width": self.size[0],
            "height": self.size[1],
            "fps": round(performance.fps, 6),
            "principal_px": np.round(self.centre, 4).tolist(),
            "frame": performance.frame.tolist(),
            "time": np.round(performance.time, 6).tolist(),
            "focal_px": np.round(self.focal, 4).tolist(),
            "position_mm": np.round(place, 5).tolist(),
            "quaternion_xyzw": np.round(placed.quaternions, 8).tolist(),
        }


def shot_of(performance: Performance, static_head: bool = False) -> Shot:
    """The camera and the head of every row.

    Args:
        performance: one person of a track.
        static_head: the head stands still at the origin, and the camera moves round it.
    """
    size, count = performance.size, len(performance)
    lens = Lens.assume(size) if performance.lens is None else performance.lens
    focal, middle = np.full(count, lens.focal), lens.centre
    distance = focal / performance.scale
    if not (performance.translation.any() or (performance.rotation != np.eye(3)).any()):  # it faces the viewer and is still
        back = np.tile([0.0, 0.0, float(np.median(distance))], (count, 1))
        still = np.tile(np.eye(3), (count, 1, 1))
        return Shot(focal, middle, size, Motion(still, np.zeros((count, 3))), Motion(still, back))
    head = Motion(performance.rotation, performance.translation)
    if performance.lens is None:  # the closed form
        place = np.column_stack([performance.translation[:, :2], -distance])
        head = Motion(turned_aside(place) @ performance.rotation, place)
    here = Motion(np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3)))
    if static_head:
        return Shot(focal, middle, size, here, head.inverse())
    return Shot(focal, middle, size, head, here)


def turned_aside(place: Doubles) -> Doubles:
    """``(T, 3, 3)`` the shortest turns of +z into the direction from each place to the camera."""
    to_camera = -place / np.linalg.norm(place, axis=1, keepdims=True)
    axis = np.cross(np.tile([0.0, 0.0, 1.0], (len(place), 1)), to_camera)
    sine = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.arctan2(sine, to_camera[:, 2:])
    return np.asarray(rotation_exp(axis / np.maximum(sine, 1e-12) * angle))
