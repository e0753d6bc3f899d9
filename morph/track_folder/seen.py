"""Frames of a source with the faces in them, as they come or smoothed together, for what writes them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from morph.errors import MorphError
from morph.frames import Frame, FrameSource
from morph.frames.prefetch import read_ahead
from morph.stopwatch import Stopwatch
from morph.tracking import Face, Tracker, smooth_offline

WAITING = 4  # frames that were read ahead, at most
Progress = Callable[[Iterable[Frame]], Iterable[Frame]]


def _read(source: FrameSource, limit: int | None, progress: Progress, watch: Stopwatch) -> Iterator[Frame]:
    """At most ``limit`` frames, read ahead in a thread unless they come from a camera, and the time that reading takes."""
    timed = _timed(source, limit, watch)
    return iter(progress(timed if source.kind == "camera" else read_ahead(timed, WAITING)))


def _timed(source: FrameSource, limit: int | None, watch: Stopwatch) -> Iterator[Frame]:
    frames = iter(source)
    for count in itertools.count():
        if limit is not None and count >= limit:
            return
        try:
            with watch.stage("read"):
                frame = next(frames, None)
        except KeyboardInterrupt:  # the way to stop a camera
            if source.kind != "camera" or not count:
                raise
            return
        if frame is None:
            return
        yield frame


def online(
    source: FrameSource, tracker: Tracker, limit: int | None, progress: Progress, watch: Stopwatch
) -> Iterator[tuple[Frame, list[Face]]]:
    """Each frame with its faces, as they come."""
    for frame in _read(source, limit, progress, watch):
        if source.kind == "pictures":
            tracker.forget()
        yield frame, tracker.process(frame.image, frame.time, frame.index)


def offline(
    source: FrameSource, tracker: Tracker, limit: int | None, progress: Progress, watch: Stopwatch
) -> Iterator[tuple[Frame, list[Face]]]:
    """Each frame with its faces, which were smoothed together first; reads the source twice."""
    if source.kind == "camera":
        raise MorphError("a camera cannot be watched twice; smooth it online, or record it first")
    seen = [face for _, faces in online(source, tracker, limit, progress, watch) for face in faces]
    with watch.stage("smooth"):
        smooth: dict[int, list[Face]] = {}
        for face in smooth_offline(seen, tracker.options.smoothing):
            smooth.setdefault(face.frame, []).append(face)
    for frame in _read(source, limit, progress, watch):
        yield frame, smooth.get(frame.index, [])
