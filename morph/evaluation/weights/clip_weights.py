"""The weights of a clip as they are exported."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Doubles, Indices
from morph.errors import MorphError
from morph.frames import FrameSource
from morph.stopwatch import Stopwatch
from morph.track_folder.seen import offline as smoothed_offline
from morph.track_folder.seen import online
from morph.tracking import SmoothingConfig, Tracker
from morph.tracking.options import TrackerOptions


@dataclass(frozen=True, eq=False)
class ClipWeights:
    """One person's weights.

    Attributes:
        frame: ``(T,)`` numbers, growing.
        weights: ``(T, E)`` 0..1.
        names: of the E weights.
        about: what tracked them: ``regressor``, ``experts``, ``expressions``, ``identity``, ``smoothing``, ``neutral`` and
            ``gains``.
    """

    frame: Indices
    weights: Doubles
    names: tuple[str, ...]
    about: dict[str, Any]

    def medians(self) -> dict[str, float]:
        """Of every weight over the frames, by name."""
        return dict(zip(self.names, np.median(self.weights, 0).tolist(), strict=True))


def track_weights(source: FrameSource, options: TrackerOptions, *, offline: bool = False) -> ClipWeights:
    """Track a clip as ``morph track`` does, and keep the weights of the person seen in the most frames.

    Args:
        source: a clip or a sequence.
        options: of the tracker.
        offline: smooth in a second pass.

    Raises:
        MorphError: it is no clip, or shows no face.
    """
    if source.kind not in ("clip", "sequence"):
        raise MorphError(f"{source.name} is no clip; give video files or folders of numbered pictures")
    smoothing = options.smoothing
    if offline:
        smoothing = dataclasses.replace(smoothing or SmoothingConfig(), online=False)
    tracker = Tracker(options, smoothing=smoothing)
    look = smoothed_offline if offline else online
    faces = [face for _, found in look(source, tracker, None, iter, Stopwatch()) for face in found]
    if not faces:
        raise MorphError(f"no face was found in {source.name}; give clips of a face")
    people, counts = np.unique([face.id for face in faces], return_counts=True)
    chosen = [face for face in faces if face.id == people[np.argmax(counts)]]
    raw = np.array([face.coefficients.expression for face in chosen], np.float64) * tracker.model.expression_std
    resting = tracker.calibration.of(chosen).get(chosen[0].id)
    word = "none" if smoothing is None else "offline" if offline else "online" if smoothing.flow is None else "flow"
    return ClipWeights(
        np.array([face.frame for face in chosen], np.int64),
        np.clip(resting.weights(raw) if resting is not None else raw, 0.0, 1.0),
        tracker.model.expression_names,
        {"regressor": tracker.regressor.path.name, "smoothing": word, "neutral": str(options.neutral), "gains": options.gains}
        | tracker.reader.names,
    )
