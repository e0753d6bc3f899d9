"""Figures as aligned text and as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right.

    Args:
        head: names of the columns; none for a list of names and values.
        rows: a name, then numbers or words; numbers with three decimals, ``-`` for NaN.
    """
    text = [list(head)] if head else []
    text += [[shown(value) for value in row] for row in rows]
    if not text:
        return []
    widths = [max(len(row[column]) for row in text) for column in range(len(text[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in text
    ]


def shown(value: Any) -> str:
    """A value for a table."""
    if not isinstance(value, float):
        return str(value)
    return "-" if math.isnan(value) else f"{value:.3f}"


def plain(value: Any) -> Any:
    """The same for JSON: numbers to four decimals, None for those that are not known."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return round(float(value), 4) if math.isfinite(value) else None
    return value
