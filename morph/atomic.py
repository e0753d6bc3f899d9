"""Files that are either whole or absent: written beside their target, then moved into place."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from morph.errors import MorphError

REFUSED = tuple(getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO") if hasattr(errno, name))


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; on success move it onto ``target``, on any error remove it.

    The temporary name keeps the suffix of the target, so writers that choose a format by suffix work. What ``target`` may
    replace is for the caller to say beforehand (:mod:`morph.outputs`).

    Raises:
        MorphError: the folder does not exist or cannot be written, the target is a folder or a device, or the disk is full.
    """
    check_target(target)
    target = Path(target)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem[:100]}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise MorphError(f"cannot write {target}: {error.strerror}; choose a folder that exists and is writable") from None
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        if temporary.stat().st_nlink == 1:  # a link to another file leaves that file as it is
            temporary.chmod(0o666 & ~umask)
        _move(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        why = why_not_written(error)
        if why is None:
            raise
        raise MorphError(f"cannot write {target}: {why}; nothing was kept of it") from None


def check_target(target: str | os.PathLike[str]) -> None:
    """See that ``target`` may be the name of a file that is replaced whole.

    Raises:
        MorphError: an empty name, a folder, or something that is no ordinary file (a device, a pipe).
    """
    if not os.fspath(target):
        raise MorphError("cannot write a file without a name; is a variable empty?")
    try:
        mode = os.stat(target).st_mode
    except (OSError, ValueError):
        return  # what is not there is in nobody's way; other reasons show when it is written
    if stat.S_ISDIR(mode):
        raise MorphError(f"cannot write {target}: it is a folder; give the name of a file")
    if not stat.S_ISREG(mode):
        raise MorphError(f"cannot write {target}: it is a device or a pipe; give the name of a file")


def why_not_written(error: BaseException) -> str | None:
    """The system's own words where it refused to store bytes (no space, quota, size limit, read-only); else None.

    Libraries that write by themselves (USD, OpenEXR, safetensors) wrap those words into errors of their own.
    """
    if isinstance(error, MorphError):
        return None
    if isinstance(error, OSError) and error.errno is not None and error.errno in REFUSED:
        return os.strerror(error.errno)
    text = str(error) if isinstance(error, Exception) else ""
    return next((os.strerror(code) for code in REFUSED if os.strerror(code) in text), None)


def write_all(file: IO[bytes], pieces: Iterable[bytes | memoryview]) -> None:
    """Write every byte of ``pieces`` into a file opened without a buffer, where one call may store only some of them.

    Raises:
        OSError: the system refuses more.
    """
    for piece in pieces:
        rest = memoryview(piece).cast("B")
        while rest:
            rest = rest[file.write(rest) :]


def reserve(path: Path, size: int) -> None:
    """See that there is room for ``size`` bytes at ``path``, for a writer that cannot be told that there is none.

    Raises:
        OSError: there is not.
    """
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, max(size, 1))
        else:
            for start in range(0, size, 1 << 20):
                file.write(bytes(min(1 << 20, size - start)))


def _move(temporary: Path, target: Path) -> None:
    """Put a whole file in its place.

    Raises:
        MorphError: the system does not allow it, as Windows does not while another program holds the file.
    """
    try:
        os.replace(temporary, target)
    except OSError as error:
        raise MorphError(f"cannot write {target}: {error.strerror}; is it open in another program?") from None


def output_folder(path: str | os.PathLike[str]) -> Path:
    """Make ``path`` (and parents) and prove that a file can be written there.

    Raises:
        MorphError: an empty name, it is a file, or it cannot be made or written.
    """
    if not os.fspath(path):
        raise MorphError("cannot write into a folder without a name; is a variable empty?")
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".probe-", dir=path):
            pass
    except FileExistsError:
        raise MorphError(f"cannot write into {path}: it is a file; give a folder") from None
    except OSError as error:
        raise MorphError(f"cannot write into {path}: {error.strerror}; choose a writable folder") from None
    return path
