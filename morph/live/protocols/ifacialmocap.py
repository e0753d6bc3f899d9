"""The text that iFacialMocap sends by UDP, which VTube Studio, VMagicMirror, Blender and Unity add-ons read.

Written from its documentation (ifacialmocap.com/for-developer) and the datagram that stands there as an example. Its numbers
fix the frame: ARKit's, x to the subject's left, y up, z forward out of the face. In the example both eyes look down and have
a positive x, the right eye looks to the nose and has a positive y, and the head is 0.66 m before the camera at a negative z.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from morph.live.message import head_place, head_turn
from morph.model.space.quaternions import matrices_of

PORT = 49983
WHOLE = ("mouthLeft", "mouthRight", "jawLeft", "jawRight")  # directions, not sides


def ifacialmocap_datagrams(message: dict[str, Any]) -> list[bytes]:
    """One datagram of the first face of a frame; none where no face is seen.

    ``NAME-VALUE|…|=head#X,Y,Z,PX,PY,PZ|rightEye#X,Y,Z|leftEye#X,Y,Z|``: weights are whole per cents, names end in ``_L`` and
    ``_R``; angles are degrees, of ``Ry Rx Rz``: x is positive down, y to the subject's left, z with the crown to the subject's
    right; places are metres.

    Args:
        message: of :func:`morph.live.message.frame_message`.
    """
    if not message["faces"]:
        return []
    face = message["faces"][0]
    weights = "".join(f"{spelled(name)}-{round(100 * weight)}|" for name, weight in face["weights"].items())
    place = [value / 1000 for value in head_place(face["head"])]
    head = _numbers([*angles(head_turn(face["head"])), *place])
    right, left = (_numbers(angles(face["eyes"][side])) for side in ("right", "left"))
    return [f"{weights}=head#{head}|rightEye#{right}|leftEye#{left}|".encode()]


def spelled(name: str) -> str:
    """ARKit's name of a weight as iFacialMocap spells it: "eyeBlinkLeft" is "eyeBlink_L"."""
    if name in WHOLE:
        return name
    for side in ("Left", "Right"):
        if name.endswith(side):
            return f"{name.removesuffix(side)}_{side[0]}"
    return name


def angles(quaternion: list[float]) -> list[float]:
    """Degrees about x, y and z of ``Ry Rx Rz``.

    Args:
        quaternion: x, y, z, w of the model frame.
    """
    m = matrices_of(quaternion)
    x, y, z = np.arcsin(np.clip(-m[1, 2], -1.0, 1.0)), np.arctan2(m[0, 2], m[2, 2]), np.arctan2(m[1, 0], m[1, 1])
    return [float(angle) for angle in np.degrees([x, y, z])]


def _numbers(values: list[float]) -> str:
    return ",".join(f"{value:.5f}" for value in values)
