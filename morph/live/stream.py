"""Faces to other programs as they are tracked: JSON datagrams or OSC bundles over UDP."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np
from scipy.spatial.transform import Rotation

from morph.errors import MorphError
from morph.export.live_link import head_angles
from morph.frames import Frame
from morph.model.rest_pose import rest_turn
from morph.tracking import Face

FORMAT = "morph-live-1"
DECIMALS = 6
EXAMPLE = "write it like udp://127.0.0.1:9000 or osc://127.0.0.1:9000"


def face_message(face: Face, width: int, height: int) -> dict[str, Any]:
    """One face as plain values for JSON, numbers to six decimals.

    ``id``, ``score`` 0..1, ``weights`` 0..1 of the model's expressions by name (ARKit's 52 of the default model), and ``head``:
    ``rotation`` 3 × 3, rows first, from model frame (x to the subject's left, y up, z forward) to camera (x right, y up, z to
    the viewer); the same as ``quaternion_xyzw``; ``euler_degrees``: yaw is positive to the subject's left, pitch up, roll with
    the crown to the subject's right, ``Rx(-pitch) Rz(roll) Ry(yaw)`` of the head in 300W-LP's frame, which is ``rotation``
    times the model's :func:`morph.model.rest_pose.rest_turn`; ``translation_millimetres`` x right and
    y up from the middle of the picture, z 0, for it is not known; ``pixels_per_millimetre`` of the scaled orthographic camera.

    Args:
        face: of the frame.
        width: of the frame in pixels.
        height: of the frame in pixels.
    """
    pose, unit = face.coefficients, face.model.millimetres
    turn = Rotation.from_matrix(np.asarray(pose.rotation, np.float64))
    yaw, pitch, roll = np.degrees(head_angles(turn.as_matrix()[None] @ rest_turn(face.model))[0]).tolist()
    scale = float(pose.scale) / unit
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = (np.asarray(pose.translation, np.float64) - middle) * np.array([1.0, -1.0]) / scale
    return {
        "id": face.id,
        "score": round(float(face.score), DECIMALS),
        "weights": {name: round(weight, DECIMALS) for name, weight in face.blendshapes.items()},
        "head": {
            "rotation": np.round(turn.as_matrix(), DECIMALS).tolist(),
            "quaternion_xyzw": np.round(turn.as_quat(canonical=True), DECIMALS).tolist(),
            "euler_degrees": {"yaw": round(yaw, DECIMALS), "pitch": round(pitch, DECIMALS), "roll": round(roll, DECIMALS)},
            "translation_millimetres": [*np.round(shift, DECIMALS).tolist(), 0.0],
            "pixels_per_millimetre": round(scale, DECIMALS),
        },
    }


def frame_message(frame: Frame, faces: Sequence[Face]) -> dict[str, Any]:
    """One frame as plain values: ``format``, ``frame``, ``time`` in seconds, ``width``, ``height`` and ``faces``.

    See :func:`face_message`; the list is empty where no face is seen.
    """
    height, width = frame.image.shape[:2]
    return {
        "format": FORMAT,
        "frame": frame.index,
        "time": round(frame.time, DECIMALS),
        "width": width,
        "height": height,
        "faces": [face_message(face, width, height) for face in faces],
    }


class Encoder(Protocol):
    """Makes the one datagram of a frame."""

    def __call__(self, message: dict[str, Any]) -> bytes:
        """Bytes of what :func:`frame_message` gives."""
        ...


def json_datagram(message: dict[str, Any]) -> bytes:
    """One JSON object in UTF-8."""
    return json.dumps(message, separators=(",", ":")).encode()


def osc_datagram(message: dict[str, Any]) -> bytes:
    """One OSC 1.0 bundle, to be taken at once, with these messages (``i`` 32-bit integers, ``f`` 32-bit floats):

    ``/morph/frame`` i frame, f seconds, i how many faces; and for each face ``/morph/face/ID/weight/NAME`` f 0..1,
    ``/morph/face/ID/quaternion`` ffff x, y, z, w, ``/morph/face/ID/euler`` fff yaw, pitch, roll in degrees,
    ``/morph/face/ID/translation`` fff millimetres, ``/morph/face/ID/scale`` f pixels a millimetre; see :func:`face_message`.

    Raises:
        MorphError: the extra ``live`` is not installed.
    """
    try:
        from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
        from pythonosc.osc_message_builder import OscMessageBuilder
    except ModuleNotFoundError:
        raise MorphError("OSC needs python-osc; install it with: pip install 'morph[live]', or stream to udp://") from None
    bundle = OscBundleBuilder(IMMEDIATELY)

    def add(address: str, types: str, *values: float) -> None:
        builder = OscMessageBuilder(address=address)
        for kind, value in zip(types, values, strict=True):
            builder.add_arg(value, kind)
        bundle.add_content(builder.build())

    add("/morph/frame", "ifi", message["frame"], message["time"], len(message["faces"]))
    for face in message["faces"]:
        start, head = f"/morph/face/{face['id']}", face["head"]
        for name, weight in face["weights"].items():
            add(f"{start}/weight/{name}", "f", weight)
        add(f"{start}/quaternion", "ffff", *head["quaternion_xyzw"])
        add(f"{start}/euler", "fff", *(head["euler_degrees"][name] for name in ("yaw", "pitch", "roll")))
        add(f"{start}/translation", "fff", *head["translation_millimetres"])
        add(f"{start}/scale", "f", head["pixels_per_millimetre"])
    return bytes(bundle.build().dgram)


ENCODERS: dict[str, Encoder] = {"udp": json_datagram, "osc": osc_datagram}


class Stream:
    """Sends one datagram a frame, and never waits for who receives it.

    Args:
        address: ``udp://HOST:PORT`` for JSON, ``osc://HOST:PORT`` for OSC.

    Attributes:
        address: as given.
        sent: datagrams that were handed to the network.
        lost: datagrams that the network had no room for, or refused after others had gone out.

    Raises:
        MorphError: the address is malformed, its scheme unknown, its host not found, or the extra ``live`` is missing.
    """

    def __init__(self, address: str) -> None:
        self.address, self.sent, self.lost = address, 0, 0
        scheme, host, port = parse_address(address)
        self._encode = ENCODERS[scheme]
        self._encode({"frame": 0, "time": 0.0, "faces": []})  # an extra that is missing is said before the first frame
        try:
            family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind, protocol)
        except (OSError, ValueError) as error:  # ValueError: no host can have such a name
            reason = getattr(error, "strerror", None) or "it is no name of a host"
            raise MorphError(f"cannot stream to {address}: {host} is not found ({reason}); {EXAMPLE}") from None
        self._target = target
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setblocking(False)

    def send(self, message: dict[str, Any]) -> None:
        """Send what :func:`frame_message` gives.

        Raises:
            MorphError: the first datagram cannot be sent, or one is larger than UDP allows.
        """
        try:
            self._socket.sendto(self._encode(message), self._target)
            self.sent += 1
        except BlockingIOError:  # more than the network takes; the next frame is worth more than this one
            self.lost += 1
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                raise MorphError(
                    f"{len(message['faces'])} faces do not fit a datagram; follow fewer with `max_faces=`"
                ) from None
            if not self.sent:
                raise MorphError(f"cannot stream to {self.address}: {error.strerror}; is the network up?") from None
            self.lost += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def parse_address(address: str) -> tuple[str, str, int]:
    """Scheme ("udp" or "osc"), host and port of ``scheme://HOST:PORT``; IPv6 hosts stand in brackets.

    Raises:
        MorphError: another scheme, no host, no port, a port out of 1..65535, or something behind it.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise MorphError(f"{address!r} is no address to stream to; {EXAMPLE}") from None
    if "://" not in address or not host or not port or parts.path.strip("/") or parts.query or parts.username:
        raise MorphError(f"{address!r} is no address to stream to; {EXAMPLE}")
    if parts.scheme not in ENCODERS:
        raise MorphError(f"cannot stream by {parts.scheme!r}; {EXAMPLE}")
    return parts.scheme, host, port
