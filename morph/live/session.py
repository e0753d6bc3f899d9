"""Faces of the newest frame, again and again, and where they are sent."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from morph.frames import Frame, FrameSource, open_source
from morph.frames.latest import LatestFrames
from morph.live.message import frame_message
from morph.live.stream import Stream
from morph.stopwatch import Stopwatch
from morph.tracking import Face, Tracker

PATIENCE = 0.25  # seconds after which a session that is iterated looks whether it is still wanted


class LiveSession:
    """Tracks the newest frames one after another and sends what it finds; frames that come while it is busy are dropped.

    Three ways to see the faces: :meth:`run` with a callback, :meth:`step` in a loop of one's own, or
    ``async for frame, faces in session``. The detector works beside the frames, see
    :meth:`morph.tracking.Tracker.detect_in_background`; until :meth:`close` the garbage collector leaves alone what there
    was before (``gc.freeze``), and the tracker's stages are not timed.

    Args:
        source: a camera's number, a clip, an opened source, or its newest frames.
        tracker: is reset first; None is one with the default options.
        streams: that every frame goes to, or their addresses, see :class:`morph.live.stream.Stream`.
        limit: stop after this many frames; None does not.

    Attributes:
        live: gives the newest frame; ``live.came`` and ``live.dropped`` count.
        count, with_face: frames that were tracked, and in how many there was a face.
        last: number of the last one.

    Raises:
        MorphError: the source or the model cannot be read, the source does not move, or an address is none.

    Example:
        >>> from morph import LiveSession, Tracker
        >>> from morph.cli.demo import demo_files
        >>> with LiveSession(demo_files()[1], Tracker(level=0), ["vmc://127.0.0.1"], limit=2) as session:
        ...     session.run(lambda frame, faces: print(len(faces), "face"))
        1 face
        1 face
    """

    def __init__(
        self,
        source: LatestFrames | FrameSource | str | os.PathLike[str] | int,
        tracker: Tracker | None = None,
        streams: Sequence[Stream | str] = (),
        limit: int | None = None,
    ) -> None:
        if isinstance(source, (str, os.PathLike, int)):
            source = open_source(source)
        self.live = source if isinstance(source, LatestFrames) else LatestFrames(source)
        self.streams = [Stream(stream) if isinstance(stream, str) else stream for stream in streams]
        self.tracker, self.limit = Tracker() if tracker is None else tracker, limit
        self.count = self.with_face = self.last = 0
        self._seconds: deque[float] = deque(maxlen=1000)  # from a frame to its faces, sent, the latest ones
        self.tracker.reset(Stopwatch(every=0))  # on some machines a look at the clock is a tenth of a millisecond
        self.tracker.detect_in_background()
        gc.collect()
        gc.freeze()  # or else, once in some hundred frames, one waits 15 ms while all that was imported is gone through

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def over(self) -> bool:
        """Whether no frame will come, or enough have."""
        return self.live.ended or self.count == self.limit

    def run(self, callback: Callable[[Frame, list[Face]], object] | None = None) -> None:
        """Track to the end.

        Args:
            callback: gets each frame with its faces, after they were sent; what it takes is missing for tracking.
        """
        while self.count != self.limit and (seen := self.step(None)) is not None:
            if callback is not None:
                callback(*seen)

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

    async def __aiter__(self) -> AsyncIterator[tuple[Frame, list[Face]]]:
        """Each tracked frame and its faces; tracking goes on in a thread of its own, and the event loop stays free."""
        loop, executor = asyncio.get_running_loop(), ThreadPoolExecutor(1, thread_name_prefix="live session")
        try:
            while not self.over:
                seen = await loop.run_in_executor(executor, self.step, PATIENCE)
                if seen is not None:
                    yield seen
        finally:
            executor.shutdown(wait=True)

    def close(self) -> None:
        """Stop reading, and close the streams."""
        gc.unfreeze()
        self.live.close()
        for stream in self.streams:
            stream.close()

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
