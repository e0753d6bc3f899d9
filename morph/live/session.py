"""Faces of the newest frame, again and again, and where they are sent."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Sequence

from morph.frames import Frame
from morph.frames.latest import LatestFrames
from morph.live.message import frame_message
from morph.live.stream import Stream
from morph.tracking import Face, Tracker


class LiveSession:
    """Tracks the newest frames one after another and sends what it finds.

    Args:
        live: where frames come from.
        tracker: is reset first.
        streams: that every frame goes to.
        limit: stop after this many frames; None does not.
    """

    def __init__(self, live: LatestFrames, tracker: Tracker, streams: Sequence[Stream], limit: int | None = None) -> None:
        self.live, self.tracker, self.streams, self.limit = live, tracker, streams, limit
        self.count = self.with_face = self.last = 0
        self._seconds: deque[float] = deque(maxlen=1000)  # from a frame to its faces, sent, the latest ones
        tracker.reset()

    @property
    def over(self) -> bool:
        """Whether no frame will come, or enough have."""
        return self.live.ended or self.count == self.limit

    def run(self) -> None:
        """Track to the end."""
        while self.count != self.limit and self.step(None) is not None:
            pass

    def step(self, patience: float | None) -> tuple[Frame, list[Face]] | None:
        """Track and send the newest frame; None where none came within ``patience`` seconds (None waits), or none will."""
        taken = self.live.newest(patience)
        if taken is None:
            return None
        frame, came = taken
        faces = self.tracker.process(frame.image, frame.time, frame.index)
        if self.streams:
            message = frame_message(frame, faces)
            for stream in self.streams:
                stream.send(message)
        self._seconds.append(time.perf_counter() - came)
        self.count, self.last = self.count + 1, frame.index
        self.with_face += bool(faces)
        return frame, faces

    def summary(self) -> str:
        """A line on what came, and one on what was sent."""
        delay = f"; {1000 * statistics.median(self._seconds):.1f} ms from frame to faces" if self._seconds else ""
        lines = [
            f"{self.live.source.name}: {self.live.came} frames came, {self.count} tracked, {self.live.dropped} dropped; "
            f"a face in {self.with_face}{delay}"
        ]
        for stream in self.streams:
            lines.append(f"  {stream.address}: {stream.sent} sent" + (f", {stream.lost} lost" if stream.lost else ""))
        return "\n".join(lines)
