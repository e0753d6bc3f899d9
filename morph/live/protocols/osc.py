"""OSC 1.0 in bytes, and morph's own OSC addresses."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable
from typing import Any

LARGEST = 1400  # bytes of a datagram that every network carries in one piece
HEADER = b"#bundle\0" + struct.pack(">Q", 1)  # to be taken at once


@functools.lru_cache(maxsize=1024)
def _text(text: str) -> bytes:
    """Ended by a zero, and filled up to whole fours."""
    data = text.encode("ascii", "replace")
    return data + b"\0" * (4 - len(data) % 4)


def osc_message(address: str, types: str = "", *values: Any) -> bytes:
    """One OSC message.

    Args:
        address: like "/VMC/Ext/T".
        types: one letter a value: i 32-bit whole number, f 32-bit float, s text.
        values: of those types.
    """
    parts = [_text(address), _text(f",{types}")]
    for kind, value in zip(types, values, strict=True):
        parts.append(_text(value) if kind == "s" else struct.pack(">" + kind, value))
    return b"".join(parts)


def bundles(messages: Iterable[bytes], largest: int = LARGEST) -> list[bytes]:
    """Messages in order in as few bundles as hold them, to be taken at once.

    Args:
        messages: of :func:`osc_message`.
        largest: bytes of a bundle; a message that is longer has one of its own.
    """
    found, size = [[HEADER]], len(HEADER)
    for message in messages:
        piece = struct.pack(">i", len(message)) + message
        if size + len(piece) > largest and len(found[-1]) > 1:
            found, size = [*found, [HEADER]], len(HEADER)
        found[-1].append(piece)
        size += len(piece)
    return [b"".join(pieces) for pieces in found]


def osc_datagrams(message: dict[str, Any]) -> list[bytes]:
    """OSC bundles with these messages (``i`` 32-bit whole numbers, ``f`` 32-bit floats), in order:

    ``/morph/frame`` i frame, f seconds, i how many faces; and for each face ``/morph/face/ID/quaternion`` ffff x, y, z, w,
    ``.../euler`` fff yaw, pitch, roll in degrees, ``.../translation`` fff millimetres, ``.../scale`` f pixels a millimetre,
    where the face has a lens ``.../position`` fff millimetres before the camera and ``.../turn`` ffff x, y, z, w,
    and ``.../weight/NAME`` f 0..1 of each weight; see :func:`morph.live.message.face_message`.
    """
    messages = [osc_message("/morph/frame", "ifi", message["frame"], message["time"], len(message["faces"]))]
    for face in message["faces"]:
        start, head = f"/morph/face/{face['id']}", face["head"]
        euler = [head["euler_degrees"][name] for name in ("yaw", "pitch", "roll")]
        messages += [
            osc_message(f"{start}/quaternion", "ffff", *head["quaternion_xyzw"]),
            osc_message(f"{start}/euler", "fff", *euler),
            osc_message(f"{start}/translation", "fff", *head["translation_millimetres"]),
            osc_message(f"{start}/scale", "f", head["pixels_per_millimetre"]),
        ]
        if "position_millimetres" in head:
            messages.append(osc_message(f"{start}/position", "fff", *head["position_millimetres"]))
            messages.append(osc_message(f"{start}/turn", "ffff", *head["turn_xyzw"]))
        messages += [osc_message(f"{start}/weight/{name}", "f", weight) for name, weight in face["weights"].items()]
    return bundles(messages)
