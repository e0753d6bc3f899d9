"""How found weights answer to true ones: correlation, slope, rest, sides, gaze."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morph.arrays import Reals

LEAST_ROWS = 8  # pictures or frames below which nothing is said
FLAT = 1e-6  # standard deviation up to which a weight does not move
AT_REST = 0.02  # true weight up to which an expression is at rest
STRONG = 0.3  # true weight from which an expression is plainly there
DIRECTIONS = ("mouth", "jaw", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeLookDown")  # Left and Right are no two sides of these
SIDES = ("Left", "Right")


@dataclass(frozen=True)
class Response:
    """How one found weight answers to the true one; NaN where the truth does not move or is seen too seldom.

    Attributes:
        correlation: of found and true.
        slope: of the regression of found on true; 1 is as strong as it is.
        rest: mean of found where the truth is at most :data:`AT_REST`.
        strong: share of the pictures in which the truth is at least :data:`STRONG`.
    """

    correlation: float
    slope: float
    rest: float
    strong: float


@dataclass(frozen=True)
class SideResponse:
    """How far two sides of a face come out apart; NaN where the truth's do not move.

    Attributes:
        apart: sd(L - R) / sd(L) of the found weights over that of the true ones; 0 where the found one does not move.
        tied: correlation of L and R as found.
        tied_true: the same of the truth.
        difference: correlation of L - R as found with the true one.
    """

    apart: float
    tied: float
    tied_true: float
    difference: float


def respond(found: Reals, true: Reals) -> Response:
    """The response of one weight.

    Args:
        found: ``(N,)``.
        true: ``(N,)``.
    """
    resting = found[true <= AT_REST]
    return Response(
        correlation(found, true),
        slope(found, true),
        float(resting.mean()) if len(resting) >= LEAST_ROWS else float("nan"),
        float((true >= STRONG).mean()) if len(true) else float("nan"),
    )


def respond_sides(found: Reals, true: Reals) -> SideResponse:
    """The response of a pair.

    Args:
        found: ``(N, 2)`` left and right.
        true: ``(N, 2)``.
    """
    mine, truth = _apart(found), _apart(true)
    return SideResponse(
        mine / truth if truth > FLAT else float("nan"),
        correlation(found[:, 0], found[:, 1]),
        correlation(true[:, 0], true[:, 1]),
        correlation(found[:, 0] - found[:, 1], true[:, 0] - true[:, 1]),
    )


def sides_of(names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Columns of left and right by the name without its side; directions and gaze are no pairs."""
    rows = {name: column for column, name in enumerate(names)}
    stems = [name.removesuffix("Left") for name in names if name.endswith("Left")]
    pairs = [stem for stem in stems if stem not in DIRECTIONS and f"{stem}Right" in rows]
    return {stem: (rows[f"{stem}Left"], rows[f"{stem}Right"]) for stem in pairs}


def gaze_of(names: Sequence[str], weights: Reals) -> Reals | None:
    """Where the eyes look: ``(N, 2, 2)`` left and right eye, to the subject's left and up; None without such weights.

    Args:
        names: of the columns.
        weights: ``(N, E)``; looks of 1 are as far as eyes go.
    """
    rows = {name: column for column, name in enumerate(names)}
    if any(f"eyeLook{way}{side}" not in rows for way in ("In", "Out", "Up", "Down") for side in SIDES):
        return None

    def difference(side: str, plus: str, minus: str) -> Reals:
        return np.asarray(weights[:, rows[f"eyeLook{plus}{side}"]] - weights[:, rows[f"eyeLook{minus}{side}"]])

    left = [difference("Left", "Out", "In"), difference("Left", "Up", "Down")]
    right = [difference("Right", "In", "Out"), difference("Right", "Up", "Down")]
    return np.stack([np.stack(left, -1), np.stack(right, -1)], 1)


def correlation(a: Reals, b: Reals) -> float:
    """Of two columns ``(N,)``; NaN of too few, or where one does not move."""
    if len(a) < LEAST_ROWS or min(np.std(a), np.std(b)) <= FLAT:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def slope(found: Reals, true: Reals) -> float:
    """By how much ``found`` ``(N,)`` grows as ``true`` ``(N,)`` grows by 1; NaN of too few, or of a truth that stands still."""
    if len(true) < LEAST_ROWS or np.std(true) <= FLAT:
        return float("nan")
    around = true - true.mean()
    return float((around * (found - found.mean())).mean() / (around * around).mean())


def median(values: Sequence[float]) -> float:
    """Of those that are numbers; NaN where none is."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")


def _apart(pair: Reals) -> float:
    """sd(L - R) / sd(L); NaN of too few, 0 of a left one that does not move."""
    if len(pair) < LEAST_ROWS:
        return float("nan")
    spread = float(np.std(pair[:, 0]))
    return float(np.std(pair[:, 0] - pair[:, 1])) / spread if spread > FLAT else 0.0
