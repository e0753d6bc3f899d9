"""An ``.npy`` larger than memory, written row after row. A memory map would end the program where the disk is full."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt


class NpyRows:
    """Writes the rows of one array, in order, into a file that :func:`numpy.load` reads; to be used in a ``with``.

    Args:
        path: of the file.
        dtype: of the array.
        shape: of the array; as many rows must come as its first number says.
    """

    def __init__(self, path: str | os.PathLike[str], dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
        self._dtype, self._shape, self._count = np.dtype(dtype), tuple(int(n) for n in shape), 0
        self._file = Path(path).open("wb")  # noqa: SIM115  (closed by __exit__)
        described = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": self._shape}
        np.lib.format.write_array_header_1_0(self._file, described)

    def __enter__(self) -> NpyRows:
        return self

    def add(self, rows: npt.NDArray[np.generic]) -> None:
        """Append ``(n, *shape[1:])``.

        Raises:
            ValueError: rows of another shape.
            OSError: the disk takes no more.
        """
        if rows.shape[1:] != self._shape[1:]:
            raise ValueError(f"rows of shape {rows.shape[1:]} do not fit {self._shape}")
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._count += len(rows)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._file.close()
        if kind is None and self._count != self._shape[0]:
            raise ValueError(f"{self._count} rows came for an array of {self._shape[0]}")
