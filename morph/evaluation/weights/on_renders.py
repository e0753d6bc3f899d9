"""Weights on held-out renders, where the truth of every one of them is known."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Reals
from morph.evaluation.renders.held_out import read_held_out, smaller_euler
from morph.evaluation.weights.response import (
    AT_REST,
    STRONG,
    Response,
    SideResponse,
    correlation,
    gaze_of,
    median,
    respond,
    respond_sides,
    sides_of,
    slope,
)
from morph.evaluation.weights.tables import plain, table
from morph.tracking.options import TrackerOptions

FRONTAL = 45.0  # degrees of yaw up to which weights are judged
BINS = ((0, 30), (30, 45), (45, 90))
FOLLOWS = (0.6, 0.5)  # correlation and slope from which a weight is good enough to animate
FAINT = (0.3, 0.1)  # and below which it is dead

PROTOCOL = """\
weights    as they are exported: 0..1, found from crops centred on the true landmarks, of single pictures, without smoothing
           and without a resting face taken off; |yaw| < {frontal:.0f} unless a bin is named
r, slope   correlation with the truth, and slope of the regression of found on true (1: as strong as it is); `-` where the
           truth does not move. r_0 ...: the same correlation in bins of |yaw| of {bins} degrees
rest       mean of found where the truth is at most {rest}
strong     share of the pictures in which the truth is at least {strong}: below 0.03 nothing could be learned from them
follow     weights with r >= {follows[0]} and slope >= {follows[1]}; dead: r < {faint[0]} or slope < {faint[1]}; faint: the
           others; never: those that the truth never moves. median_r: over all weights, those that never move as 0
apart      sd(L - R) / sd(L) found over that of the truth; tied, tied_true: correlation of L and R; difference: correlation of
           L - R with the true one
gaze       (out - in) and (up - down) of each eye, both eyes together: correlation and slope
"""


@dataclass(frozen=True)
class HeldOutWeights:
    """Every weight against its truth; see ``PROTOCOL``.

    Attributes:
        regressor, experts, expressions, identity: what was measured.
        pictures, frontal: how many, and of them those that are judged.
        weights: by name.
        by_yaw: by the bin's name, the same in that bin.
        sides: by the name without its side.
        gaze: ``horizontal`` and ``vertical``, each correlation and slope; empty for models without such weights.
    """

    regressor: str
    experts: str
    expressions: str
    identity: str
    pictures: int
    frontal: int
    weights: dict[str, Response]
    by_yaw: dict[str, dict[str, Response]]
    sides: dict[str, SideResponse]
    gaze: dict[str, tuple[float, float]]

    @property
    def groups(self) -> dict[str, list[str]]:
        """Names of the weights that ``follow``, are ``faint``, ``dead``, or ``never`` move in the truth."""
        out: dict[str, list[str]] = {"follow": [], "faint": [], "dead": [], "never": []}
        for name, one in self.weights.items():
            out[_group(one)].append(name)
        return out

    @property
    def counts(self) -> dict[str, Any]:
        """The figures of the whole set."""
        known = {name: len(group) for name, group in self.groups.items()}
        return {
            "weights": len(self.weights),
            **known,
            "median_r": float(np.median([np.nan_to_num(one.correlation) for one in self.weights.values()])),
            "median_slope": float(np.median([np.nan_to_num(one.slope) for one in self.weights.values()])),
            "median_apart": median([one.apart for one in self.sides.values()]),
            "median_difference": median([one.difference for one in self.sides.values()]),
            **{f"gaze_{way}": pair[0] for way, pair in self.gaze.items()},
            **{f"gaze_{way}_slope": pair[1] for way, pair in self.gaze.items()},
            **{f"median_r_{name}": median([one.correlation for one in group.values()]) for name, group in self.by_yaw.items()},
        }

    @property
    def protocol(self) -> str:
        """How it was measured."""
        bins = ", ".join(f"{low}-{high}" for low, high in BINS)
        return PROTOCOL.format(frontal=FRONTAL, bins=bins, rest=AT_REST, strong=STRONG, follows=FOLLOWS, faint=FAINT)

    def as_json(self) -> dict[str, Any]:
        """All figures and the protocol; what is not known is null."""
        counts = {"counts": self.counts, "groups": self.groups}
        whole: dict[str, Any] = plain(dataclasses.asdict(self) | counts | {"protocol": self.protocol})
        return whole

    def as_text(self) -> str:
        """Tables of weights and sides, the counts, and the protocol."""
        bins = list(self.by_yaw)
        rows = [
            (name, one.correlation, one.slope, one.rest, one.strong, *(self.by_yaw[b][name].correlation for b in bins))
            for name, one in self.weights.items()
        ]
        sides = [(name, one.apart, one.tied, one.tied_true, one.difference) for name, one in self.sides.items()]
        about: dict[str, Any] = {name: getattr(self, name) for name in ("regressor", "experts", "expressions", "identity")}
        about |= {"pictures": self.pictures, "frontal": self.frontal}
        return "\n".join(
            [
                *table(("weight", "r", "slope", "rest", "strong", *(f"r_{name}" for name in bins)), rows),
                "",
                *table(("sides", "apart", "tied", "tied_true", "difference"), sides),
                "",
                *table((), list((about | self.counts).items())),
                *(f"{name}: {', '.join(group)}" for name, group in self.groups.items() if group and name != "follow"),
                "",
                self.protocol,
            ]
        )


def measure_held_out(folder: str | os.PathLike[str], options: TrackerOptions | None = None) -> HeldOutWeights:
    """Compare the weights of a crop set with those that a reader finds.

    Args:
        folder: a set of ``morph synth`` with a seed, or picture numbers, of its own.
        options: networks and model of a tracker; weights may be ``.safetensors``, too; None are the defaults.

    Raises:
        MorphError: files missing or damaged, or the set belongs to another model than the weights.
    """
    held = read_held_out(folder, options)
    std, truth = held.model.expression_std, held.crops.coefficients
    found, true = (np.clip(np.asarray(c.expression, np.float64) * std, 0.0, 1.0) for c in (held.found, truth))
    yaw = np.abs(np.degrees(smaller_euler(truth.rotation)[:, 1]))
    figures = compare(held.model.expression_names, found, true, yaw)
    return HeldOutWeights(regressor=held.weights, pictures=len(yaw), **(figures | held.reader.names))


def compare(names: Sequence[str], found: Reals, true: Reals, yaw: Reals) -> dict[str, Any]:
    """The figures of :class:`HeldOutWeights`.

    Args:
        names: of E weights.
        found: ``(N, E)``.
        true: ``(N, E)``.
        yaw: ``(N,)`` degrees, none negative.
    """

    def each(rows: Any) -> dict[str, Response]:
        return {name: respond(found[rows, column], true[rows, column]) for column, name in enumerate(names)}

    frontal = yaw < FRONTAL
    looks = [gaze_of(names, weights[frontal]) for weights in (found, true)]
    return {
        "frontal": int(frontal.sum()),
        "weights": each(frontal),
        "by_yaw": {f"{low}-{high}": each((yaw >= low) & (yaw < high)) for low, high in BINS},
        "sides": {
            stem: respond_sides(found[frontal][:, columns], true[frontal][:, columns])
            for stem, columns in sides_of(names).items()
        },
        "gaze": _gaze(*looks),
    }


def _gaze(found: Reals | None, true: Reals | None) -> dict[str, tuple[float, float]]:
    if found is None or true is None:
        return {}
    ways = {"horizontal": 0, "vertical": 1}
    pairs = {way: (found[..., column].ravel(), true[..., column].ravel()) for way, column in ways.items()}
    return {way: (correlation(*pair), slope(*pair)) for way, pair in pairs.items()}


def _group(one: Response) -> str:
    if not np.isfinite(one.slope):
        return "never"
    r = float(np.nan_to_num(one.correlation))
    if r >= FOLLOWS[0] and one.slope >= FOLLOWS[1]:
        return "follow"
    return "dead" if r < FAINT[0] or one.slope < FAINT[1] else "faint"
