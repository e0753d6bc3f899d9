"""VMC, the protocol of VSeeFace, Warudo, VMagicMirror, VNyan and Unity's receivers: OSC about one avatar.

Written from the protocol's documentation (protocol.vmc.info, "Marionette"). Unity's frame is left-handed: seen from the avatar
x is to its right, y up, z forward; a rotation of the model frame (x to the subject's left) is its mirror image in x. Places are
metres.
"""

from __future__ import annotations

from typing import Any

from morph.live.message import head_turn
from morph.live.protocols.osc import bundles, osc_message

PORT = 39539
STILL = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)  # place and turn of a bone that does not move


def vmc_datagrams(message: dict[str, Any]) -> list[bytes]:
    """OSC bundles of the first face of a frame, in order:

    ``/VMC/Ext/OK`` iiii 1, 3, 0 and whether a face is seen; ``/VMC/Ext/T`` f seconds; ``/VMC/Ext/Root/Pos`` and, for "Head",
    "LeftEye" and "RightEye", ``/VMC/Ext/Bone/Pos`` s name, fff place, ffff turn x, y, z, w in its parent, in Unity's frame;
    ``/VMC/Ext/Blend/Val`` s name, f 0..1 of each weight, its name as Unity spells ARKit's ("EyeBlinkLeft"), and
    ``/VMC/Ext/Blend/Apply``. Where no face is seen the first two alone, and the avatar keeps still.

    Args:
        message: of :func:`morph.live.message.frame_message`.
    """
    faces = message["faces"]
    said = [
        osc_message("/VMC/Ext/OK", "iiii", 1, 3, 0, int(bool(faces))),
        osc_message("/VMC/Ext/T", "f", message["time"]),
    ]
    if faces:
        face = faces[0]
        said.append(osc_message("/VMC/Ext/Root/Pos", "sfffffff", "root", *STILL))
        turns = {"Head": head_turn(face["head"]), "LeftEye": face["eyes"]["left"], "RightEye": face["eyes"]["right"]}
        for bone, turn in turns.items():
            said.append(osc_message("/VMC/Ext/Bone/Pos", "sfffffff", bone, *STILL[:3], *unity_turn(turn)))
        for name, weight in face["weights"].items():
            said.append(osc_message("/VMC/Ext/Blend/Val", "sf", name[:1].upper() + name[1:], weight))
        said.append(osc_message("/VMC/Ext/Blend/Apply"))
    return bundles(said)


def unity_turn(quaternion: list[float]) -> tuple[float, float, float, float]:
    """A quaternion x, y, z, w of the model frame in Unity's."""
    x, y, z, w = quaternion
    return x, -y, -z, w
