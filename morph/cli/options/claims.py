"""What a verb will write, held against what its options say it reads; see :mod:`morph.outputs`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from morph.atomic import atomic_path
from morph.cli.machine.origin import origin
from morph.frames.formats import PICTURE_SUFFIXES
from morph.marks import GENERATOR
from morph.outputs import Outputs, check_outputs
from morph.track_folder.layout import own_files


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """The option that allows to replace a file that was asked for."""
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a file that was asked for though morph did not write it (its own are replaced without); never an input",
    )


def claim(options: argparse.Namespace, reads: Sequence[str], asked: Iterable[Path | None], beside: Iterable[Path] = ()) -> None:
    """See that a verb may write its files, before it begins.

    Args:
        options: of the verb.
        reads: names of the options that say what is read: files, folders, tracks; others are left out.
        asked: files that the user named; None for those that were not asked for.
        beside: that come with them.

    Raises:
        MorphError: see :func:`morph.outputs.check_outputs`.
    """
    given = [getattr(options, name, None) for name in reads]
    given += [prop] if (prop := getattr(options, "prop", None)) and Path(prop, "prop.yaml").is_file() else []
    flat = [Path(item) for value in given for item in (value if isinstance(value, list) else [value]) if item is not None]
    inputs = [file for path in flat for file in _read_from(path)]
    check_outputs(Outputs([file for file in asked if file is not None], list(beside), inputs, options.overwrite))


def _read_from(path: Path) -> Iterator[Path]:
    """A file or folder, and of a folder the pictures and a track's files in it."""
    yield path
    if path.is_dir():
        yield path / "coefficients.npz"
        yield from own_files(path)
        yield from (file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES)


class Report(Protocol):
    """What a bench found."""

    def as_text(self) -> str: ...
    def as_json(self) -> dict[str, Any]: ...


def write_report(report: Report, options: argparse.Namespace) -> None:
    """Print what a bench found, and write it as JSON where that was asked for.

    Args:
        report: of the bench.
        options: of the verb; see :func:`write_figures`.
    """
    text = report.as_text()
    print(text, end="" if text.endswith("\n") else "\n")
    write_figures(report.as_json, options)


def write_figures(figures: Callable[[], dict[str, Any]], options: argparse.Namespace) -> None:
    """Write figures and where they come from as JSON, where that was asked for.

    Args:
        figures: makes them, with their ``protocol``.
        options: of the verb: ``json``, the file, or None; ``words`` of the command line.
    """
    if options.json is not None:
        with atomic_path(options.json) as temporary:
            values = {"generator": GENERATOR, "run": origin(options.words), **figures()}
            temporary.write_text(json.dumps(values, indent=1) + "\n")
