"""Asking the detector aside, while frames go on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from morph.tracking.detection.detector import Detections


class Background:
    """Runs the detector in a thread of its own, one picture at a time."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="detector")
        self._running: Future[Detections] | None = None

    @property
    def busy(self) -> bool:
        """Whether an answer is still to be taken."""
        return self._running is not None

    def ask(self, detect: Callable[[], Detections]) -> None:
        """Begin to detect.

        Args:
            detect: is called in the other thread.
        """
        self._running = self._executor.submit(detect)

    def answer(self) -> Detections | None:
        """What was found, once; None as long as the detector is at work, or where it was not asked.

        Raises:
            MorphError: what the detector raised.
        """
        if self._running is None or not self._running.done():
            return None
        done, self._running = self._running, None
        return done.result()

    def drop(self) -> None:
        """Wait until the detector is free; what it found is of no use any more."""
        if self._running is not None and not self._running.cancel():
            self._running.exception()
        self._running = None
