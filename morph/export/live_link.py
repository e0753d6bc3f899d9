"""A table of ARKit weights in the column order of the recordings of Live Link Face."""

from __future__ import annotations

import os

import numpy as np

from morph.arrays import Doubles
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.export.performance import Performance
from morph.model.rest_pose import head_angles, rest_turn
from morph.model.rotation import nearest_rotation

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
_PAIRS = ("Smile", "Frown", "Dimple", "Stretch")
_LATE_PAIRS = ("Press", "LowerDown", "UpperUp")
_ANGLES = ("Yaw", "Pitch", "Roll")
WEIGHTS = (
    *(f"Eye{part}{side}" for side in ("Left", "Right") for part in _EYE),
    *("JawForward", "JawRight", "JawLeft", "JawOpen"),
    *("MouthClose", "MouthFunnel", "MouthPucker", "MouthRight", "MouthLeft"),
    *(f"Mouth{part}{side}" for part in _PAIRS for side in ("Left", "Right")),
    *("MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper"),
    *(f"Mouth{part}{side}" for part in _LATE_PAIRS for side in ("Left", "Right")),
    *("BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight"),
    *("CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut"),
)
ROTATIONS = tuple(f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in _ANGLES)
LOOKS = ("Left", "Right", "Up", "Down")


def write_live_link(path: str | os.PathLike[str], performance: Performance) -> None:
    """Write ``Timecode,BlendShapeCount``, 52 weights, then yaw, pitch and roll of head, left eye and right eye.

    Weights are clipped to 0..1, as ARKit's are. Angles are radians: yaw is positive to the subject's left, pitch up, roll with
    the top of the head to the subject's right; the head's, of the performance's turn, are ``Rx(-pitch) Rz(roll) Ry(yaw)`` of
    300W-LP's frame, in which the default model at rest has a pitch of its own (:mod:`morph.model.rest_pose`); eyes are turned
    in the head. Frames without the face have no row. The time code is ``HH:MM:SS:FF.fff`` from the clip's own times: FF whole
    frames of the nearest whole frame rate, fff thousandths of one.

    Raises:
        MorphError: the model has not all of ARKit's names, or the folder cannot be written.
    """
    names = {name.lower(): index for index, name in enumerate(performance.model.expression_names)}
    missing = [name for name in WEIGHTS if name.lower() not in names]
    if missing:
        raise MorphError(
            f"model {performance.model.name!r} has no {missing[0]} ({len(missing)} of ARKit's 52 expressions are missing); "
            "export another format, or track with the default model"
        )
    weights = np.clip(performance.weights[:, [names[name.lower()] for name in WEIGHTS]], 0.0, 1.0)
    angles = [
        head_angles(performance.rotation @ rest_turn(performance.model)),
        *(head_angles(turns) for turns in _eyes(performance)),
    ]
    rows = np.column_stack([weights, *angles])
    rate = max(round(performance.fps), 1)
    with atomic_path(path) as temporary, temporary.open("w", newline="") as file:
        file.write(",".join(("Timecode", "BlendShapeCount", *WEIGHTS, *ROTATIONS)) + "\n")
        for time, row in zip(performance.time.tolist(), rows.tolist(), strict=True):
            numbers = ",".join(f"{value:.8f}" for value in row)
            file.write(f"{timecode(time, rate)},{len(row)},{numbers}\n")


def timecode(time: float, rate: int) -> str:
    """``HH:MM:SS:FF.fff`` of a time in seconds; 61.52 s at 25 frames a second is 00:01:01:13.000."""
    thousandths = round(time * rate * 1000)
    seconds, rest = divmod(thousandths, rate * 1000)
    frame, part = divmod(rest, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}.{part:03d}"


def _eyes(performance: Performance) -> list[Doubles]:
    """``(T, 3, 3)`` how the left and the right eyeball are turned in the head; still where the model has no eyeballs."""
    model = performance.model
    found = []
    for name in ("left_eye", "right_eye"):
        turns = np.tile(np.eye(3), (len(performance), 1, 1))
        if name in model.region_names:
            rows = np.unique(model.triangles[model.regions == model.region_names.index(name)])
            rest = performance.base[rows] - performance.base[rows].mean(0)
            moved = rest + np.tensordot(performance.weights, performance.deltas[:, rows], 1)
            moved -= moved.mean(1, keepdims=True)
            for row in range(len(performance)):
                turns[row] = nearest_rotation(moved[row].T @ rest)
        found.append(turns)
    return found
