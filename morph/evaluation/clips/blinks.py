"""Blinks: listed by hand, found in tracks of landmarks, and how the two agree."""

from __future__ import annotations

import csv
import os
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
TOLERANCE = 2  # frames by which a blink may come early or late
COLUMNS = ("clip", "first", "last")


@dataclass(frozen=True)
class BlinkScores:
    """How the blinks that were found agree with those that are there.

    Attributes:
        listed, found: counts.
        precision: share of the found ones that are there; None where none was found.
        recall: share of those that are there that were found; None where there is none.
    """

    listed: int
    found: int
    precision: float | None
    recall: float | None


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
    runs: list[Interval] = []
    for frame in frames[opening < SHUT * usual].tolist():
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs


def score_blinks(listed: list[Interval], found: list[Interval]) -> BlinkScores:
    """Precision and recall; two agree where their frames, widened by :data:`TOLERANCE`, meet."""

    def met(one: Interval, others: list[Interval]) -> bool:
        return any(one[0] <= last + TOLERANCE and first <= one[1] + TOLERANCE for first, last in others)

    right, seen = sum(met(run, listed) for run in found), sum(met(run, found) for run in listed)
    return BlinkScores(
        len(listed),
        len(found),
        round(right / len(found), 3) if found else None,
        round(seen / len(listed), 3) if listed else None,
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
