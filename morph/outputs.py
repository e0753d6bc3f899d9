"""What a command may write: known before it begins, never an input, and never over what morph did not write itself.

The one rule of all verbs. A file that was asked for and exists is replaced where it says of itself that morph wrote it
(:mod:`morph.marks`), else only where the user says so. Files that come beside it are never asked for, so they are replaced
only where they are ours. What is read is never written, by whatever name, link or spelling it is called.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from morph.atomic import check_target
from morph.errors import MorphError
from morph.marks import is_ours

Identity = tuple[int, int] | str


@dataclass(frozen=True)
class Outputs:
    """All files that a command will write.

    Attributes:
        asked: that the user named.
        beside: that come with them: a texture, a material, ``camera.json``; or the files of a folder that the user named.
        inputs: files that are read, and folders whose files are.
        overwrite: the user allowed to replace what is asked for.
    """

    asked: Sequence[Path]
    beside: Sequence[Path] = ()
    inputs: Sequence[Path] = field(default=())
    overwrite: bool = False


def check_outputs(outputs: Outputs) -> None:
    """See that nothing is lost when these files are written; writes nothing.

    Raises:
        MorphError: a file is an input, exists and is not ours to replace, is asked for twice, is no ordinary file, or its
            folder does not exist or cannot be written.
    """
    every = [*outputs.asked, *outputs.beside]
    _refuse_twice(every)
    read = {identity: file for file in outputs.inputs if file.is_file() and (identity := identity_of(file))}
    for file in every:
        check_target(file)
        asked = file in outputs.asked
        beside = f", which comes beside {outputs.asked[0].name}," if outputs.asked and not asked else ""
        identity = identity_of(file)
        if identity in read:
            raise MorphError(_is_input(file, beside, read[identity]))
        if not os.path.lexists(file) or is_ours(file):
            continue
        if not (asked and outputs.overwrite):
            way = "give another name, or add `overwrite=True`" if asked else "move it away, or give another `out=`"
            raise MorphError(f"{file}{beside} exists and was not written by morph; {way}")
        for given in _files_below(outputs.inputs):
            if identity is not None and identity_of(given) == identity:
                raise MorphError(_is_input(file, beside, given))
    for folder in dict.fromkeys(file.parent for file in outputs.asked):
        _check_folder(folder)


def _is_input(file: Path, beside: str, given: Path) -> str:
    spelled = "" if os.path.normpath(given) == os.path.normpath(file) else f" (as {given})"
    return f"{file}{beside} is read by this command{spelled}, so it is not written; give another `out=`"


def move_to_free_name(file: Path, folder: Path, stem: str) -> Path:
    """Move a finished file to ``stem`` and its suffix in ``folder``, or to the first of ``stem-2`` … that nobody has.

    Returns:
        Where it lies.
    """
    for number in itertools.count(1):
        place = folder / (stem + (f"-{number}" if number > 1 else "") + file.suffix)
        try:
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # ours now, whoever else looks for a name
        except FileExistsError:
            continue
        except OSError as error:
            raise MorphError(f"cannot write {place}: {error.strerror}; it is kept as {file}") from None
        os.replace(file, place)
        return place
    raise AssertionError("numbers do not end")


def identity_of(file: Path) -> Identity | None:
    """What a file is, however it is called; None where there is none."""
    try:
        state = os.stat(file)
    except OSError:
        return None
    return (state.st_dev, state.st_ino) if state.st_ino else os.path.normcase(os.path.realpath(file))


def _refuse_twice(files: Iterable[Path]) -> None:
    seen: dict[Path, Path] = {}
    for file in files:
        place = Path(os.path.realpath(file.parent)) / file.name
        if place in seen:
            raise MorphError(f"{file} would be written twice; give its parts names of their own")
        seen[place] = file


def _files_below(inputs: Iterable[Path]) -> Iterator[Path]:
    """Every file in folders that are read."""
    for folder in inputs:
        for place, _, names in os.walk(folder):
            yield from (Path(place, name) for name in names)


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():  # also where `no/..` has no such folder: tempfile takes that for the one above
        raise MorphError(f"cannot write into {folder}: there is no such folder; choose a folder that exists and is writable")
    try:
        with tempfile.NamedTemporaryFile(prefix=".probe-", dir=folder):
            pass
    except OSError as error:
        raise MorphError(f"cannot write into {folder}: {error.strerror}; choose a folder that exists and is writable") from None
