"""What a batch is made of: files, folders, patterns and lists of them, each with a name for its results."""

from __future__ import annotations

import glob
import os
from collections import Counter
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
    pictures of one sequence that have a folder to themselves are one input. A file that is named counts whatever its suffix.

    Args:
        given: files, folders, and patterns with ``*``, ``?``, ``[…]`` and ``**``.

    Raises:
        MorphError: nothing is there, a pattern matches nothing, or a folder holds no clips and pictures.
    """
    found: dict[Path, str] = {}
    for one in given:
        for source, name in _expand(os.fspath(one)):
            found.setdefault(source, name)
    if not found:
        raise MorphError("a batch needs inputs; give files, folders or patterns")
    bare = {source: name if source.is_dir() else os.path.splitext(name)[0] for source, name in found.items()}
    several = Counter(name.lower() for name in bare.values())  # clip.mp4 and clip.mov keep their suffixes
    names = {source: found[source] if several[name.lower()] > 1 else name for source, name in bare.items()}
    taken: Counter[str] = Counter()
    out = []
    for source, name in names.items():
        taken[name.lower()] += 1
        number = taken[name.lower()]
        out.append(BatchInput(str(source), name if number == 1 else f"{name}.{number}", _size(source)))
    return out


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
    """Sources that an argument stands for, each with a name relative to what was given."""
    path = Path(given)
    if path.is_dir():
        inside = list(_inside(path))
        if not inside:
            raise MorphError(f"{given} holds no clips and no pictures")
        yield from ((file, file.relative_to(path).as_posix() if file != path else path.resolve().name) for file in inside)
    elif path.exists():
        yield path, path.name
    elif glob.has_magic(given):
        matches = sorted(map(Path, glob.glob(given, recursive=True)), key=natural_key)
        if not matches:
            raise MorphError(f"no file matches {given}")
        for match in matches:
            yield from ((source, name) for source, name in _expand(str(match)))
    else:
        yield path, path.name  # is said to be missing in its own line, and stops nothing


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
    else:
        yield from files
    for child in inside:
        if child.is_dir() and not any(read_record(child / name) for name in (SUMMARY, RECORD)):
            yield from _inside(child)


def _size(source: Path) -> int:
    try:
        if source.is_dir():
            return sum(file.stat().st_size for file in source.iterdir() if file.is_file())
        return source.stat().st_size
    except OSError:
        return 0
