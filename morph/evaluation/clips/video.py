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

from morph.arrays import Reals
from morph.errors import MorphError
from morph.evaluation.clips.blinks import (
    PASSED,
    SHUT,
    TOLERANCE,
    BlinkScores,
    Interval,
    eye_opening,
    find_blinks,
    read_blinks,
    score_blinks,
    score_weights,
)
from morph.evaluation.clips.mediapipe_track import MediapipeReport, measure_mediapipe
from morph.evaluation.clips.motion import (
    KERNEL,
    LEAST_FRAMES,
    SAME_FACE,
    STILL,
    id_switches,
    lag,
    runs_of,
    shaking,
    sides,
    speeds,
)
from morph.evaluation.clips.truth import read_truth
from morph.frames import FrameSource, open_source
from morph.npz import open_npz
from morph.track_folder import TrackOptions, load_track, track_to_folder
from morph.tracking import Face, SmoothingConfig, Tracker, TrackerOptions
from morph.tracking.detection.boxes import overlap
from morph.tracking.resting import RestingFace

PROTOCOL = """\
jitter           mean second difference of the 68 landmarks from frame to frame, over the longer side of their box, in %
jitter_over_raw  jitter of the smoothed track over that of the raw one: what is said without the identity network
                 of each frame, from crops as steady; _still: on frames where the face moves less than {still} of its
                 size a second
lag_frames       where the cross-correlation of the smoothed with the raw landmarks' positions peaks, both low-passed
                 by the same symmetric kernel of {kernel} frames; + is late
drift            mean distance of the raw landmarks from those of the same face found afresh, by the detector, in the same
                 frame, every {every} frames, over the longer side of their box, in %
error_truth      mean distance of the smoothed landmarks from the known ones, over the longer side of the known box, in %
lag_truth_frames as lag_frames, of the smoothed landmarks with the known ones
truth_over_raw   jitter of the known landmarks over that of the raw ones: what the head itself moves, and no filter should hide
blinks           runs of frames in which the eyes of the smoothed landmarks (height over width) are open by less than {shut} of
                 their median over a second to either side; right within {tolerance} frames
blinks_exported  the same of runs in which the mean of both exported eyeBlink weights is at least {passed}
fps_to_obj       frames over the process's CPU time from decoding the clip to the OBJ files, all threads, no overlay; without
                 what is made once for all meshes (texture, text of the faces)
fps_wall         the same by the clock, with all that is made once: threads work beside each other, other programs lengthen it
mediapipe        its face mesh with its own smoothing on the same clip: jitter, lag and blinks of the 68 points nearest to
                 ours; fps over CPU time of decoding and face mesh, no files written
"""
STEADY = ("frame", "time", "id", "box", "landmarks", "expression")
AFRESH = 10  # frames between two faces that are found afresh


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
        fps_to_obj, fps_wall: frames a second of CPU time and by the clock.
        passes: looks at each face.
        experts, expressions: what read expressions; ``identity``: what read the shapes.
        drift: % of the face's size.
        error_truth, lag_truth_frames, truth_over_raw: against known landmarks.
        blinks, blinks_exported: against a list, from lids and from weights.
        mediapipe: the same clip by MediaPipe.
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
    fps_wall: float
    passes: int
    drift: float | None
    experts: str = "none"
    expressions: str = "none"
    identity: str = "none"
    error_truth: float | None = None
    lag_truth_frames: float | None = None
    truth_over_raw: float | None = None
    blinks: BlinkScores | None = None
    blinks_exported: BlinkScores | None = None
    mediapipe: MediapipeReport | None = None

    @property
    def protocol(self) -> str:
        """How it was measured."""
        return PROTOCOL.format(still=STILL, kernel=len(KERNEL), every=AFRESH, shut=SHUT, tolerance=TOLERANCE, passed=PASSED)

    def as_json(self) -> dict[str, Any]:
        """All measures and the protocol."""
        return dataclasses.asdict(self) | {"protocol": self.protocol}

    def as_text(self) -> str:
        """A table and the protocol."""
        rows = [f"{name:<26} {_text(value)}" for name, value in _flat(dataclasses.asdict(self))]
        return "\n".join([*rows, "", self.protocol])


def measure_video(  # noqa: PLR0913 - keyword options of a report
    clip: str | os.PathLike[str],
    options: TrackerOptions | None = None,
    *,
    offline: bool = False,
    blinks: str | os.PathLike[str] | None = None,
    truth: str | os.PathLike[str] | None = None,
    mediapipe: str | os.PathLike[str] | None = None,
) -> VideoReport:
    """Track a clip raw, then smoothed and with its meshes written to a folder that is thrown away, and compare.

    Args:
        clip: file or folder of numbered pictures.
        options: of the tracker, which smooths; None are the defaults.
        offline: smooth in a second pass.
        blinks: list of blinks, see :func:`morph.evaluation.clips.blinks.read_blinks`.
        truth: known landmarks of a rendered clip, see :func:`morph.evaluation.clips.truth.read_truth`.
        mediapipe: interpreter of an environment with mediapipe, to measure it on the same clip.

    Raises:
        MorphError: the clip cannot be read, is no clip, or shows no face; or one of the other files is missing or of
            another clip.
    """
    source = open_source(clip)
    if source.kind not in ("clip", "sequence"):
        raise MorphError(f"{clip} is no clip; give a video file or a folder of numbered pictures")
    listed = None if blinks is None else read_blinks(blinks, clip)
    if blinks is not None and listed is None:
        raise MorphError(f"{blinks} does not list {Path(clip).name}; add its blinks, or a line `{Path(clip).name},,` for none")
    known = None if truth is None else read_truth(truth)
    options = options or TrackerOptions()
    config = dataclasses.replace(options.smoothing or SmoothingConfig(), online=not offline)
    tracker = Tracker(options, smoothing=dataclasses.replace(config, online=False), identity="none")
    raw = list(tracker.track(source))
    if not raw:
        raise MorphError(f"no face was found in {clip}; give a clip of a face")
    times = np.array([frame.time for frame in source])
    if known is not None and len(known) != len(times):
        raise MorphError(f"{truth} has {len(known)} frames and {clip} has {len(times)}; give the truth of this clip")
    drift = measure_drift(source, tracker, raw)
    tracker = Tracker(options, smoothing=config)
    with tempfile.TemporaryDirectory() as folder:
        summary = track_to_folder(source, tracker, folder, TrackOptions(overlay=False, offline=offline))
        with open_npz(Path(folder) / "coefficients.npz") as archive:
            steady = {name: archive[name] for name in STEADY}
        resting = load_track(folder).resting
    shots = pair_shots(steady, raw)
    smooth, rough, smooth_still, rough_still = _jitters(shots)
    boxes: dict[int, dict[int, Reals]] = {}
    for frame, number, box in zip(steady["frame"].tolist(), steady["id"].tolist(), steady["box"], strict=True):
        boxes.setdefault(frame, {})[number] = box
    error, late = (None, None) if known is None else against_truth(steady, known)
    return VideoReport(
        clip=Path(clip).name,
        weights=tracker.regressor.path.name,
        smoothing="offline" if offline else "online" if config.flow is None else "flow",
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
        fps_wall=summary["fps"],
        passes=options.passes,
        **tracker.reader.names,
        drift=_rounded(drift, 100),
        error_truth=_rounded(error, 100),
        lag_truth_frames=_rounded(late),
        truth_over_raw=None if known is None else _ratio(float(shaking(known).mean()), rough),
        blinks=None
        if listed is None
        else score_blinks(listed, find_blinks(steady["frame"], steady["time"], eye_opening(steady["landmarks"]))),
        blinks_exported=None if listed is None else _exported_blinks(listed, steady, tracker, resting),
        mediapipe=None if mediapipe is None else measure_mediapipe(clip, mediapipe, times, listed, known),
    )


def measure_drift(source: FrameSource, tracker: Tracker, raw: list[Face]) -> float | None:
    """Mean distance of followed faces from the same faces found afresh, in sides of their boxes; resets the tracker.

    Args:
        source: the clip.
        tracker: does not smooth.
        raw: the faces that it followed.
    """
    followed: dict[int, list[Face]] = {}
    for face in raw:
        followed.setdefault(face.frame, []).append(face)
    distances = []
    for frame in source:
        if frame.index % AFRESH or frame.index not in followed or not frame.index:
            continue
        tracker.reset()
        for face in tracker.process(frame.image, frame.time, frame.index):
            partner = max(followed[frame.index], key=lambda other: float(overlap(other.box, face.box)[0, 0]))
            if overlap(partner.box, face.box)[0, 0] >= SAME_FACE:
                apart = np.linalg.norm(partner.landmarks - face.landmarks, axis=-1).mean()
                distances.append(float(apart / sides(np.asarray(face.landmarks)[None])[0]))
    return float(np.mean(distances)) if distances else None


def against_truth(steady: dict[str, npt.NDArray[Any]], truth: Reals) -> tuple[float, float | None]:
    """Mean error in sides of the known box, and lag in frames, of the person who is nearest to the truth.

    Args:
        steady: arrays of ``coefficients.npz``.
        truth: ``(T, 68, 2)`` of every frame.
    """
    best: tuple[float, float | None] = (np.inf, None)
    for number in np.unique(steady["id"]).tolist():
        rows = np.flatnonzero(steady["id"] == number)
        frames, points = steady["frame"][rows], np.asarray(steady["landmarks"][rows], np.float64)
        error = float((np.linalg.norm(points - truth[frames], axis=-1).mean(-1) / sides(truth[frames])).mean())
        if error < best[0]:
            best = error, lag((points[part], truth[frames[part]]) for part in runs_of(frames))
    return best


def pair_shots(steady: dict[str, npt.NDArray[Any]], raw: list[Face]) -> list[tuple[Reals, Reals, Reals]]:
    """Smoothed and raw landmarks ``(T, 68, 2)`` and times ``(T,)`` of each unbroken run of frames of one person.

    Args:
        steady: arrays of ``coefficients.npz``.
        raw: faces of the raw track, with the same numbers.
    """
    partners = {(face.frame, face.id): face.landmarks for face in raw}
    runs: list[list[tuple[Reals, Reals, float]]] = []
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


def _jitters(shots: list[tuple[Reals, Reals, Reals]]) -> list[float | None]:
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


def _exported_blinks(
    listed: list[Interval], steady: dict[str, npt.NDArray[Any]], tracker: Tracker, resting: dict[int, RestingFace]
) -> BlinkScores | None:
    names = tracker.model.expression_names
    if not any(name.startswith("eyeBlink") for name in names):
        return None
    raw = steady["expression"] * tracker.model.expression_std
    for person, face in resting.items():
        raw[steady["id"] == person] = face.weights(raw[steady["id"] == person])
    return score_weights(listed, steady["frame"], names, np.clip(raw, 0.0, 1.0))


def _ratio(smooth: float | None, rough: float | None) -> float | None:
    return round(smooth / rough, 3) if smooth is not None and rough is not None and rough > 1e-6 else None


def _rounded(value: float | None, factor: float = 1.0) -> float | None:
    return None if value is None else round(value * factor, 3)


def _flat(values: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Nested names joined by points."""
    out: list[tuple[str, Any]] = []
    for name, value in values.items():
        out += _flat(value, f"{before}{name}.") if isinstance(value, dict) else [(before + name, value)]
    return out


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
