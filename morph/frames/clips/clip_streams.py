"""Which stream of a clip is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from morph.errors import MorphError


def main_stream(container: Any, path: Path, leave_out: Callable[[str], None]) -> Any:
    """The moving pictures of an open ``av`` container: the default stream, else the largest; never a cover or thumbnails.

    Args:
        container: that was opened for reading.
        path: its file, for messages.
        leave_out: is told of the streams that are not read.

    Raises:
        MorphError: there are no moving pictures.
    """
    from av.stream import Disposition

    streams = container.streams.video
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    moving = [stream for stream in streams if not stream.disposition & still and stream.codec_context is not None]
    if any(stream.frames > 1 for stream in moving):
        moving = [stream for stream in moving if stream.frames != 1]  # an AVIF in motion has a still one of its own
    if not moving:
        if any(stream.codec_context is None for stream in streams):
            raise MorphError(f"{path} holds pictures of a kind that cannot be read, or is damaged; copy it again")
        what = "only sound and a cover picture" if streams else "only sound"
        raise MorphError(f"{path} holds no moving pictures, {what}; give a clip or a picture")

    def rank(stream: Any) -> tuple[bool, bool, int]:
        default = bool(stream.disposition & Disposition.default)
        return not stream.disposition & Disposition.dependent, default, stream.width * stream.height

    best = max(moving, key=rank)
    others = [stream for stream in moving if stream is not best]
    if others:
        names = ", ".join(map(_name, others))
        leave_out(f"video stream {names}; stream {_name(best)} is read. To read another, copy it into a file of its own")
    if len(moving) < len(streams):
        leave_out("cover picture or thumbnails")
    return best


def _name(stream: Any) -> str:
    return f"{stream.index} ({stream.width}x{stream.height})"
