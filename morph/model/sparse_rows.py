"""Sparse matrices by rows: as much as subdivision needs of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats
from morph.compiled import compiled


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A matrix of mostly zeros.

    Attributes:
        values: ``(K,)`` what is not zero, row by row.
        columns: ``(K,)`` where it stands.
        starts: ``(rows + 1,)`` where each row begins among them.
        width: how many columns there are.
    """

    values: Doubles
    columns: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    width: int

    @classmethod
    def of(cls, rows: npt.ArrayLike, columns: npt.ArrayLike, values: npt.ArrayLike, shape: tuple[int, int]) -> SparseRows:
        """From ``(K,)`` places in any order and what stands there; what falls on one place is added up."""
        place = np.asarray(rows, np.int64) * shape[1] + np.asarray(columns, np.int64)
        order = np.argsort(place, kind="stable")
        place = place[order]
        first = np.flatnonzero(np.diff(place, prepend=-1))
        added = np.asarray(values, np.float64)[order]
        added = np.add.reduceat(added, first) if len(first) else added
        row, column = np.divmod(place[first], shape[1])
        return cls(added, column, np.searchsorted(row, np.arange(shape[0] + 1)), shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.starts) - 1, self.width

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """``(K,)`` the row of each value."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.starts))

    def sum(self) -> Doubles:
        """``(rows,)`` of each row."""
        return np.bincount(self.rows, self.values, self.shape[0]).astype(np.float64)

    def times_rows(self, factors: Doubles) -> SparseRows:
        """Each row times its factor."""
        return SparseRows(self.values * np.asarray(factors, np.float64)[self.rows], self.columns, self.starts, self.width)

    def times_columns(self, factors: Doubles) -> SparseRows:
        """Each column times its factor."""
        return SparseRows(self.values * np.asarray(factors, np.float64)[self.columns], self.columns, self.starts, self.width)

    def __add__(self, other: SparseRows) -> SparseRows:
        both = [np.concatenate(pair) for pair in zip(self._places(), other._places(), strict=True)]
        return SparseRows.of(both[0], both[1], both[2], self.shape)

    def __matmul__(self, other: SparseRows) -> SparseRows:
        """The product of two."""
        lengths = np.diff(other.starts)[self.columns]
        which = np.repeat(np.arange(len(self.columns)), lengths)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        theirs = other.starts[self.columns][which] + inside
        values = self.values[which] * other.values[theirs]
        return SparseRows.of(self.rows[which], other.columns[theirs], values, (self.shape[0], other.width))

    def apply(self, dense: Floats) -> Floats:
        """``(rows, C)`` float32: the product with ``(width, C)`` numbers."""
        out = np.zeros((self.shape[0], dense.shape[1]), np.float32)
        _apply(self.values.astype(np.float32), self.columns, self.starts, np.ascontiguousarray(dense, np.float32), out)
        return out

    def _places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Doubles]:
        return self.rows, self.columns, self.values


def diagonal(values: Doubles) -> SparseRows:
    """The square matrix with these numbers along its diagonal."""
    count = len(values)
    return SparseRows(np.asarray(values, np.float64), np.arange(count), np.arange(count + 1), count)


def below(parts: list[SparseRows]) -> SparseRows:
    """Matrices of one width, one below the other."""
    ends = np.cumsum([0, *(len(part.values) for part in parts)])
    starts = [part.starts[:-1] + end for part, end in zip(parts, ends[:-1], strict=True)]
    values, columns = (np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "columns"))
    return SparseRows(values, columns, np.concatenate([*starts, ends[-1:]]), parts[0].width)


@compiled
def _apply(values: Any, columns: Any, starts: Any, dense: Any, out: Any) -> None:
    for row in range(len(starts) - 1):
        for k in range(starts[row], starts[row + 1]):
            value, source = values[k], dense[columns[k]]
            for column in range(out.shape[1]):
                out[row, column] += value * source[column]
