"""Live Link Face's packets, which Unreal Engine reads on port 11111.

Version 6, numbers with the highest byte first: a byte 6; the length of the device's name as a 32-bit number, and the name; the
subject's likewise; time as a 32-bit frame and a 32-bit float part of one, frame rate as two 32-bit numbers; a byte 61, and
61 floats: ARKit's 52 weights, then yaw, pitch and roll of the head, the left and the right eye in radians.
"""

from __future__ import annotations

import math
import struct
import uuid
from typing import Any

from morph.export.live_link import WEIGHTS
from morph.model.rest_pose import head_angles
from morph.model.space.quaternions import matrices_of

PORT = 11111
VERSION = 6
RATE = 60  # frames a second of the frame time
SWAPPED = {"JawRight": "JawLeft", "JawLeft": "JawRight", "MouthRight": "MouthLeft", "MouthLeft": "MouthRight"}
# As Unreal Engine numbers them (EARFaceBlendShape); the columns of recordings have these two pairs the other way round.
NAMES = tuple(name[0].lower() + name[1:] for name in (SWAPPED.get(name, name) for name in WEIGHTS))


class LiveLinkFace:
    """Makes the packets of one stream.

    Args:
        subject: name of the first face in Unreal Engine; the second is "morph-2" where this is "morph".

    Attributes:
        device: 36 characters that tell this stream from others.
    """

    def __init__(self, subject: str = "morph") -> None:
        self.subject, self.device = subject, str(uuid.uuid4()).upper()

    def __call__(self, message: dict[str, Any]) -> list[bytes]:
        """A packet a face; none where no face is seen.

        Signs of angles are those of exported CSV, see :func:`morph.export.live_link.write_live_link`; weights that the model
        does not have are 0.

        Args:
            message: of :func:`morph.live.message.frame_message`.
        """
        part, frame = math.modf(message["time"] * RATE)
        time = struct.pack(">if2i", int(frame), part, RATE, 1)
        packets = []
        for number, face in enumerate(message["faces"], 1):
            subject = self.subject if number == 1 else f"{self.subject}-{number}"
            start = bytes([VERSION]) + _text(self.device) + _text(subject)
            packets.append(start + time + struct.pack(">B61f", 61, *_values(face)))
        return packets


def _values(face: dict[str, Any]) -> list[float]:
    euler = face["head"]["euler_degrees"]
    head = [math.radians(euler[name]) for name in ("yaw", "pitch", "roll")]
    eyes = head_angles(matrices_of([face["eyes"]["left"], face["eyes"]["right"]]))
    return [*(face["weights"].get(name, 0.0) for name in NAMES), *head, *eyes.ravel().tolist()]


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">i", len(data)) + data
