"""The newest frame of a source that does not wait: what cannot be looked at in time is dropped, never queued."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import TracebackType

from morph.errors import MorphError
from morph.frames.frame import Frame, FrameSource


class LatestFrames:
    """Reads a camera as it comes, or a clip at its own speed, in a thread of its own, and keeps one frame: the newest.

    Reading begins when the first frame is asked for. A frame that nobody took before the next one came is dropped. Frames
    keep their numbers and times, so that filters in time and receivers see the gaps.

    Args:
        source: a camera, a clip or numbered pictures.

    Attributes:
        came: how many frames were read so far.
        dropped: how many of them nobody took in time.

    Raises:
        MorphError: the source is a picture, or a folder of unrelated ones.
    """

    def __init__(self, source: FrameSource) -> None:
        if source.kind in ("picture", "pictures"):
            raise MorphError(f"{source.name} does not move; give a clip or a camera's number, or use `morph track`")
        self.source = source
        self.came = self.dropped = 0
        self._waiting: tuple[Frame, float] | None = None
        self._arrived = threading.Condition()
        self._stop, self._ended = threading.Event(), False
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._read, daemon=True, name="latest frame")
        self._started = False

    def __enter__(self) -> LatestFrames:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """Whether the last frame has been taken, and none will come."""
        with self._arrived:
            return self._ended and self._waiting is None

    def newest(self, patience: float | None = None) -> tuple[Frame, float] | None:
        """The newest frame that was not taken yet, and when it came (seconds of ``time.perf_counter``).

        Args:
            patience: seconds to wait for one; None waits as long as the source lasts.

        Returns:
            None where none came in time, or none will come.

        Raises:
            MorphError: the source cannot be read, or gave no frame at all.
        """
        if not self._started:
            self._started = True
            self._thread.start()
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting is not None or self._ended, patience)
            taken, self._waiting = self._waiting, None
            if taken is None and self._ended:
                if self._trouble is not None:
                    raise self._trouble
                if not self.came and not self._stop.is_set():
                    raise MorphError(f"{self.source.name} gives no picture; is another program using it?")
            return taken

    def __iter__(self) -> Iterator[tuple[Frame, float]]:
        """The newest frames, one after another, to the end of the source."""
        while (taken := self.newest()) is not None:
            yield taken

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._started:
            self._thread.join(5.0)

    def _read(self) -> None:
        try:
            start, first = 0.0, 0.0
            for frame in self.source:
                if not self.came:
                    start, first = time.monotonic(), frame.time
                early = start + frame.time - first - time.monotonic()
                if self.source.kind != "camera" and early > 0:
                    self._stop.wait(early)
                if self._stop.is_set():
                    break
                with self._arrived:
                    self.came += 1
                    self.dropped += self._waiting is not None
                    self._waiting = frame, time.perf_counter()
                    self._arrived.notify_all()
        except BaseException as error:  # belongs to whoever asks for the next frame
            self._trouble = error
        finally:
            with self._arrived:
                self._ended = True
                self._arrived.notify_all()
