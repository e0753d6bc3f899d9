"""Blinks: listed by hand, found in tracks of landmarks, and how the two agree."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.model.ibug68 import EYE_CORNERS, LOWER_LIDS, UPPER_LIDS

Interval = tuple[int, int]

SHUT = 0.65  # share of its usual opening below which an eye blinks
USUAL = 1.0  # seconds to either side over whose median the usual opening is taken
PASSED = 0.5  # weight from which an exported blink counts
TOLERANCE = 2  # frames by which a blink may come early or late
COLUMNS = ("clip", "first", "last")


@dataclass(frozen=True)
class BlinkScores:
    """How the blinks that were found agree with those that are there.

    Attributes:
        listed, found: counts.
        precision: share of the found ones that are there; None where none was found.
        recall: share of those that are there that were found; None where there is none.
        missed, false: frames of those that were not found, and of those found that are not there.
    """

    listed: int
    found: int
    precision: float | None
    recall: float | None
    missed: tuple[Interval, ...] = ()
    false: tuple[Interval, ...] = ()


def eye_opening(points: npt.ArrayLike) -> Reals:
    """``(T,)`` height of both eyes over their width (the aspect ratio of Soukupová and Čech 2016) from ``(T, 68, 2)``."""
    points = np.asarray(points, np.float64)
    height = np.linalg.norm(points[:, UPPER_LIDS] - points[:, LOWER_LIDS], axis=-1).mean(-1)
    width = np.linalg.norm(points[:, EYE_CORNERS[0]] - points[:, EYE_CORNERS[1]], axis=-1).mean(-1)
    return np.asarray(height / np.maximum(width, 1e-9))


def find_blinks(frames: npt.ArrayLike, times: npt.ArrayLike, opening: npt.ArrayLike) -> list[Interval]:
    """First and last frames of the runs in which the eyes are open by less than :data:`SHUT` of the usual.

    Args:
        frames: ``(T,)`` numbers, growing; frames without a face are left out.
        times: ``(T,)`` seconds of these frames.
        opening: ``(T,)`` as :func:`eye_opening` gives it.
    """
    frames, times, opening = np.asarray(frames, int), np.asarray(times, float), np.asarray(opening, float)
    usual = np.array([np.median(opening[np.abs(times - time) <= USUAL]) for time in times])
    return _runs(frames[opening < SHUT * usual].tolist())


def blinks_of_weights(frames: npt.ArrayLike, weights: npt.ArrayLike) -> list[Interval]:
    """First and last frames of the runs in which the mean of both eyes' blink is at least :data:`PASSED`.

    Args:
        frames: ``(T,)`` numbers, growing; frames without a face are left out.
        weights: ``(T, 2)`` of both eyes, as they are exported.
    """
    shut = np.asarray(weights, float).mean(-1) >= PASSED
    return _runs(np.asarray(frames, int)[shut].tolist())


def score_weights(listed: list[Interval], frames: npt.ArrayLike, names: Sequence[str], weights: npt.ArrayLike) -> BlinkScores:
    """How the blinks in exported weights agree with those that are there.

    Args:
        listed: by hand.
        frames: ``(T,)`` numbers, growing.
        names: of E weights.
        weights: ``(T, E)``.

    Raises:
        MorphError: there is no weight of a blink among them.
    """
    columns = [column for column, name in enumerate(names) if name.startswith("eyeBlink")]
    if not columns:
        raise MorphError("this model has no weight called eyeBlink; leave `blinks=` out")
    return score_blinks(listed, blinks_of_weights(frames, np.asarray(weights)[:, columns]))


def _runs(frames: list[int]) -> list[Interval]:
    """First and last of each unbroken run of growing numbers."""
    runs: list[Interval] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs


def score_blinks(listed: list[Interval], found: list[Interval]) -> BlinkScores:
    """Precision and recall; two agree where their frames, widened by :data:`TOLERANCE`, meet."""

    def met(one: Interval, others: list[Interval]) -> bool:
        return any(one[0] <= last + TOLERANCE and first <= one[1] + TOLERANCE for first, last in others)

    missed = tuple(run for run in listed if not met(run, found))
    false = tuple(run for run in found if not met(run, listed))
    scores = _scores(len(listed), len(found), len(missed), len(false))
    return dataclasses.replace(scores, missed=missed, false=false)


def join_scores(scores: Sequence[BlinkScores]) -> BlinkScores | None:
    """Of several clips together, without the frames; None of none."""
    if not scores:
        return None
    wrong, unseen = sum(len(one.false) for one in scores), sum(len(one.missed) for one in scores)
    return _scores(sum(one.listed for one in scores), sum(one.found for one in scores), unseen, wrong)


def _scores(listed: int, found: int, missed: int, false: int) -> BlinkScores:
    return BlinkScores(
        listed,
        found,
        round(1 - false / found, 3) if found else None,
        round(1 - missed / listed, 3) if listed else None,
    )


def read_blinks(path: str | os.PathLike[str], clip: str | os.PathLike[str]) -> list[Interval] | None:
    """The blinks of one clip from a list for many: CSV of ``clip,first,last``, frames from 0; ``clip,,`` has none.

    Returns:
        None where the list does not name the clip.

    Raises:
        MorphError: missing, or not such a list.
    """
    name, runs, known = Path(clip).name, [], False
    try:
        with Path(path).open(newline="") as file:
            rows = csv.DictReader(line for line in file if not line.startswith("#"))
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise MorphError(f"{path} must begin with the columns {','.join(COLUMNS)}")
            for row in rows:
                if row["clip"] != name:
                    continue
                known = True
                if row["first"]:
                    runs.append((int(row["first"]), int(row["last"])))
    except OSError as error:
        raise MorphError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, UnicodeDecodeError):
        raise MorphError(f"{path} has a line that is not clip,first,last with whole frame numbers") from None
    return sorted(runs) if known else None
