"""Opens and reads ``.npz`` archives; nothing in them is ever unpickled."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.errors import reading


@contextlib.contextmanager
def open_npz(path: str | os.PathLike[str]) -> Iterator[np.lib.npyio.NpzFile]:
    """An archive of arrays, which are read as they are asked for; the file is closed afterwards, damaged or not.

    Args:
        path: of the archive.

    Raises:
        ValueError: a single array (``.npy``), or pickled objects.
        Exception: of many kinds where bytes are damaged; read within :func:`morph.errors.reading`.
    """
    with open(path, "rb") as file:
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("a single array, not an archive of named ones")
        with archive:
            yield archive


def read_npz(path: str | os.PathLike[str], kind: str, advice: str) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an archive, by name.

    Args:
        path: of the file.
        kind: what it should be, with its article, as in :func:`morph.errors.reading`.
        advice: what to do where it is not.

    Raises:
        MorphError: missing, cut short, damaged, larger than memory, or with pickled objects.
    """
    with reading(path, kind, advice), open_npz(path) as archive:
        return {name: archive[name] for name in archive.files}
