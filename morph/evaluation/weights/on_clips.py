"""Weights on clips of real people, beside an outside judge and a list of blinks."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from morph.arrays import Reals
from morph.errors import MorphError
from morph.evaluation.clips.blinks import PASSED, TOLERANCE, BlinkScores, join_scores, read_blinks, score_weights
from morph.evaluation.weights.clip_weights import ClipWeights, track_weights
from morph.evaluation.weights.judge import Judge, Judgement
from morph.evaluation.weights.response import correlation, gaze_of, median, respond_sides, sides_of, slope
from morph.evaluation.weights.tables import plain, table
from morph.frames import open_source
from morph.tracking.options import TrackerOptions

FOLLOWS = (0.5, 0.3)  # median correlation and slope from which a weight follows the judge
MOVES = 0.02  # standard deviation in a clip from which the judge's weight says anything
NAMED = 6  # weights that a clip rests at and that are named, at most
NOTED = 0.1  # and the least of them
FilePath = str | os.PathLike[str]

PROTOCOL = """\
weights    as `morph track` exports them, 0..1, of the person seen in the most frames of each clip
median     over the frames of a clip, of the median and of the highest clip; `rests at`: the highest of them, of each clip
sd         within a clip; median over the clips. judge_sd: the judge's, of the clips in which it is at least {moves}
r, slope   within a clip, over the frames in which both see a face: correlation with the judge, and slope of the regression
           on it; medians over the clips in which the judge's own weight moves (sd of at least {moves}): `clips` of them
follow     weights with r >= {follows[0]} and slope >= {follows[1]}, of those that move in a clip (`judged`)
apart      sd(L - R) / sd(L) of a pair over the judge's; median over the clips in which the judge's left and L - R move, and
           over the pairs
gaze       (out - in) and (up - down), mean of both eyes: sd over the judge's and correlation, medians over the clips in which
           the judge's moves
blinks     runs of frames in which the mean of both eyeBlink weights is at least {passed}; right within {tolerance} frames of a
           listed one; clips that the list names
"""


@dataclass(frozen=True)
class ClipResponse:
    """One weight on clips; NaN where nothing is known.

    Attributes:
        correlation, slope: within a clip, against the judge, medians.
        clips: in which the judge's weight moves.
        sd, judge_sd: within a clip, medians.
        median, highest: of the medians over frames of each clip: their median and their highest.
    """

    correlation: float
    slope: float
    clips: int
    sd: float
    judge_sd: float
    median: float
    highest: float


@dataclass(frozen=True)
class ClipsWeights:
    """Weights of clips; see ``PROTOCOL``.

    Attributes:
        regressor, experts, identity, smoothing, neutral, gains: what was measured.
        judge: its version, "" where there was none.
        frames: with a face, by clip.
        weights: by name.
        rest: by clip, the median of every weight over the frames.
        sides: by the name without its side, the share of the judge's difference.
        gaze: ``horizontal`` and ``vertical``: sd over the judge's and correlation.
        blinks: of each clip that is listed; ``blinks_all`` together.
    """

    regressor: str
    experts: str
    expressions: str
    identity: str
    smoothing: str
    neutral: str
    gains: str
    judge: str
    frames: dict[str, int]
    weights: dict[str, ClipResponse]
    rest: dict[str, dict[str, float]]
    sides: dict[str, float]
    gaze: dict[str, tuple[float, float]]
    blinks: dict[str, BlinkScores] = field(default_factory=dict)
    blinks_all: BlinkScores | None = None

    @property
    def groups(self) -> dict[str, list[str]]:
        """Names of the weights that ``follow`` the judge, and of those that do not (``others``)."""
        judged = {name: one for name, one in self.weights.items() if one.clips}
        follow = [name for name, one in judged.items() if one.correlation >= FOLLOWS[0] and one.slope >= FOLLOWS[1]]
        return {"follow": follow, "others": [name for name in judged if name not in follow]}

    @property
    def counts(self) -> dict[str, Any]:
        """The figures of all clips together."""
        out: dict[str, Any] = {"clips": len(self.frames), "frames": sum(self.frames.values())}
        if self.judge:
            follow, others = self.groups["follow"], self.groups["others"]
            out |= {"judged": len(follow) + len(others), "follow": len(follow)}
            out |= {"median_apart": median(list(self.sides.values()))}
            out |= {f"gaze_{way}_amplitude": pair[0] for way, pair in self.gaze.items()}
            out |= {f"gaze_{way}_r": pair[1] for way, pair in self.gaze.items()}
        if self.blinks_all is not None:
            scores = self.blinks_all
            out |= {"blinks_listed": scores.listed, "blinks_found": scores.found}
            out |= {"blinks_precision": scores.precision, "blinks_recall": scores.recall}
        return out

    @property
    def protocol(self) -> str:
        """How it was measured."""
        return PROTOCOL.format(moves=MOVES, follows=FOLLOWS, passed=PASSED, tolerance=TOLERANCE)

    def as_json(self) -> dict[str, Any]:
        """All figures and the protocol; what is not known is null."""
        counts = {"counts": self.counts, "groups": self.groups}
        whole: dict[str, Any] = plain(dataclasses.asdict(self) | counts | {"protocol": self.protocol})
        return whole

    def as_text(self) -> str:
        """Tables, the counts, and the protocol."""
        columns = ("weight", "median", "highest", "sd")
        judged = ("judge_sd", "r", "slope", "clips") if self.judge else ()
        rows = []
        for name, one in self.weights.items():
            row = (name, one.median, one.highest, one.sd)
            rows.append((*row, one.judge_sd, one.correlation, one.slope, one.clips) if self.judge else row)
        about: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("regressor", "experts", "expressions", "identity", "smoothing", "neutral", "gains", "judge")
        }
        blinks = [(clip, one.listed, one.found, _runs(one.missed), _runs(one.false)) for clip, one in self.blinks.items()]
        lines = [*table((*columns, *judged), rows), ""]
        lines += [*table(("sides", "apart"), list(self.sides.items())), ""] if self.judge else []
        lines += [*table(("blinks", "listed", "found", "missed", "false"), blinks), ""] if blinks else []
        lines += table((), list((about | self.counts).items()))
        lines += [f"follow: {', '.join(self.groups['follow'])}"] if self.judge else []
        lines += [f"{clip} rests at {_highest(medians)}" for clip, medians in self.rest.items()]
        return "\n".join([*lines, "", self.protocol])


@dataclass(frozen=True)
class ClipBench:
    """What clips are measured against.

    Attributes:
        judge: None measures medians and spread alone.
        blinks: list of blinks, see :func:`morph.evaluation.clips.blinks.read_blinks`; None judges none.
        offline: smooth in a second pass.
    """

    judge: Judge | None = None
    blinks: FilePath | None = None
    offline: bool = False


def measure_clips(clips: Sequence[FilePath], options: TrackerOptions, bench: ClipBench) -> ClipsWeights:
    """Track clips and compare the weights that come out.

    Args:
        clips: files, or folders of numbered pictures.
        options: of the tracker, which smooths as ``bench`` says.
        bench: what they are compared with.

    Raises:
        MorphError: a clip cannot be read, is none or shows no face; two have one name; or as of the judge and the list.
    """
    tracks: dict[str, ClipWeights] = {}
    said: dict[str, Judgement] = {}
    blinks: dict[str, BlinkScores] = {}
    for clip in clips:
        name = Path(clip).name
        if name in tracks:
            raise MorphError(f"two clips are called {name}; give each once, under a name of its own")
        source = open_source(clip)
        tracks[name] = track_weights(source, options, offline=bench.offline)
        if bench.judge is not None:
            said[name] = bench.judge(source)
        listed = None if bench.blinks is None else read_blinks(bench.blinks, clip)
        if listed is not None:
            blinks[name] = score_weights(listed, tracks[name].frame, tracks[name].names, tracks[name].weights)
    first = next(iter(tracks.values()))
    return ClipsWeights(
        **first.about,
        judge=next((one.version for one in said.values()), ""),
        frames={name: len(track.frame) for name, track in tracks.items()},
        **compare_clips(list(tracks.values()), list(said.values())),
        rest={name: track.medians() for name, track in tracks.items()},
        blinks=blinks,
        blinks_all=join_scores(list(blinks.values())),
    )


def compare_clips(tracks: Sequence[ClipWeights], said: Sequence[Judgement]) -> dict[str, Any]:
    """``weights``, ``sides`` and ``gaze`` of :class:`ClipsWeights`.

    Args:
        tracks: one a clip.
        said: of the same clips; empty where nobody judged.
    """
    names = tracks[0].names
    pairs = [_meet(track, one) for track, one in zip(tracks, said, strict=True)] if said else []
    weights = {}
    for column, name in enumerate(names):
        mine = [track.weights[:, column] for track in tracks]
        both = [(found[:, column], true[:, column]) for found, true in pairs]
        moving = [pair for pair in both if len(pair[1]) and np.std(pair[1]) >= MOVES]
        middles = [float(np.median(values)) for values in mine]
        weights[name] = ClipResponse(
            median([correlation(*pair) if np.std(pair[0]) > 0 else 0.0 for pair in moving]),
            median([slope(*pair) for pair in moving]),
            len(moving),
            median([float(np.std(values)) for values in mine]),
            median([float(np.std(true)) for _, true in moving]),
            median(middles),
            max(middles),
        )
    return {"weights": weights, "sides": _sides(names, pairs), "gaze": _gaze(names, pairs)}


def _meet(track: ClipWeights, said: Judgement) -> tuple[Reals, Reals]:
    """Found and judged weights ``(T, E)`` of the frames that both have; NaN for names that the judge does not know."""
    _, mine, other = np.intersect1d(track.frame, said.frame, return_indices=True)
    columns = {name: column for column, name in enumerate(said.names)}
    judged = np.full((len(other), len(track.names)), np.nan)
    for column, name in enumerate(track.names):
        if name in columns:
            judged[:, column] = said.scores[other, columns[name]]
    return track.weights[mine], judged


def _runs(runs: Sequence[tuple[int, int]]) -> str:
    return " ".join(f"{first}-{last}" for first, last in runs) or "-"


def _highest(medians: dict[str, float]) -> str:
    """The weights that a face has most of the time."""
    high = sorted(medians.items(), key=lambda item: -item[1])[:NAMED]
    return ", ".join(f"{name} {value:.2f}" for name, value in high if value >= NOTED) or "0"


def _sides(names: Sequence[str], pairs: Sequence[tuple[Reals, Reals]]) -> dict[str, float]:
    out = {}
    for stem, columns in sides_of(names).items():
        both = [(found[:, columns], true[:, columns]) for found, true in pairs]
        moving = [
            pair for pair in both if len(pair[1]) and min(np.std(pair[1][:, 0]), np.std(pair[1][:, 0] - pair[1][:, 1])) >= MOVES
        ]
        out[stem] = median([respond_sides(*pair).apart for pair in moving])
    return out


def _gaze(names: Sequence[str], pairs: Sequence[tuple[Reals, Reals]]) -> dict[str, tuple[float, float]]:
    out: dict[str, tuple[float, float]] = {}
    looks = [(gaze_of(names, found), gaze_of(names, true)) for found, true in pairs]
    for column, way in enumerate(("horizontal", "vertical")):
        known = [(a[..., column].mean(1), b[..., column].mean(1)) for a, b in looks if a is not None and b is not None]
        moving = [(a, b) for a, b in known if len(b) and np.std(b) >= MOVES]
        if known:
            amplitude = median([float(np.std(a) / np.std(b)) for a, b in moving])
            out[way] = amplitude, median([correlation(a, b) for a, b in moving])
    return out
