"""Reads NumPy's archives from outside: whole, without pickles, or one line."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.errors import reading


def read_npz(path: str | os.PathLike[str], kind: str, advice: str) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an ``.npz``, by name; pickled objects are never opened.

    Args:
        path: of the file.
        kind: what it should be, with its article, as in :func:`morph.errors.reading`.
        advice: what to do where it is not.

    Raises:
        MorphError: missing, cut short, damaged, or with pickled objects.
    """
    with reading(path, kind, advice), np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
