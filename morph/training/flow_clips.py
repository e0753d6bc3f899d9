"""Clips into windows: each is tracked once, cut into a few frames in a row, and the landmarks' flow is computed."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morph.arrays import Floats, Image
from morph.crop.face_crop import cut
from morph.crop.geometry import crop_similarity
from morph.datasets.clip_windows import ClipWindow, ClipWindows, write_windows
from morph.datasets.optical_flow import follow_points
from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.formats import CLIP_SUFFIXES, PICTURE_SUFFIXES, is_system_file, listed
from morph.frames.sequence import natural_key
from morph.rendering import vertex_normals
from morph.tracking import Face, SmoothingConfig, Tracker, TrackerOptions
from morph.training.flow_config import Clips

CROP_SHARE = 0.75  # of the stored side that the published crop fills, as in rendered crop sets


def find_clips(places: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Clips at the places: a clip itself, all clips of a folder, or a folder of numbered pictures.

    Raises:
        MorphError: a place does not exist or holds neither.
    """
    out: list[Path] = []
    for place in map(Path, places):
        if not place.exists():
            raise MorphError(f"no clips at {place}; give folders of clips, or of numbered pictures")
        inside = sorted(place.iterdir(), key=natural_key) if place.is_dir() else []
        clips = [file for file in inside if file.suffix.lower() in CLIP_SUFFIXES and not is_system_file(file.name)]
        if place.is_dir() and not clips:
            if not any(file.suffix.lower() in PICTURE_SUFFIXES for file in inside):
                raise MorphError(f"{place} holds no clips; give a folder with {listed(CLIP_SUFFIXES)} files")
            clips = [place]
        out += clips or [place]
    for clip in out:
        if open_source(clip).kind not in ("clip", "sequence"):
            raise MorphError(f"{clip} is no clip; give folders of clips, or of numbered pictures of one clip")
    return out


@dataclass(frozen=True, eq=False)
class Run:
    """A face through an unbroken run of frames.

    Attributes:
        first: number of the first frame.
        landmarks: ``(L, 68, 2)`` pixels, as the network saw them.
        facing: ``(L, 68)`` cosine between each landmark's normal and the direction to the camera.
    """

    first: int
    landmarks: Floats
    facing: Floats

    def starts(self, frames: int) -> range:
        """Offsets of windows of ``frames``, each of which begins where the one before ends."""
        return range(0, len(self.landmarks) - frames + 1, frames - 1)


def track_runs(clip: Path, tracker: Tracker) -> list[Run]:
    """Every face of a clip in every unbroken run of frames."""
    runs: list[list[Face]] = []
    last: dict[int, list[Face]] = {}
    for face in tracker.track(clip):
        run = last.get(face.id)
        if run is None or run[-1].frame != face.frame - 1:
            run = last[face.id] = []
            runs.append(run)
        run.append(face)
    rows = tracker.model.landmarks
    return [
        Run(
            run[0].frame,
            np.stack([face.landmarks for face in run]).astype(np.float32),
            np.stack([_facing(face)[rows] for face in run]),
        )
        for run in runs
    ]


def _facing(face: Face) -> Floats:
    normals = vertex_normals(face.vertices, face.model.triangles)
    return np.asarray(normals @ np.asarray(face.coefficients.rotation, np.float32)[2])


def cut_windows(clip: Path, number: int, runs: Sequence[Run], options: Clips) -> Iterator[ClipWindow]:
    """The windows of one clip, in order of their last frames."""
    wanted = sorted(
        ((run.first + start, run, start) for run in runs for start in run.starts(options.frames)), key=lambda item: item[0]
    )
    recent: collections.deque[Image] = collections.deque(maxlen=options.frames)
    for frame in open_source(clip):
        recent.append(frame.image)
        while wanted and wanted[0][0] == frame.index - options.frames + 1:
            _, run, start = wanted.pop(0)
            rows = slice(start, start + options.frames)
            yield _window(list(recent), run.landmarks[rows], run.facing[rows], number, options)


def _window(
    pictures: list[Image],
    landmarks: Floats,
    facing: Floats,
    number: int,
    options: Clips,
) -> ClipWindow:
    matrix = crop_similarity(landmarks[len(landmarks) // 2], options.size, zoom=1 / CROP_SHARE)
    crops = np.stack([cut(picture, matrix, options.size) for picture in pictures])
    points = (landmarks @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    flows, trust = [], []
    for i in range(len(crops) - 1):
        flow, trusted = follow_points(
            crops[i],
            crops[i + 1],
            points[i],
            window=options.window,
            levels=options.levels,
            round_trip=options.round_trip * options.size,
        )
        flows.append(flow)
        trust.append(trusted & (facing[i : i + 2].min(0) > options.facing))
    return ClipWindow(crops, points, np.stack(flows), np.stack(trust), number)


def prepare_windows(
    clips: Sequence[Path], options: TrackerOptions, folder: str | os.PathLike[str], config: Clips, licence: str = ""
) -> ClipWindows:
    """Track the clips and write their windows into ``folder``; a whole set that lies there is taken as it is.

    Args:
        clips: from :func:`find_clips`.
        options: of a tracker with the starting weights; how many faces it follows is up to ``config``, and it does not smooth.
        folder: of the set.
        config: how windows are cut.
        licence: of the clips, for the set's description.

    Raises:
        MorphError: a clip cannot be read, no face was followed in any, or the folder holds windows of other clips.
    """
    folder = Path(folder)
    options = dataclasses.replace(options, smoothing=SmoothingConfig(online=False), max_faces=config.max_faces)
    fingerprint = _fingerprint(clips, options, config)
    if (folder / "meta.json").is_file():
        old = ClipWindows.open(folder)
        if old.meta.get("fingerprint") != fingerprint:
            raise MorphError(f"{folder} holds windows of other clips, weights or settings; delete it, or give a new `out=`")
        return old
    tracker = Tracker(options)
    runs = [track_runs(clip, tracker) for clip in clips]
    counts = [sum(len(run.starts(config.frames)) for run in found) for found in runs]
    if not any(counts):
        raise MorphError(f"no face was followed through {config.frames} frames of any clip; give clips of faces")
    meta = {
        "clips": [clip.name for clip in clips],
        "windows": counts,
        "options": config.model_dump(),
        "licence": licence,
        "fingerprint": fingerprint,
    }
    windows = (window for i, clip in enumerate(clips) for window in cut_windows(clip, i, runs[i], config))
    return write_windows(folder, windows, (sum(counts), config.frames, config.size), meta)


def _fingerprint(clips: Sequence[Path], options: TrackerOptions, config: Clips) -> str:
    files = [
        (clip.name, clip.stat().st_size if clip.is_file() else sum(f.stat().st_size for f in clip.iterdir())) for clip in clips
    ]
    text = json.dumps([files, options.fingerprint(), config.model_dump()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
