"""Running a batch on the processes of one machine."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from morph.atomic import atomic_path, output_folder
from morph.batch.inputs import BatchInput
from morph.batch.work import BatchResult, start_worker, work
from morph.errors import MorphError
from morph.folder_lock import only_run_in
from morph.track_folder import TrackOptions
from morph.tracking import TrackerOptions

REPORT = "batch.json"
FORMAT = "morph-batch-1"
FEW = 10  # inputs before a share of failures means anything


@dataclasses.dataclass(frozen=True)
class BatchOptions:
    """How a batch runs.

    Attributes:
        processes: that track beside each other; None is one for each processor.
        retry: how often an input is begun again whose process died.
        keep_going: share of the inputs, 0..1, that may fail; beyond it no more are begun. Counts from ten inputs on.
        tracker: of each track.
        track: what each track writes; those that are complete are left as they are.
    """

    processes: int | None = None
    retry: int = 1
    keep_going: float = 1.0
    tracker: TrackerOptions = dataclasses.field(default_factory=TrackerOptions)
    track: TrackOptions = dataclasses.field(default_factory=TrackOptions)

    def __post_init__(self) -> None:
        if self.processes is not None and self.processes < 1:
            raise MorphError(f"`processes=` must be at least 1, got {self.processes}")
        if self.retry < 0:
            raise MorphError(f"`retry=` must be at least 0, got {self.retry}")
        if not 0 <= self.keep_going <= 1:
            raise MorphError(f"`keep_going=` is a share between 0 and 1, got {self.keep_going:g}")


def run_batch(
    inputs: Sequence[BatchInput],
    out: str | os.PathLike[str],
    options: BatchOptions | None = None,
    said: Callable[[BatchResult], None] = lambda result: None,
) -> list[BatchResult]:
    """Track each input into ``out/NAME``, and write ``out/batch.json``.

    A folder holds what :func:`morph.track_folder.track_to_folder` writes there, byte for byte but for the times in
    ``summary.json``, whatever the number of processes. Inputs whose track is complete are kept, those that were killed
    half-way go on. A failure is the result of its input; the others go on.

    Args:
        inputs: of :func:`morph.batch.find_inputs`.
        out: folder of the results; made where it does not exist.
        options: None is one process for each processor.
        said: gets each result as it comes.

    Returns:
        A result for each input that was begun, in the order of the inputs.

    Raises:
        MorphError: the folder cannot be written, another batch runs in it, or tracker and model do not belong together.
    """
    options = options or BatchOptions()
    tracker = options.tracker.filled_in()  # what is wrong for all is said once, before anything is written
    folder = output_folder(Path(out))
    results: dict[str, BatchResult] = {}
    with only_run_in(folder):
        setup = (folder, tracker, options.track)
        count = min(options.processes or os.cpu_count() or 1, max(len(inputs), 1))
        for result in _results(inputs, count, setup, options):
            results[result.input.name] = result
            said(result)
        whole = [results[one.name] for one in inputs if one.name in results]
        _report(folder, inputs, whole)
    return whole


def _results(inputs: Sequence[BatchInput], count: int, setup: tuple[Any, ...], options: BatchOptions) -> Iterator[BatchResult]:
    """Results as they come. Each process has a pool of its own, so that one that dies takes only its own input with it."""
    waiting = [(one, 1) for one in reversed(inputs)]
    pools = [_pool(setup) for _ in range(count)]
    running: dict[Future[BatchResult], tuple[int, BatchInput, int]] = {}
    free, failed = list(range(count)), 0
    try:
        while waiting or running:
            stopped = failed >= 1 and len(inputs) >= FEW and failed > options.keep_going * len(inputs)
            while free and waiting and not stopped:
                (one, attempt), place = waiting.pop(), free.pop()
                running[_submit(pools, place, setup, one)] = place, one, attempt
            if not running:
                return
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                place, one, attempt = running.pop(future)
                free.append(place)
                try:
                    result = dataclasses.replace(future.result(), attempts=attempt)
                except BrokenProcessPool:
                    pools[place].shutdown(wait=False)
                    pools[place] = _pool(setup)
                    if attempt <= options.retry:
                        waiting.append((one, attempt + 1))
                        continue
                    said = "its process died; is there memory enough, or did somebody stop it?"
                    result = BatchResult(one, "failed", said, attempts=attempt)
                failed += result.status == "failed"
                yield result
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)


def _submit(pools: list[ProcessPoolExecutor], place: int, setup: tuple[Any, ...], one: BatchInput) -> Future[BatchResult]:
    """Begin an input; a process that died while it had nothing to do is replaced first."""
    try:
        return pools[place].submit(work, one)
    except BrokenProcessPool:
        pools[place].shutdown(wait=False)
        pools[place] = _pool(setup)
        return pools[place].submit(work, one)


def _pool(setup: tuple[Any, ...]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), start_worker, setup)


def _report(folder: Path, inputs: Sequence[BatchInput], results: Sequence[BatchResult]) -> None:
    """Write what became of each input."""
    begun = {result.input.name for result in results}
    rows = [
        {**dataclasses.asdict(result.input), **{key: value for key, value in vars(result).items() if key != "input"}}
        for result in results
    ]
    rows += [{**dataclasses.asdict(one), "status": "not begun"} for one in inputs if one.name not in begun]
    counts = {status: sum(row["status"] == status for row in rows) for status in ("done", "kept", "failed", "not begun")}
    with atomic_path(folder / REPORT) as path:
        path.write_text(json.dumps({"format": FORMAT, **counts, "inputs": rows}, indent=1) + "\n", encoding="utf-8")
