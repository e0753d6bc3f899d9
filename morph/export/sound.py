"""Sound of a clip laid beside pictures that are made of it: its packets as they are, or AAC where MP4 cannot hold them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from morph.frames.frame import FrameSource

COPIED = ("aac", "mp3", "mp3float", "opus", "alac", "ac3", "eac3")  # codecs that an MP4 holds
LAYOUTS = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1")  # that the AAC encoder takes
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
GAP = 0.1  # seconds; less is what containers round off
EARLY = 0.1  # seconds before the pictures that are kept, unheard, for the decoder to begin with


class CarriedSound:
    """Writes a clip's sound into a container, as far as the pictures have come.

    Sound that cannot be read or written is named in the source's ``left_out``, and the pictures go on without it.

    Args:
        target: an MP4 that nothing was written to yet; it gets one more stream.
        source: frames of a file with sound; the first was read.
        first: time of the first picture that is written, in seconds as frames count it.
    """

    def __init__(self, target: av.container.OutputContainer, source: FrameSource, first: float) -> None:
        self._target, self._source, self._offset = target, source, source.start + first
        self._packets: Iterator[Any] = iter(())
        self._waiting: Any = None
        self._input: Any = None
        self._after: int | None = None  # samples from the first picture to where the next frame is due
        try:
            self._input = av.open(os.path.abspath(str(source.sound)))
            stream = self._input.streams.best("audio") or self._input.streams.audio[0]
            if len(self._input.streams.audio) > 1:
                source.leave_out(f"all sound but stream {stream.index}")
            self._copied = stream.codec_context.name in COPIED
            self._stream: Any = self._begin(target, stream)
            self._packets = self._read(stream)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.give_up(error)

    def _begin(self, target: av.container.OutputContainer, stream: Any) -> Any:
        if self._copied:
            return target.add_stream_from_template(stream)
        context = stream.codec_context
        rate = context.sample_rate if context.sample_rate in RATES else 48000
        made: Any = target.add_stream("aac", rate=rate)
        made.bit_rate = 96000 * min(max(context.layout.nb_channels, 1), 2)
        layout = context.layout.name
        made.codec_context.layout = layout if layout in LAYOUTS else "stereo"
        return made

    def _read(self, stream: Any) -> Iterator[Any]:
        """Packets for the target, with times of the source."""
        for packet in self._input.demux(stream):
            if self._copied:
                if packet.pts is not None:
                    yield packet
                continue
            for frame in packet.decode():
                yield from self._encoded(frame)
        if not self._copied:
            yield from self._stream.encode(None)

    def _encoded(self, frame: Any) -> list[Any]:
        """A decoded frame, close after the one before it unless there is a gap, counted from the first picture."""
        rate, after = frame.sample_rate, self._after
        begin = after if frame.pts is None else round((frame.time - self._offset) * rate)
        if begin is not None and after is not None and abs(begin - after) < GAP * rate:
            begin = after
        if begin is None or (after is not None and begin < after):
            return []
        self._after = begin + frame.samples
        if self._after <= 0:
            return []
        frame.pts, frame.time_base = begin, Fraction(1, rate)
        return list(self._stream.encode(frame))

    def write_until(self, seconds: float) -> None:
        """Write what is heard before ``seconds`` after the first picture."""
        try:
            while True:
                packet = self._waiting or next(self._packets, None)
                self._waiting = None
                if packet is None:
                    return
                if not self._written(packet, seconds):
                    self._waiting = packet
                    return
        except (av.FFmpegError, OSError, ValueError) as error:
            self.give_up(error)

    def _written(self, packet: Any, seconds: float) -> bool:
        """Write a packet, or leave it out where it comes before the pictures; False where it is too early to write it."""
        if self._copied and packet.stream is not self._stream:
            shift = round(self._offset / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = self._stream
        begin = float(packet.pts * packet.time_base)
        if begin >= seconds:
            return False
        if begin > -EARLY:
            self._target.mux(packet)
        return True

    def close(self) -> None:
        """Close the source."""
        self._packets = iter(())
        if self._input is not None:
            self._input.close()

    def give_up(self, error: Exception) -> None:
        """Write no more, and say why."""
        self._packets, self._waiting = iter(()), None
        self._source.leave_out(f"sound ({getattr(error, 'strerror', None) or error})")
