"""Write behind: results are written in a thread, in order, while the next ones are made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class WriteBehind:
    """One thread that does one piece of work after another.

    An error of a piece is raised by the next :meth:`submit`, or at the end; what comes after that piece is left undone. Where
    the caller fails, what it gave before is still done.

    Args:
        depth: how many pieces wait at most; :meth:`submit` blocks while there is no room.
    """

    def __init__(self, depth: int) -> None:
        self._depth, self._waiting, self._failed = depth, deque[Future[None]](), False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="write behind")

    def __enter__(self) -> WriteBehind:
        return self

    def submit(self, work: Callable[[], None]) -> None:
        """Do ``work`` after all that was given before."""
        while self._waiting and (len(self._waiting) >= self._depth or self._waiting[0].done()):
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._do, work))

    def _do(self, work: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            work()
        except BaseException:
            self._failed = True
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            while kind is None and self._waiting:
                self._waiting.popleft().result()
        finally:
            self._pool.shutdown(wait=True)
