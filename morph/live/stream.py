"""Faces to other programs as they are tracked, by UDP."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from morph.errors import MorphError
from morph.live.protocols import ifacialmocap, live_link_face, vmc
from morph.live.protocols.json_datagrams import JsonDatagrams
from morph.live.protocols.osc import osc_datagrams

EXAMPLE = "write it like vmc://127.0.0.1:39539, or with ifacialmocap, livelink, osc or udp (JSON) before ://"
Encoder = Callable[[dict[str, Any]], list[bytes]]  # what `frame_message` gives to the datagrams of a frame


@dataclass(frozen=True)
class Protocol:
    """How faces are written for one kind of program.

    Attributes:
        begin: makes the encoder of one stream.
        port: where such programs listen; None: the address says it.
    """

    begin: Callable[[], Encoder]
    port: int | None = None


PROTOCOLS = {
    "udp": Protocol(JsonDatagrams),
    "osc": Protocol(lambda: osc_datagrams),
    "vmc": Protocol(lambda: vmc.vmc_datagrams, vmc.PORT),
    "ifacialmocap": Protocol(lambda: ifacialmocap.ifacialmocap_datagrams, ifacialmocap.PORT),
    "livelink": Protocol(live_link_face.LiveLinkFace, live_link_face.PORT),
}


class Stream:
    """Sends the datagrams of each frame, and never waits for who receives them.

    Args:
        address: ``SCHEME://HOST:PORT`` with a key of :data:`PROTOCOLS`: ``udp`` is JSON, ``osc`` addresses of morph's own,
            ``vmc``, ``ifacialmocap`` and ``livelink`` those programs'; their port may be left out.

    Attributes:
        address: as given.
        sent: frames that were handed to the network.
        lost: frames that the network had no room for, or refused after others had gone out.

    Raises:
        MorphError: the address is malformed, its scheme unknown, or its host not found.
    """

    def __init__(self, address: str) -> None:
        self.address, self.sent, self.lost = address, 0, 0
        scheme, host, port = parse_address(address)
        self._encode = PROTOCOLS[scheme].begin()
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
        """Send what :func:`morph.live.message.frame_message` gives.

        Raises:
            MorphError: the first frame cannot be sent.
        """
        try:
            for datagram in self._encode(message):
                self._socket.sendto(datagram, self._target)
            self.sent += 1
        except BlockingIOError:  # more than the network takes; the next frame is worth more than this one
            self.lost += 1
        except OSError as error:
            if not self.sent:
                raise MorphError(f"cannot stream to {self.address}: {error.strerror}; is the network up?") from None
            self.lost += 1

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def parse_address(address: str) -> tuple[str, str, int]:
    """Scheme (a key of :data:`PROTOCOLS`), host and port of ``scheme://HOST:PORT``; IPv6 hosts stand in brackets.

    Raises:
        MorphError: another scheme, no host, no port where the protocol has none, one out of 1..65535, or something behind it.
    """
    wrong = MorphError(f"{address!r} is no address to stream to; {EXAMPLE}")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if "://" not in address or not host or port == 0 or parts.path.strip("/") or parts.query or parts.username:
        raise wrong
    if parts.scheme not in PROTOCOLS:
        raise MorphError(f"cannot stream by {parts.scheme!r}; {EXAMPLE}")
    port = port or PROTOCOLS[parts.scheme].port
    if port is None:
        raise wrong
    return parts.scheme, host, port
