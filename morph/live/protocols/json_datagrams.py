"""JSON datagrams: one a face, with weights as a list whose names go ahead in a datagram of their own."""

from __future__ import annotations

import json
from typing import Any

FORMAT = "morph-live-2"
AGAIN = 30  # frames between two datagrams of names


class JsonDatagrams:
    """Makes the datagrams of one stream; remembers when names were sent.

    ``{"format", "names"}``: the names of the weights, in order, before the first face and then every 30 frames. Of each frame a
    datagram a face: ``{"format", "frame", "time", "width", "height", "faces", "face"}`` with ``faces`` how many there are and
    ``face`` as :func:`morph.live.message.face_message` has it, but ``weights`` a list to four decimals and no ``rotation``;
    or one without ``face`` where none is seen.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._until = 0

    def __call__(self, message: dict[str, Any]) -> list[bytes]:
        """Datagrams of what :func:`morph.live.message.frame_message` gives."""
        faces = message["faces"]
        found = []
        self._until -= 1
        if faces and (self._until <= 0 or list(faces[0]["weights"]) != self._names):
            self._names, self._until = list(faces[0]["weights"]), AGAIN
            found.append(_bytes({"format": FORMAT, "names": self._names}))
        start = {"format": FORMAT, **message, "faces": len(faces)}
        return found + ([_bytes(start | {"face": _short(face)}) for face in faces] or [_bytes(start)])


def _short(face: dict[str, Any]) -> dict[str, Any]:
    head = {name: value for name, value in face["head"].items() if name != "rotation"}
    return face | {"weights": [round(weight, 4) for weight in face["weights"].values()], "head": head}


def _bytes(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
