"""How jitter and lag of tracks on clips depend on the cut-offs of the smoothing: the network looks once, filters run often."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from morph.arrays import Reals
from morph.errors import MorphError
from morph.evaluation.clips.motion import lag, runs_of, shaking, sides
from morph.frames import open_source
from morph.model import landmark_decoder
from morph.model.ibug68 import MIDDLE_OF_INNER_LIPS
from morph.tracking import Face, SmoothingConfig, Tracker, TrackerOptions
from morph.tracking.smoothing.face_smoother import FaceSmoother, place
from morph.tracking.smoothing.one_euro import Cutoffs

GROUPS = ("rotation", "position", "scale", "expression", "eyelids")
FACTORS = (0.5, 0.7, 1.4, 2.0)
MOST_LAG = 1.0  # frames
SPREAD = 0.4  # of the logarithm of a number in one step of the search
PROTOCOL = """\
the networks look at each clip once; of the person seen most, coefficients are smoothed with the shipped cut-offs, and with
each group's numbers times each factor; jitter_over_raw and lag as of `morph bench video`, of runs of frames without a gap;
turn_lag: lag of the head's axes; lips: least-squares share of the motion of the gap of the lips that is left
"""


@dataclass(frozen=True)
class ClipScore:
    """One setting on one clip; None where the clip is too short or does not move.

    Attributes:
        jitter_over_raw, lag: as of ``morph bench video``.
        turn_lag: the same lag of the head's axes alone.
        lips: how much of the motion of the gap of the lips is left, by least squares.
    """

    jitter_over_raw: float
    lag: float | None
    turn_lag: float | None
    lips: float


def record(clips: Sequence[str | os.PathLike[str]], options: TrackerOptions) -> list[Recording]:
    """Track the clips with a tracker that smooths nothing but its crops; ``options`` say how else it is made.

    Raises:
        MorphError: a clip cannot be read, or shows no face for three frames.
    """
    tracker = Tracker(dataclasses.replace(options, level=0, smoothing=SmoothingConfig(online=False)))
    return [Recording(clip, tracker) for clip in clips]


class Recording:
    """What the network says of one person in one clip.

    Args:
        clip: file or folder of numbered pictures.
        tracker: follows without smoothing coefficients.

    Raises:
        MorphError: the clip cannot be read, or shows no face for three frames.
    """

    def __init__(self, clip: str | os.PathLike[str], tracker: Tracker) -> None:
        faces = list(tracker.track(open_source(clip)))
        numbers = [face.id for face in faces]
        self.faces: list[Face] = [face for face in faces if face.id == max(set(numbers), key=numbers.count)]
        if len(self.faces) < 3:
            raise MorphError(f"{clip} shows no face for three frames; give a clip of a face")
        self.name = Path(clip).name
        self._parts = runs_of([face.frame for face in self.faces])
        self._decoder = landmark_decoder(tracker.model)

    def score(self, config: SmoothingConfig) -> ClipScore:
        """Smooth with ``config`` and measure."""
        smoother = FaceSmoother(config, self.faces[0].model.expression_names)
        steady: list[Face] = []
        for part in self._parts:
            smoother.restart()
            for face in self.faces[part]:
                side = float((face.box[2:] - face.box[:2]).max())
                moved = smoother.coefficients(face.coefficients, face.time, side, face.score)
                steady.append(place(face, moved, self._decoder))
        smoothed, raw = (np.array([face.landmarks for face in faces], np.float64) for faces in (steady, self.faces))
        axes = [np.array([face.coefficients.rotation[:2].T for face in faces], np.float64) for faces in (steady, self.faces)]
        shakes = [np.concatenate([shaking(points[part]) for part in self._parts]).mean() for points in (smoothed, raw)]
        return ClipScore(
            float(shakes[0] / max(shakes[1], 1e-12)),
            lag((smoothed[part], raw[part]) for part in self._parts),
            lag((axes[0][part], axes[1][part]) for part in self._parts),
            _slope(_gap(raw), _gap(smoothed)),
        )


def _gap(points: Reals) -> Reals:
    upper, lower = MIDDLE_OF_INNER_LIPS
    return np.asarray(np.linalg.norm(points[:, upper] - points[:, lower], axis=-1) / sides(points))


def _slope(x: Reals, y: Reals) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / max((x * x).sum(), 1e-12))


def one_at_a_time(config: SmoothingConfig) -> Iterator[tuple[str, SmoothingConfig]]:
    """The setting itself, then each of its numbers times each of :data:`FACTORS`."""
    yield "as it is", config
    for group in GROUPS:
        for number in ("slow", "gain", "speed"):
            for factor in FACTORS:
                cutoffs: Cutoffs = getattr(config, group)
                changed: dict[str, Any] = {group: dataclasses.replace(cutoffs, **{number: getattr(cutoffs, number) * factor})}
                yield f"{group}.{number} x {factor}", dataclasses.replace(config, **changed)


def search(
    recordings: Sequence[Recording], config: SmoothingConfig, tries: int, seed: int = 0
) -> tuple[SmoothingConfig, list[ClipScore]]:
    """The setting with the least mean jitter among ``tries`` random steps, no clip later than :data:`MOST_LAG`.

    Steps in which the head's turning or the lips become worse than with ``config`` cost as much as lag does.
    """
    random = np.random.default_rng(seed)
    given = [recording.score(config) for recording in recordings]

    def cost(scores: list[ClipScore]) -> float:
        lag_cost = sum(max(0.0, (score.lag or 0.0) - MOST_LAG) for score in scores)
        lag_cost += sum(max(0.0, (new.turn_lag or 0.0) - (old.turn_lag or 0.0)) for new, old in zip(scores, given, strict=True))
        lag_cost += sum(max(0.0, old.lips - new.lips) for new, old in zip(scores, given, strict=True))
        return float(np.mean([score.jitter_over_raw for score in scores])) + lag_cost

    best, best_scores = config, given
    for _ in range(tries):
        changes: dict[str, Any] = {}
        for group in GROUPS:
            cutoffs: Cutoffs = getattr(best, group)
            factors = np.exp(random.normal(0, SPREAD, 3) * (random.random(3) < 0.5))
            changes[group] = Cutoffs(cutoffs.slow * factors[0], cutoffs.gain * factors[1], cutoffs.speed * factors[2])
        config = dataclasses.replace(best, **changes)
        scores = [recording.score(config) for recording in recordings]
        if cost(scores) < cost(best_scores):
            best, best_scores = config, scores
    return best, best_scores


def row_text(name: str, scores: Sequence[ClipScore]) -> str:
    """One line: jitter over raw, lag, lag of turning and lips of each clip."""
    cells = [
        " ".join("    -" if value is None else f"{value:5.2f}" for value in dataclasses.astuple(score)) for score in scores
    ]
    return f"{name:<24} " + "  | ".join(cells)


def sweep_json(clips: Sequence[str], rows: Sequence[tuple[str, Sequence[ClipScore]]]) -> dict[str, Any]:
    """A sweep as plain values, with its protocol.

    Args:
        clips: their names.
        rows: name of each setting and its scores, a clip each.
    """
    scores = [{"setting": name, "clips": [dataclasses.asdict(score) for score in found]} for name, found in rows]
    return {"clips": list(clips), "settings": scores, "protocol": PROTOCOL}
