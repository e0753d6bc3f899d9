"""What is said of a frame as it is tracked, once for all streams; each protocol writes it in its own way."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from morph.arrays import Doubles
from morph.frames import Frame
from morph.model import MorphableModel
from morph.model.rotation import nearest_rotation
from morph.model.space.quaternions import quaternions_of
from morph.tracking import Face

DECIMALS = 6


def face_message(face: Face, width: int, height: int) -> dict[str, Any]:
    """One face as plain values, numbers to six decimals.

    ``id``, ``score`` 0..1, ``weights`` 0..1 of the model's expressions by name (ARKit's 52 of the default model), and ``head``:
    ``rotation`` 3 × 3, rows first, from model frame (x to the subject's left, y up, z forward) to the picture (x right, y up,
    z to the viewer), scaled orthographic; the same as ``quaternion_xyzw``; ``translation_millimetres`` x right and y up from
    the middle of the picture, z 0, for such a camera knows none; its ``pixels_per_millimetre``.
    Where the face has a lens: ``position_millimetres`` of the model's origin before the camera (x right, y up, z to the viewer)
    and ``turn_xyzw``, the turn of ``Face.pose``, which allows for the place in the picture, see docs/conventions.md.
    ``euler_degrees`` of ``turn_xyzw`` (of ``rotation`` where there is no lens): yaw is positive to the subject's left, pitch
    up, roll with the crown to the subject's right, ``Rx(-pitch) Rz(roll) Ry(yaw)`` of the head in 300W-LP's frame, which is
    that turn times the model's :func:`morph.model.rest_pose.rest_turn`.
    ``eyes``: quaternions x, y, z, w by which the ``left`` and the ``right`` eyeball is turned in the head, in the model frame.

    Args:
        face: of the frame.
        width: of the frame in pixels.
        height: of the frame in pixels.
    """
    pose, unit = face.coefficients, face.model.millimetres
    turn = nearest_rotation(np.asarray(pose.rotation, np.float64))
    scale = float(pose.scale) / unit
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = (np.asarray(pose.translation, np.float64) - middle) * np.array([1.0, -1.0]) / scale
    weights = np.asarray(pose.expression, np.float64) * face.model.expression_std
    left, right = quaternions_of(eye_turns(face.model, weights)).round(DECIMALS).tolist()
    return {
        "id": face.id,
        "score": round(float(face.score), DECIMALS),
        "weights": {name: round(weight, DECIMALS) for name, weight in face.blendshapes.items()},
        "head": {
            "rotation": np.round(turn, DECIMALS).tolist(),
            "quaternion_xyzw": np.round(quaternions_of(turn), DECIMALS).tolist(),
            "euler_degrees": {name: round(value, DECIMALS) for name, value in face.euler_degrees.items()},
            "translation_millimetres": [*np.round(shift, DECIMALS).tolist(), 0.0],
            "pixels_per_millimetre": round(scale, DECIMALS),
            **_in_space(face),
        },
        "eyes": {"left": left, "right": right},
    }


def _in_space(face: Face) -> dict[str, Any]:
    """The place and the turn before the camera; nothing where the face has no lens."""
    if face.lens is None:
        return {}
    placed = face.placed
    return {
        "position_millimetres": np.round(placed.position[0], 3).tolist(),
        "turn_xyzw": np.round(placed.quaternions[0], DECIMALS).tolist(),
    }


def frame_message(frame: Frame, faces: Sequence[Face]) -> dict[str, Any]:
    """One frame as plain values: ``frame``, ``time`` in seconds, ``width``, ``height`` and ``faces``.

    See :func:`face_message`; the list is empty where no face is seen.
    """
    height, width = frame.image.shape[:2]
    return {
        "frame": frame.index,
        "time": round(frame.time, DECIMALS),
        "width": width,
        "height": height,
        "faces": [face_message(face, width, height) for face in faces],
    }


def head_turn(head: dict[str, Any]) -> list[float]:
    """The head's turn before the camera as a quaternion x, y, z, w: ``Face.pose``'s, or that in the picture without a lens.

    Args:
        head: of :func:`face_message`.
    """
    turn: list[float] = head.get("turn_xyzw", head["quaternion_xyzw"])
    return turn


def head_place(head: dict[str, Any]) -> list[float]:
    """Where the head is before the camera in millimetres, x right, y up, z to the viewer; without a lens z is 0.

    Args:
        head: of :func:`face_message`.
    """
    place: list[float] = head.get("position_millimetres", head["translation_millimetres"])
    return place


def eye_turns(model: MorphableModel, weights: Doubles) -> Doubles:
    """``(2, 3, 3)`` rotations of the left and the right eyeball in the head; unit matrices where the model has no eyeballs.

    Args:
        model: the morphable model; its mean head's eyeballs count.
        weights: ``(E,)`` of its expressions, raw.
    """
    rest, change = _eye_moments(model)
    u, _, v = np.linalg.svd(rest + np.tensordot(change, weights, 1))
    sign = np.ones((2, 1, 3))
    sign[:, 0, 2] = np.linalg.det(u @ v)
    return np.asarray((u * sign) @ v)


@functools.lru_cache(maxsize=4)
def _eye_moments(model: MorphableModel) -> tuple[Doubles, Doubles]:
    """``(2, 3, 3)`` and ``(2, 3, 3, E)``: products of the moved points with those at rest, which are linear in the weights."""
    rest = np.tile(np.eye(3), (2, 1, 1))
    change = np.zeros((2, 3, 3, model.n_expression))
    for side, name in enumerate(("left_eye", "right_eye")):
        if name in model.region_names:
            rows = np.unique(model.triangles[model.regions == model.region_names.index(name)])
            points = model.mean[rows].astype(np.float64)
            moves = model.expression_basis[rows].astype(np.float64)
            points, moves = points - points.mean(0), moves - moves.mean(0)
            rest[side], change[side] = points.T @ points, np.einsum("vie,vj->ije", moves, points)
    return rest, change
