"""How steady, how prompt and how fast tracking is on a clip."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.evaluation.video_motion import KERNEL, LEAST_FRAMES, STILL, id_switches, lag, shaking, speeds
from morph.export import TrackOptions, track_to_folder
from morph.tracking import Face, SmoothingConfig, Tracker, open_source

Floats = npt.NDArray[np.floating]

PROTOCOL = """\
jitter           mean second difference of the 68 landmarks from frame to frame, over the longer side of their box, in %
jitter_over_raw  jitter of the smoothed track over that of the raw one: what the network says of the same crops of the
                 same frames; _still: on frames where the face moves less than {still} of its size a second
lag_frames       where the cross-correlation of the smoothed with the raw landmarks' positions peaks, both low-passed
                 by the same symmetric kernel of {kernel} frames; + is late
fps_to_obj       frames over the process's CPU time from decoding the clip to the OBJ files, all threads, no overlay
"""


@dataclass(frozen=True)
class VideoReport:
    """Measures of one clip; None where the clip is too short, or has too few such frames.

    Attributes:
        clip, weights, smoothing: what was measured.
        frames, frames_with_face, id_switches: counts of the smoothed track.
        vertices: of each mesh that was written.
        jitter, jitter_raw: % of the face's size.
        jitter_over_raw, jitter_over_raw_still: ratios.
        lag_frames: frames.
        fps_to_obj: frames a second of CPU time.
    """

    clip: str
    weights: str
    smoothing: str
    frames: int
    frames_with_face: int
    id_switches: int
    vertices: int
    jitter: float | None
    jitter_raw: float | None
    jitter_over_raw: float | None
    jitter_over_raw_still: float | None
    lag_frames: float | None
    fps_to_obj: float

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": PROTOCOL.format(still=STILL, kernel=len(KERNEL))}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = [f"{name:<22} {_text(value)}" for name, value in dataclasses.asdict(self).items()]
        return "\n".join([*rows, "", PROTOCOL.format(still=STILL, kernel=len(KERNEL))])


def measure_video(
    clip: str | os.PathLike[str],
    weights: str | os.PathLike[str] | None = None,
    model: str | os.PathLike[str] | None = None,
    *,
    smoothing: SmoothingConfig | None = None,
    offline: bool = False,
    level: int = 1,
) -> VideoReport:
    """Track a clip raw, then smoothed and with its meshes written to a folder that is thrown away, and compare.

    Args:
        clip: file or folder of numbered pictures.
        weights, model: as for :class:`morph.tracking.Tracker`.
        smoothing: None is the default.
        offline: smooth in a second pass.
        level: subdivision of the default model.

    Raises:
        MorphError: the clip cannot be read, is no clip, or shows no face.
    """
    source = open_source(clip)
    if source.kind not in ("clip", "sequence"):
        raise MorphError(f"{clip} is no clip; give a video file or a folder of numbered pictures")
    config = dataclasses.replace(smoothing or SmoothingConfig(), online=not offline)
    tracker = Tracker(weights, model, level=level, smoothing=dataclasses.replace(config, online=False))
    raw = list(tracker.track(source))
    if not raw:
        raise MorphError(f"no face was found in {clip}; give a clip of a face")
    tracker.smoothing = config
    with tempfile.TemporaryDirectory() as folder:
        options = TrackOptions(overlay=False, offline=offline)
        summary = track_to_folder(source, tracker, folder, options)
        with np.load(Path(folder) / "coefficients.npz") as archive:
            steady = {name: archive[name] for name in ("frame", "time", "id", "box", "landmarks")}
    shots = pair_shots(steady, raw)
    smooth, rough, smooth_still, rough_still = _jitters(shots)
    boxes: dict[int, dict[int, Floats]] = {}
    for frame, number, box in zip(steady["frame"].tolist(), steady["id"].tolist(), steady["box"], strict=True):
        boxes.setdefault(frame, {})[number] = box
    return VideoReport(
        clip=Path(clip).name,
        weights=tracker.regressor.path.name,
        smoothing="offline" if offline else "online",
        frames=summary["frames"],
        frames_with_face=summary["frames_with_face"],
        id_switches=id_switches(boxes),
        vertices=summary["vertices"],
        jitter=_rounded(smooth, 100),
        jitter_raw=_rounded(rough, 100),
        jitter_over_raw=_ratio(smooth, rough),
        jitter_over_raw_still=_ratio(smooth_still, rough_still),
        lag_frames=_rounded(lag((late, prompt) for late, prompt, _ in shots)),
        fps_to_obj=summary["fps_without_overlay"],
    )


def pair_shots(steady: dict[str, npt.NDArray], raw: list[Face]) -> list[tuple[Floats, Floats, Floats]]:
    """Smoothed and raw landmarks ``(T, 68, 2)`` and times ``(T,)`` of each unbroken run of frames of one person.

    Args:
        steady: arrays of ``coefficients.npz``.
        raw: faces of the raw track, with the same numbers.
    """
    partners = {(face.frame, face.id): face.landmarks for face in raw}
    runs: list[list[tuple[Floats, Floats, float]]] = []
    for number in np.unique(steady["id"]).tolist():
        last = None
        for row in np.flatnonzero(steady["id"] == number):
            frame = int(steady["frame"][row])
            partner = partners.get((frame, number))
            if partner is None:
                continue
            if last is None or frame != last + 1:
                runs.append([])
            runs[-1].append((steady["landmarks"][row], partner, float(steady["time"][row])))
            last = frame
    return [tuple(np.asarray(column, np.float64) for column in zip(*run, strict=True)) for run in runs if len(run) > 2]  # type: ignore[misc]


def _jitters(shots: list[tuple[Floats, Floats, Floats]]) -> list[float | None]:
    """Mean shaking of smoothed and raw tracks, on all and on still frames."""
    smooth, rough, still = [], [], []
    for late, prompt, times in shots:
        smooth.append(shaking(late))
        rough.append(shaking(prompt))
        still.append(speeds(late, times)[1:-1] < STILL)
    if not smooth:
        return [None] * 4
    rows, chosen = (np.concatenate(smooth), np.concatenate(rough)), np.concatenate(still)
    out = [float(row.mean()) for row in rows]
    return [*out, *(float(row[chosen].mean()) if chosen.sum() >= LEAST_FRAMES else None for row in rows)]


def _ratio(smooth: float | None, rough: float | None) -> float | None:
    return round(smooth / rough, 3) if smooth is not None and rough is not None and rough > 1e-6 else None


def _rounded(value: float | None, factor: float = 1.0) -> float | None:
    return None if value is None else round(value * factor, 3)


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
