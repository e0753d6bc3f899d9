"""How long each stage takes, in CPU time."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator


class Stopwatch:
    """Adds up CPU time by stage; stages do not nest.

    Args:
        clock: seconds of CPU time: of the calling thread, or of the whole process (``time.process_time``), which counts the
            threads that a library starts for a stage, and what runs beside it too.

    Attributes:
        seconds: CPU seconds by stage.
        calls: how often each stage ran.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body as ``name``."""
        start = self._clock()
        try:
            yield
        finally:
            self.seconds[name] += self._clock() - start
            self.calls[name] += 1
