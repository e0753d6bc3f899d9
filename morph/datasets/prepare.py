"""What the prepare scripts in ``data/`` share: arguments, one-line errors, progress and the closing summary."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from morph.console import run_command
from morph.datasets.crop_writer import MakePiece, PreparedCrops, write_crops


def script_parser(description: str, *, model: bool) -> argparse.ArgumentParser:
    """A parser with the arguments that all prepare scripts take; ``model`` adds the morphable model."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data set as it was published")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the crop set to write")
    if model:
        parser.add_argument("--model", type=Path, required=True, metavar="FILE", help="morphable model of the labels")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--max-bad", type=float, default=0.01, help="share of the files that may be bad (0.01)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N files, to try it out")
    return parser


def run_script(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None], arguments: Sequence[str] | None = None
) -> int:
    """Parse and run; returns the exit status, see :func:`morph.console.run_command`."""
    again = "interrupted; the same command goes on from here"
    return run_command(parser.prog, lambda: run(parser.parse_args(arguments)), again)


def prepare(options: argparse.Namespace, files: Sequence[str], make: MakePiece, meta: dict[str, Any]) -> PreparedCrops:
    """Write the crop set that the options ask for, with progress on a terminal, and print what came of it."""
    from tqdm import tqdm

    files = list(files)[: options.limit]
    start = time.perf_counter()
    with tqdm(total=len(files), unit="file", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int, bad: int) -> None:
            bar.update(done - bar.n)
            bar.set_postfix(bad=bad)

        result = write_crops(
            options.out, files, make, meta, workers=options.workers, max_bad=options.max_bad, progress=progress
        )
    for line in result.bad:
        print(f"skipped: {line}", file=sys.stderr)
    seconds = time.perf_counter() - start
    print(f"{result.folder}: {result.count} crops of {len(files)} files, {len(result.bad)} skipped, {seconds:.1f} s")
    return result
