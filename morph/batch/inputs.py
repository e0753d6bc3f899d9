"""What a batch is made of: files, folders, patterns and lists of them, each with a name for its results."""

from __future__ import annotations

import glob
import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from morph.errors import MorphError
from morph.frames.formats import CLIP_SUFFIXES, PICTURE_SUFFIXES, RAW_SUFFIXES, is_system_file
from morph.frames.sequence import natural_key, sequence_numbers
from morph.track_folder.layout import RECORD, SUMMARY, read_record

SHOWN = CLIP_SUFFIXES | PICTURE_SUFFIXES | RAW_SUFFIXES


@dataclass(frozen=True)
class BatchInput:
    """One thing to track.

    Attributes:
        source: file, or folder of a numbered sequence.
        name: of its folder among the results, with ``/`` between parts; no other input has it.
        size: bytes.
    """

    source: str
    name: str
    size: int


def find_inputs(given: Iterable[str | os.PathLike[str]]) -> list[BatchInput]:
    """All inputs in the order given; those of a folder or of a pattern as people count (2 before 10).

    A folder stands for the clips and pictures in it and in its subfolders, but for those in folders of earlier tracks; numbered
    pictures of one sequence that have a folder to themselves are one input, and folders below them are left alone. A file that
    is named counts whatever its suffix. Names do not depend on what else there is: below a folder, or below what stands before
    a pattern's first ``*``, they are the path from there, else the file's own name.

    Args:
        given: files, folders, and patterns with ``*``, ``?``, ``[…]`` and ``**``.

    Raises:
        MorphError: nothing is there, a pattern matches nothing, a folder holds no clips and pictures, or two have one name.
    """
    found: dict[Path, str] = {}
    for one in given:
        for source, name in _expand(os.fspath(one)):
            found.setdefault(source, name)
    if not found:
        raise MorphError("a batch needs inputs; give files, folders or patterns")
    called: dict[str, Path] = {}
    for source, name in found.items():
        other = called.setdefault(name.lower(), source)  # not every file system tells capitals from small letters
        if other != source:
            raise MorphError(f"{other} and {source} would both be called {name}; give the folder above both, or a batch each")
    return [BatchInput(str(source), name, _size(source)) for source, name in found.items()]


def read_list(path: str | os.PathLike[str]) -> list[str]:
    """The inputs that a text file names, one a line; empty lines and those that begin with ``#`` do not count.

    Raises:
        MorphError: it cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MorphError(f"cannot read the list {path}: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _expand(given: str) -> Iterator[tuple[Path, str]]:
    """Sources that an argument stands for, each with its name."""
    path = Path(given)
    if path.is_dir():
        inside = list(_inside(path))
        if not inside:
            raise MorphError(f"{given} holds no clips and no pictures")
        yield from ((file, _named(file, path)) for file in inside)
    elif glob.has_magic(given) and not path.exists():
        matches = sorted(map(Path, glob.glob(given, recursive=True)), key=natural_key)
        if not matches:
            raise MorphError(f"no file matches {given}")
        root = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), path.parts))
        for match in matches:
            if not match.is_dir():
                yield match, _named(match, root)
            elif not _is_track(match):
                yield from ((file, _named(file, root)) for file in _inside(match))
    else:  # where there is none, its own line will say so, and stop nothing
        yield path, path.name


def _named(source: Path, root: Path) -> str:
    return source.relative_to(root).as_posix() if source != root else root.resolve().name


def _is_track(folder: Path) -> bool:
    return any(read_record(folder / name) for name in (SUMMARY, RECORD))


def _inside(folder: Path) -> Iterator[Path]:
    """Clips and pictures in a folder and below, or the folder itself where it is a sequence."""
    try:
        inside = sorted((file for file in folder.iterdir() if not is_system_file(file.name)), key=natural_key)
    except OSError as error:
        raise MorphError(f"cannot read the folder {folder}: {error.strerror}") from None
    files = [file for file in inside if file.suffix.lower() in SHOWN and file.is_file()]
    pictures = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]
    if len(pictures) > 1 and len(pictures) == len(files) and sequence_numbers(pictures) is not None:
        yield folder
        return
    yield from files
    for child in inside:
        if child.is_dir() and not _is_track(child):
            yield from _inside(child)


def _size(source: Path) -> int:
    try:
        if source.is_dir():
            return sum(file.stat().st_size for file in source.iterdir() if file.is_file())
        return source.stat().st_size
    except OSError:
        return 0
