"""Read ahead: the next items of an iterator are made in a thread while the last one is worked on."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 0.05  # seconds after which a thread that waits for room looks whether it is still wanted


def read_ahead(items: Iterable[T], depth: int) -> Iterator[T]:
    """The items in their order, up to ``depth`` of them made before they are asked for.

    An error of the iterator is raised where the item it stands for would have come. Where the caller stops early, so does
    the thread, and the iterator is closed.

    Args:
        items: is used in the thread only.
        depth: how many items wait at most.
    """
    waiting: queue.Queue[tuple[str, T | BaseException | None]] = queue.Queue(depth)
    stop = threading.Event()

    def offer(kind: str, value: T | BaseException | None) -> bool:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put((kind, value), timeout=PATIENCE)
                return True
        return False

    def run() -> None:
        iterator = iter(items)
        try:
            for item in iterator:
                if not offer("item", item):
                    break
            else:
                offer("end", None)
        except BaseException as error:  # belongs to whoever asks for the item
            offer("error", error)
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=run, daemon=True, name="read ahead")
    thread.start()
    try:
        while True:
            kind, value = waiting.get()
            if kind == "end":
                return
            if kind == "error":
                raise value  # type: ignore[misc]
            yield value  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()
