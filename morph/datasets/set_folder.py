"""The folder of a crop set while it is written: one run at a time, and nothing in it that is not a set's is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.folder_lock import only_run_in

NOTE = ".begun-by-morph"  # from before the first file of a set until after its last
NAMES = ("images.npy", "labels.npz", "meta.json", "images.partial", "piece-000000.npz")
NOTES = (NOTE, "parts/plan.txt")  # what a set that has begun has


@contextlib.contextmanager
def set_folder(folder: str | os.PathLike[str], more: Iterable[str] = ()) -> Iterator[Path]:
    """Make the folder of a set, hold its lock, and note that a set was begun in it until it is whole.

    Args:
        folder: of the set.
        more: names of files that this set has beside the usual ones.

    Raises:
        MorphError: see :func:`check_set_folder`; the folder cannot be written, or another run writes into it.
    """
    check_set_folder(folder, more)
    folder = output_folder(folder)
    with only_run_in(folder):
        check_set_folder(folder, more)
        if not (folder / "meta.json").exists():
            with atomic_path(folder / NOTE) as path:
                path.write_text("a crop set was begun here; the same command goes on with it\n")
        yield folder
        (folder / NOTE).unlink(missing_ok=True)


def check_set_folder(folder: str | os.PathLike[str], more: Iterable[str] = ()) -> None:
    """See that a set in ``folder`` would replace nothing but a set of morph; writes nothing.

    Raises:
        MorphError: the folder holds files with the names of a set's, and no set of morph was begun there.
    """
    if not os.fspath(folder):
        raise MorphError("a crop set needs a folder; its name is empty")
    folder = Path(folder)
    if any((folder / note).is_file() for note in NOTES) or _is_set(folder / "meta.json") or _is_piece(folder):
        return
    there = [folder / name for name in (*NAMES, *more) if os.path.lexists(folder / name)]
    if there:
        raise MorphError(f"{there[0]} exists and is not of a crop set that morph wrote there; choose another folder")


def _is_set(meta: Path) -> bool:
    try:
        stated = json.loads(meta.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stated, dict) and str(stated.get("format", "")).startswith("morph-")


def _is_piece(folder: Path) -> bool:
    """Whether the first piece of a set that was begun is there, for sets from before there were notes."""
    try:
        with zipfile.ZipFile(folder / "piece-000000.npz") as archive:
            return "state_.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
