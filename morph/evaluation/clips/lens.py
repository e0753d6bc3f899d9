"""How well a lens is solved from rendered clips whose focal length is known."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from morph.errors import MorphError
from morph.frames import open_source
from morph.tracking import Tracker, TrackerOptions
from morph.tracking.lens.auto import SolvedLens, solve_lens

PROTOCOL = """\
clips        rendered by `data/clips/render.py`, with the true focal length of each beside it (`camera_focal` of its .npz)
solved       those that say they tell their lens (a turn of 25 degrees, enough that could be followed); others keep the default
error        of the focal length of the solved ones in %: median, worst, signed median (+ is too long)
within_15    share of the solved ones that are at most 15 % off
inside       share whose true focal length lies in the interval that was said, which should hold two of three
"""


@dataclass(frozen=True)
class ClipLens:
    """One clip.

    Attributes:
        name: of its file.
        turn: degrees, largest between two frames.
        depth: largest distance over the smallest.
        error: of the focal length in %; of the default where nothing was solved.
        low, high: ends of the interval over the true focal length; 0 where nothing was solved.
        solved: whether the clip told its lens.
    """

    name: str
    turn: float
    depth: float
    error: float
    low: float
    high: float
    solved: bool


@dataclass(frozen=True)
class LensReport:
    """All clips; see ``PROTOCOL``."""

    clips: list[ClipLens]

    @property
    def figures(self) -> dict[str, Any]:
        """The measures by name."""
        solved = [clip for clip in self.clips if clip.solved]
        errors = np.array([clip.error for clip in solved])
        out: dict[str, Any] = {"clips": len(self.clips), "solved": len(solved)}
        if not solved:
            return out
        size = np.abs(errors)
        out["error"] = [round(float(value), 1) for value in (np.median(size), size.max(), np.median(errors))]
        out["within_15"] = round(float((size <= 15).mean()), 3)
        out["inside"] = round(float(np.mean([clip.low <= 1 <= clip.high for clip in solved])), 3)
        return out

    def as_json(self) -> dict[str, Any]:
        """All measures, every clip and the protocol."""
        return self.figures | {"each": [dataclasses.asdict(clip) for clip in self.clips], "protocol": PROTOCOL}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = [f"{name:<12} {value}" for name, value in self.figures.items()]
        for clip in self.clips:
            said = f"{clip.error:+.1f} %, {clip.low:.2f} to {clip.high:.2f} of the truth" if clip.solved else "not solved"
            rows.append(f"  {clip.name:<10} turn {clip.turn:3.0f}, distance {clip.depth:.2f} times: {said}")
        return "\n".join([*rows, "", PROTOCOL])


def clips_of(folder: str | os.PathLike[str]) -> list[Path]:
    """The rendered clips of a folder that have their truth beside them."""
    return [clip for clip in sorted(Path(folder).glob("*.mp4")) if clip.with_suffix(".npz").is_file()]


def measure_lenses(folder: str | os.PathLike[str], options: TrackerOptions | None = None) -> LensReport:
    """Track clips, solve their lenses, and compare.

    Args:
        folder: of clips of ``data/clips/render.py``.
        options: of the tracker; None are the defaults.

    Raises:
        MorphError: no clip, or one without its camera.
    """
    clips = clips_of(folder)
    if not clips:
        raise MorphError(f"{folder} holds no clip with its camera beside it; render some with data/clips/render.py")
    tracker = Tracker(dataclasses.replace(options or TrackerOptions(), level=0))
    return LensReport([_measured(clip, tracker) for clip in clips])


def _measured(clip: Path, tracker: Tracker) -> ClipLens:
    with np.load(clip.with_suffix(".npz")) as beside:
        if "camera_focal" not in beside:
            raise MorphError(f"{clip.with_suffix('.npz')} does not say its camera; render the clip again")
        true = float(beside["camera_focal"].mean())
    tracker.reset()
    faces, size = [], (1, 1)
    for frame in open_source(clip):
        faces += tracker.process(frame.image, frame.time, frame.index)
        size = frame.image.shape[1], frame.image.shape[0]
    found: SolvedLens = solve_lens(faces, open_source(clip), tracker.lens_of(size))
    error = 100 * (found.lens.focal / true - 1)
    return ClipLens(clip.name, found.turn, found.depth, error, found.low / true, found.high / true, found.solved)
