"""Clips, decoded by FFmpeg through PyAV, as upright frames with their own times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morph.errors import MorphError
from morph.frames.clips.clip_streams import main_stream
from morph.frames.clips.deinterlace import progressive
from morph.frames.clips.shown import Shown
from morph.frames.frame import SEQUENCE_RATE, Frame, FrameSource

FASTEST = 1000  # frames a second; a stream that says more (DV: 60000) means something else


class ClipSource(FrameSource):
    """A clip, decoded by FFmpeg through PyAV, as it is meant to be seen.

    Pictures are upright, have square pixels, the size of the first, are not interlaced, and are sRGB; what is not honoured is
    named in :attr:`left_out`. Frames that are damaged are not there. The first frame has time 0.

    Attributes:
        threads: of the decoder; 1 decodes in the thread that asks for the frame, more decode ahead.
    """

    kind = "clip"
    threads = 2

    def __init__(self, path: Path) -> None:
        import av

        self.name, self._path, self.damaged = str(path), path, 0
        try:
            with av.open(os.path.abspath(path)) as container:  # FFmpeg takes what is before a colon for a protocol
                stream = main_stream(container, path, self.leave_out)
                self._stream = stream.index
                told = (stream.average_rate, stream.guessed_rate)
                self.rate = float(next((rate for rate in told if rate and rate <= FASTEST), SEQUENCE_RATE))
                self.count = stream.frames or None
                self.sound = self.name if container.streams.audio else None
        except av.FFmpegError as error:
            raise MorphError(_why_not(path, error)) from None

    def __iter__(self) -> Iterator[Frame]:
        import av

        self.damaged = 0
        index, previous = 0, -1.0 / self.rate
        with av.open(os.path.abspath(self._path)) as container:
            stream = container.streams[self._stream]
            stream.thread_type = "FRAME"
            stream.codec_context.thread_count = self.threads
            shown = Shown(stream, self.leave_out)
            for picture in progressive(self._decode(container, stream), self.threads, self.leave_out):
                stamp = picture.time
                if not index:
                    self.start = stamp or 0.0
                stamp = None if stamp is None else stamp - self.start
                if stamp is None or (index and stamp <= previous):
                    stamp = previous + 1.0 / self.rate
                previous = stamp
                yield Frame(index, stamp, shown(picture, index), f"{index:06d}")
                index += 1
        if not index:
            raise MorphError(f"{self.name} holds no frame that can be decoded; it may be cut off, copy it again")

    def _decode(self, container: Any, stream: Any) -> Iterator[Any]:
        import av

        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.damaged += 1  # the container itself ends here
                packet = None
            try:
                yield from stream.codec_context.decode(packet)
            except av.FFmpegError:
                self.damaged += 1
            if packet is None:
                return


def _why_not(path: Path, error: Exception) -> str:
    """One line on why FFmpeg did not open a file."""
    import av

    with path.open("rb") as file:
        head = file.read(12)
    if isinstance(error, av.InvalidDataError) and head[4:8] in (b"ftyp", b"mdat", b"free", b"wide"):
        return f"{path} is a clip that was cut off (its index is missing); copy it again or repair it"
    if isinstance(error, av.InvalidDataError):
        return f"{path} is neither a picture nor a clip that can be read; save it as PNG, JPEG or MP4"
    return f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
