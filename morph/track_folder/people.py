"""The people of a track, each as a performance."""

from __future__ import annotations

import dataclasses

import numpy as np

from morph.errors import MorphError
from morph.export.performance import Performance
from morph.export.shot.pinhole import before_pinhole
from morph.model import Lens, MorphableModel, place_heads
from morph.model.rotation import nearest_rotation
from morph.track_folder.read import Track
from morph.tracking.calibration import GAINS, NEUTRAL, frame_of
from morph.tracking.resting import RestingFace, counts, estimate


def person_of_track(track: Track, person: int | None = None, frame: int | None = None) -> int:
    """The number of a person: the one asked for, or who is seen in the most frames.

    Args:
        track: read back from a folder.
        person: None takes who is seen most.
        frame: and is seen in this frame, if anybody is; None in any.

    Raises:
        MorphError: the track has no such person.
    """
    people, counts = np.unique(track.id, return_counts=True)
    if person is None:
        here = np.isin(people, track.id[track.frame == frame])
        return int(people[np.argmax(counts * (here if here.any() else 1))])
    if person not in people:
        known = ", ".join(str(number) for number in people[:20])
        raise MorphError(f"{track.folder} has no face {person}; `person=` takes one of {known}")
    return person


def left_out(track: Track, person: int) -> dict[int, int]:
    """How many frames a track has of everybody but one person, by number, who is seen most first."""
    people, counts = np.unique(track.id[track.id != person], return_counts=True)
    return {int(people[row]): int(counts[row]) for row in np.argsort(-counts, kind="stable")}


def performance_of_track(track: Track, model: MorphableModel, person: int | None = None) -> Performance:
    """What one person of a track did, on a head that keeps its shape: the mean of the shapes of all frames.

    Args:
        track: read back from a folder of ``morph track``.
        model: that it was tracked with, at any level of subdivision.
        person: None takes who is seen in the most frames.

    Raises:
        MorphError: the track is of another model, has no such person, does not tell its size, or its times do not grow.

    Example:
        >>> import tempfile
        >>> from morph import Tracker, load_default_model, load_track, open_source, performance_of_track, track_to_folder
        >>> from morph.cli.demo import demo_files
        >>> from morph.track_folder import TrackOptions
        >>> folder = tempfile.TemporaryDirectory()
        >>> options = TrackOptions(mesh=False, overlay=False, frames=3)
        >>> summary = track_to_folder(open_source(demo_files()[1]), Tracker(level=0), folder.name, options)
        >>> performance = performance_of_track(load_track(folder.name), load_default_model(0))
        >>> len(performance), performance.vertices(0).shape
        (3, (4054, 3))
        >>> folder.cleanup()
    """
    track.check_model(model)
    if track.size is None:
        raise MorphError(f"{track.folder} does not say how large its pictures are; track the clip again with `morph track`")
    person = person_of_track(track, person)
    rows = np.flatnonzero(track.id == person)
    pose, time = track.coefficients[rows], track.time[rows].astype(np.float64)
    if (np.diff(time) <= 0).any() or (np.diff(track.frame[rows]) <= 0).any():
        raise MorphError(f"{track.folder}: times of face {person} do not grow; track the clip again with `morph track`")
    unit, resting = np.float32(model.millimetres), track.resting.get(person)
    raw = pose.expression.astype(np.float64) * model.expression_std
    scale = pose.scale.astype(np.float64)
    middle = np.array([(track.size[0] - 1) / 2, (track.size[1] - 1) / 2])
    shift = (pose.translation - middle) * np.array([1.0, -1.0]) / scale[:, None] * unit
    return Performance(
        model=model,
        id=person,
        frame=track.frame[rows],
        time=time - min(float(time[0]), 0.0),
        shape=pose.shape.mean(0, dtype=np.float64),
        weights=raw if resting is None else resting.weights(raw),
        rotation=np.asarray(nearest_rotation(pose.rotation.astype(np.float64)), np.float64),
        translation=np.column_stack([shift, np.zeros(len(rows))]),
        scale=scale / unit,
        size=track.size,
        resting=resting,
    )


def placed_performance(
    track: Track, performance: Performance, lens: Lens | None = None, metric: float | None = None
) -> Performance:
    """A performance of a track with its head in space, before a lens.

    Args:
        track: read back from a folder of ``morph track``.
        performance: what :func:`performance_of_track` made of one of its people.
        lens: the camera; None: that of the track, assumed where it says none.
        metric: true millimetres of one of the model's; None: as the track says, 1 where it does not.
    """
    rows = np.flatnonzero(track.id == performance.id)
    lens = lens_of_track(track, performance.size) if lens is None else lens
    if metric is None:
        known = track.metric
        metric = 1.0 if known is None else float(np.median(known[rows]))
    return before_pinhole(performance, track.coefficients[rows], lens, metric)


def turned_performance(track: Track, performance: Performance, lens: Lens | None = None) -> Performance:
    """A performance of a track with the head's turn in space, and weights as they are: what a table of both holds.

    Args:
        track: read back from a folder of ``morph track``.
        performance: what :func:`performance_of_track` made of one of its people.
        lens: the camera; None: that of the track, assumed where it says none.
    """
    rows = np.flatnonzero(track.id == performance.id)
    lens = lens_of_track(track, performance.size) if lens is None else lens
    return dataclasses.replace(performance, rotation=place_heads(performance.model, track.coefficients[rows], lens).rotation)


def lens_of_track(track: Track, size: tuple[int, int]) -> Lens:
    """The lens of a track, assumed where it says none.

    Args:
        track: read back from a folder of ``morph track``.
        size: width and height of the clip.
    """
    return Lens.assume(size) if track.lens is None else track.lens


def recalibrated(track: Track, person: int, model: MorphableModel, neutral: str | int | None, gains: str | None) -> Track:
    """The same track with weights of one person that are counted from another resting face.

    Args:
        track: read back from a folder of ``morph track``.
        person: whose.
        model: that it was tracked with.
        neutral: "none", "auto" or the number of a frame; None: as it was tracked.
        gains: "none" or "auto"; None: as it was tracked.

    Raises:
        MorphError: another word, a picture (only a tracker reads one), or the person is not in that frame.
    """
    if neutral is None and gains is None:
        return track
    frame = None if neutral is None else frame_of(neutral)
    if neutral is not None and (frame is None and neutral not in NEUTRAL):
        raise MorphError(f"{neutral} is not none, auto or the number of a frame; a picture is for `morph track`")
    if gains is not None and gains not in GAINS:
        raise MorphError(f"gains must be one of {', '.join(GAINS)}, got {gains!r}")
    rows = np.flatnonzero(track.id == person)
    raw = track.coefficients.expression[rows].astype(np.float64) * model.expression_std
    known = track.resting.get(person)
    rest = np.zeros(raw.shape[1]) if neutral == "none" or known is None else known.rest
    if frame is not None:
        there = raw[track.frame[rows] == frame]
        if not len(there):
            raise MorphError(f"face {person} is not in frame {frame}; give a frame in which they are with `neutral=`")
        rest = RestingFace.of(there[0], model.expression_names).rest
    scores = np.ones(len(rows)) if track.score is None else track.score[rows]
    seen = [counts(*pair) for pair in zip(scores.tolist(), track.coefficients.rotation[rows], strict=True)]
    stretch = gains == "auto" or (gains is None and known is not None and bool((known.reach != 1).any()))
    found = estimate(raw[seen], model.expression_names, gains=stretch, rest=None if neutral == "auto" else rest)
    return dataclasses.replace(track, resting=track.resting | {person: found})
