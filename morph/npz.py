"""Opens ``.npz`` archives; nothing in them is ever unpickled."""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

DAMAGED = (OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""Every way in which NumPy and zipfile say that the bytes of an archive are damaged."""


@contextlib.contextmanager
def open_npz(path: str | os.PathLike[str]) -> Iterator[np.lib.npyio.NpzFile]:
    """An archive of arrays, which are read as they are asked for; the file is closed afterwards, damaged or not.

    Args:
        path: of the archive.

    Raises:
        ValueError: a single array (``.npy``), or pickled objects.
        Exception: one of :data:`DAMAGED`, on opening or when an array is read.
    """
    with open(path, "rb") as file:
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array, not an archive of named ones")
        with archive:
            yield archive
