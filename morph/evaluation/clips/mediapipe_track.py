"""MediaPipe's face mesh on the same clip, measured the same way; it runs in an interpreter of its own."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.evaluation.clips.blinks import BlinkScores, Interval, eye_opening, find_blinks, score_blinks
from morph.evaluation.clips.motion import lag, runs_of, shaking
from morph.npz import open_npz

# Vertices of MediaPipe's mesh that lie nearest to the 68 points of iBUG: jaw, brows, nose, eyes, mouth.
NEAREST_68 = [
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87),
]


@dataclass(frozen=True)
class MediapipeReport:
    """What MediaPipe's own tracking and smoothing gives.

    Attributes:
        version: of mediapipe.
        frames_with_face: count.
        jitter: mean second difference of 68 of its points over the side of their box, in %, on unbroken runs of frames.
        lag_truth_frames: against the known landmarks of a rendered clip.
        blinks: against the list, from its own eyelids.
        fps: frames over CPU time for decoding the clip and the face mesh, all threads; no mesh file is written.
        cpu_ms_mesh: CPU milliseconds a frame of the face mesh alone.
    """

    version: str
    frames_with_face: int
    jitter: float | None
    lag_truth_frames: float | None
    blinks: BlinkScores | None
    fps: float
    cpu_ms_mesh: float

    def as_json(self) -> dict[str, Any]:
        """All measures."""
        return dataclasses.asdict(self)


def measure_mediapipe(
    clip: str | os.PathLike[str],
    python: str | os.PathLike[str],
    times: Reals,
    listed: list[Interval] | None = None,
    truth: Reals | None = None,
) -> MediapipeReport:
    """Track a clip with MediaPipe's face mesh.

    Args:
        clip: video file.
        python: interpreter of an environment with ``mediapipe``.
        times: ``(T,)`` seconds of the clip's frames.
        listed: blinks.
        truth: ``(T, 68, 2)`` known landmarks.

    Raises:
        MorphError: the interpreter is missing or has no mediapipe, or it finds no face.
    """
    found = run_mediapipe(clip, python)
    frames, points = found["frame"], found["points"][:, NEAREST_68]
    if not len(frames):
        raise MorphError(f"MediaPipe finds no face in {clip}; leave `mediapipe=` out")
    count = min(int(found["frames"]), len(times))
    frames, points = frames[frames < count], points[frames < count]
    runs = [points[part] for part in runs_of(frames)]
    shakes = [shaking(run) for run in runs if len(run) > 2]
    late = None
    if truth is not None:
        late = lag((points[part], np.asarray(truth, np.float64)[frames[part]]) for part in runs_of(frames))
    blinks = None
    if listed is not None:
        blinks = score_blinks(listed, find_blinks(frames, times[frames], eye_opening(points)))
    decode, mesh = float(found["seconds_decode"]), float(found["seconds_track"])
    return MediapipeReport(
        version=str(found["version"]),
        frames_with_face=len(frames),
        jitter=round(100 * float(np.concatenate(shakes).mean()), 3) if shakes else None,
        lag_truth_frames=None if late is None else round(late, 3),
        blinks=blinks,
        fps=round(int(found["frames"]) / max(decode + mesh, 1e-9), 1),
        cpu_ms_mesh=round(1000 * mesh / max(int(found["frames"]), 1), 2),
    )


def run_mediapipe(clip: str | os.PathLike[str], python: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of :mod:`morph.evaluation.clips.mediapipe_points`.

    Raises:
        MorphError: no such interpreter, no mediapipe in it, or it fails.
    """
    if not Path(clip).is_file():
        raise MorphError(f"MediaPipe is measured on a video file, not on {clip}")
    script = Path(__file__).with_name("mediapipe_points.py")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "points.npz"
        try:
            done = subprocess.run(
                [os.fspath(python), script, os.fspath(clip), out], capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise MorphError(
                f"cannot run {python}: {error.strerror}; give the interpreter of an environment with mediapipe"
            ) from None
        if "No module named 'mediapipe'" in done.stderr:
            raise MorphError(f"{python} has no mediapipe; run `{python} -m pip install mediapipe==0.10.21`")
        if done.returncode or not out.is_file():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise MorphError(f"MediaPipe failed on {clip}: {last}")
        with open_npz(out) as archive:
            return dict(archive)
