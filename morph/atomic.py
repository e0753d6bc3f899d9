"""Files that are either whole or absent: written beside their target, then moved into place."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from morph.errors import MorphError


@contextlib.contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``target``; on success move it onto ``target``, on any error remove it.

    The temporary name keeps the suffix of the target, so writers that choose a format by suffix work.

    Raises:
        MorphError: the folder does not exist or cannot be written, or the target is a folder itself.
    """
    target = Path(target)
    if target.is_dir():
        raise MorphError(f"cannot write {target}: it is a folder; give the name of a file")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise MorphError(f"cannot write {target}: {error.strerror}; choose a folder that exists and is writable") from None
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def output_folder(path: str | os.PathLike[str]) -> Path:
    """Make ``path`` (and parents) and prove that a file can be written there.

    Raises:
        MorphError: it is a file, or it cannot be made or written.
    """
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
