"""What one process of a batch does: it opens its networks once, and tracks one input after another."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
from pathlib import Path

from morph.batch.inputs import BatchInput
from morph.errors import MorphError, outside_line
from morph.frames import open_source
from morph.track_folder import TrackOptions, track_to_folder
from morph.tracking import Tracker, TrackerOptions
from morph.tracking.lens.of_picture import lens_of_picture

OPEN = 4  # trackers that are kept, at most; each lens has one


@dataclasses.dataclass(frozen=True)
class BatchResult:
    """What became of an input.

    Attributes:
        input: of the batch.
        status: "done", "kept" (it was complete already) or "failed".
        said: why it failed, in one line; else "".
        frames: of the track.
        faces: frames with a face.
        seconds: CPU seconds of the process.
        attempts: how often it was begun.
    """

    input: BatchInput
    status: str
    said: str = ""
    frames: int = 0
    faces: int = 0
    seconds: float = 0.0
    attempts: int = 1


class Worker:
    """Tracks inputs into folders of their own.

    Args:
        out: folder of the results.
        tracker: options of each track; a picture's own lens counts where none is given.
        options: what is written.
    """

    def __init__(self, out: Path, tracker: TrackerOptions, options: TrackOptions) -> None:
        self._out, self._options = out, dataclasses.replace(options, resume=True)
        self._tracker = tracker
        self._open: dict[TrackerOptions, Tracker] = {}

    def __call__(self, one: BatchInput) -> BatchResult:
        """Track one input. A mistake, of the input or of the machine, is its result."""
        started, folder = time.process_time(), self._out / one.name
        complete = (folder / "summary.json").is_file()
        try:
            source = open_source(one.source)
            summary = track_to_folder(source, self._tracker_for(source), folder, self._options)
        except Exception as error:
            said = outside_line(error) or f"fault of morph: {type(error).__name__}: {error}"
            return BatchResult(one, "failed", said, seconds=time.process_time() - started)
        spent = time.process_time() - started
        return BatchResult(one, "kept" if complete else "done", "", summary["frames"], summary["frames_with_face"], spent)

    def _tracker_for(self, source: object) -> Tracker:
        options = dataclasses.replace(self._tracker, lens=lens_of_picture(self._tracker.lens, source))  # type: ignore[arg-type]
        if options not in self._open:
            while len(self._open) >= OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[options] = Tracker(options)
        return self._open[options]


_WORKER: list[Worker] = []


def start_worker(out: Path, tracker: TrackerOptions, options: TrackOptions) -> None:
    """Make this process ready for :func:`work`: one thread for linear algebra and pictures, networks opened once."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    threadpool_limits(1, user_api="blas")
    logging.getLogger("morph").addHandler(logging.NullHandler())  # what is left out stands in each summary
    _WORKER[:] = [Worker(out, tracker, options)]


def work(one: BatchInput) -> BatchResult:
    """Track one input in a process that :func:`start_worker` made ready.

    Raises:
        MorphError: it was not made ready.
    """
    if not _WORKER:
        raise MorphError("this process was not made ready; call `start_worker` first")
    return _WORKER[0](one)
