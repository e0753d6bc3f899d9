"""How long each stage takes, in CPU time."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

SURE = 32  # calls of a stage that are all timed


class Stopwatch:
    """Adds up CPU time by stage; stages do not nest.

    Args:
        clock: seconds of CPU time: of the calling thread, or of the whole process (``time.process_time``), which counts the
            threads that a library starts for a stage, and what runs beside it too.
        every: after :data:`SURE` calls of a stage only every ``every``-th call is timed, and scaled up: asking the system
            for CPU time takes a twentieth of a millisecond and more on some machines. 0 times nothing and counts calls.

    Attributes:
        seconds: CPU seconds by stage.
        calls: how often each stage ran.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time, every: int = 8) -> None:
        self._clock, self._every = clock, every
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body as ``name``."""
        count = self.calls[name]
        self.calls[name] = count + 1
        if not self._every:
            yield
            return
        stands_for = 1 if count < SURE else self._every if (count - SURE) % self._every == 0 else 0
        if not stands_for:
            yield
            return
        start = self._clock()
        try:
            yield
        finally:
            self.seconds[name] += stands_for * (self._clock() - start)
