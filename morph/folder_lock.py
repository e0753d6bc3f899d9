"""One run at a time in a folder: a lock that the system takes back when its holder dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morph.errors import MorphError

NAME = ".morph-lock"  # holds the number of the process


@contextlib.contextmanager
def only_run_in(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of a folder that exists.

    A killed run's lock is gone with it; its file may stay and is in nobody's way. Where the file system has no locks, or the
    folder cannot be written, there is none to hold.

    Raises:
        MorphError: another run holds it.
    """
    path = Path(folder) / NAME
    held = _take(path)
    if held is None:
        yield
        return
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=held.forget)
    try:
        yield
    finally:
        held.release()


class _Held:
    """An open file that is locked."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    def forget(self) -> None:
        """In a forked child: it does not keep the lock of a parent that dies."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def release(self) -> None:
        """Take the file away, then let go: who waits finds that what it locked is no longer the folder's."""
        if self._handle < 0:
            return
        with contextlib.suppress(OSError):  # Windows keeps files that are open
            self._path.unlink()
        self.forget()
        if os.name == "nt":
            with contextlib.suppress(OSError):
                self._path.unlink()


def _take(path: Path) -> _Held | None:
    """The lock; None where there cannot be one."""
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            return None
        try:
            _lock(handle)
        except BlockingIOError:
            who = _who(handle)
            os.close(handle)
            raise MorphError(
                f"another run{who} writes into {path.parent}; wait until it ends, or choose another folder"
            ) from None
        except OSError:  # no locks here
            os.close(handle)
            return None
        if _is_at(handle, path):
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
            return _Held(path, handle)
        os.close(handle)  # its holder has just removed it


def _lock(handle: int) -> None:
    """Lock an open file or say that it is taken.

    Raises:
        BlockingIOError: another one holds it.
        OSError: there are no locks.
    """
    if os.name == "nt":
        import msvcrt

        windows: Any = msvcrt
        try:
            os.lseek(handle, 1 << 20, os.SEEK_SET)  # far behind what is written, which others may read
            windows.locking(handle, windows.LK_NBLCK, 1)
        except PermissionError:
            raise BlockingIOError from None
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(handle: int, path: Path) -> bool:
    try:
        here, there = os.fstat(handle), os.stat(path)
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _who(handle: int) -> str:
    with contextlib.suppress(OSError):
        number = os.read(handle, 20).decode("ascii", "replace").strip()
        if number.isdigit():
            return f" (process {number})"
    return ""
