"""Networks are told by the contents of their files."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

from morph.errors import MorphError


def content_of(path: str | os.PathLike[str]) -> str:
    """16 hexadecimal digits of SHA-256 of a file's bytes: two files of one name differ, two copies of one file do not.

    Raises:
        MorphError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no file {path}; give one that exists")
    state = path.stat()
    return _content(path.resolve(), state.st_size, state.st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _content(path: Path, size: int, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
