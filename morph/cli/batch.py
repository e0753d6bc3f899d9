"""``morph batch``: many clips and pictures, each tracked into a folder of its own, by several processes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from morph.cli.options import tracker_options
from morph.errors import MorphError

if TYPE_CHECKING:
    from morph.batch import BatchInput, BatchOptions, BatchResult

EPILOG = """\
OUT/NAME is what `morph track INPUT --out OUT/NAME` writes; OUT/batch.json lists what became of each input. Run the same command
again to go on: complete tracks are kept, and one that was killed continues."""
NAMED = 10  # failures that are named, at most


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "inputs", nargs="*", metavar="INPUT", help="clips, pictures, folders of them, patterns ('shots/**/*.mov')"
    )
    parser.add_argument("--list", type=Path, metavar="FILE", help="more inputs, one a line")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder for each input is made in it")
    parser.add_argument("--processes", type=int, metavar="N", help="that track beside each other (default: one a processor)")
    parser.add_argument("--retry", type=int, default=1, metavar="N", help="begin N times again whose process died (default: 1)")
    parser.add_argument(
        "--keep-going", type=float, default=1.0, metavar="SHARE", help="stop when more than this share has failed (default: 1)"
    )
    parser.add_argument("--no-mesh", action="store_true", help="no OBJ files")
    parser.add_argument("--no-overlay", action="store_true", help="no overlay")
    tracker_options.add(parser, smoothing=("online", "flow", "offline", "none"))


def run(options: argparse.Namespace) -> None:
    """Find the inputs, track them, and report.

    Raises:
        MorphError: no inputs, or some of them failed.
    """
    from morph.batch import find_inputs, run_batch
    from morph.batch.inputs import read_list

    listed = read_list(options.list) if options.list is not None else []
    inputs = find_inputs([*options.inputs, *listed])
    with _Bar(inputs) as said:
        results = run_batch(inputs, options.out, _batch_options(options), said)
    _print_summary(inputs, results, options.out)


def _batch_options(options: argparse.Namespace) -> BatchOptions:
    from morph.batch import BatchOptions
    from morph.track_folder import TrackOptions

    track = TrackOptions(
        mesh=not options.no_mesh, overlay=not options.no_overlay, offline=options.smooth == "offline", resume=True
    )
    return BatchOptions(options.processes, options.retry, options.keep_going, tracker_options.read(options), track)


class _Bar:
    """A bar on a terminal that grows with the bytes of the inputs, so that its estimate knows long ones from short ones."""

    def __init__(self, inputs: list[BatchInput]) -> None:
        from tqdm import tqdm

        total = sum(one.size for one in inputs)
        self._bar = tqdm(total=total, unit="B", unit_scale=True, disable=None, leave=False)
        self._failed = 0

    def __enter__(self) -> _Bar:
        return self

    def __call__(self, result: BatchResult) -> None:
        self._failed += result.status == "failed"
        if result.status == "kept":
            self._bar.total -= result.input.size  # took no time
        else:
            self._bar.update(result.input.size)
        self._bar.set_postfix(failed=self._failed)

    def __exit__(self, *error: object) -> None:
        self._bar.close()


def _print_summary(inputs: list[BatchInput], results: list[BatchResult], folder: Path) -> None:
    """Counts, and the failures with their line.

    Raises:
        MorphError: some inputs failed or were not begun.
    """
    count = {status: sum(result.status == status for result in results) for status in ("done", "kept", "failed")}
    frames = sum(result.frames for result in results)
    print(f"{len(inputs)} inputs: {count['done']} done, {count['kept']} kept, {count['failed']} failed; {frames} frames")
    failures = [result for result in results if result.status == "failed"]
    for result in failures[:NAMED]:
        where = "" if result.input.source in result.said else f"{result.input.source}: "
        print(f"  {where}{result.said}")
    if len(failures) > NAMED:
        print(f"  and {len(failures) - NAMED} more, see {folder / 'batch.json'}")
    print(f"  {folder}")
    if left := len(inputs) - len(results):
        raise MorphError(f"stopped after {count['failed']} failures, {left} inputs were not begun; mend them and run it again")
    if failures:
        raise MorphError(f"{len(failures)} of {len(inputs)} inputs failed; their lines are in {folder / 'batch.json'}")
