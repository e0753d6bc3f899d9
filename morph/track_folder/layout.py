"""Which files a track has, and which of those that lie in a folder its own record calls its own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from morph.errors import MorphError
from morph.marks import is_ours
from morph.outputs import identity_of
from morph.track_folder.tables import FORMAT, LANDMARKS_BEGIN, POSES_BEGIN

RECORD = ".unfinished.json"  # from before the first file of a track until after its summary
SUMMARY = "summary.json"
RESULTS = (SUMMARY, "coefficients.npz", "landmarks.csv", "head_pose.csv", "overlay.mp4", "overlay.png")
MESH_FILE = re.compile(r"-?\d{5,}(_\d+)?\.obj|head\.mtl|texture\.png")  # in mesh/


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def own_files(folder: Path) -> set[Path]:
    """The files of the track in ``folder``: those that its summary lists, and those of a track that was killed.

    What a summary lists must say itself that morph wrote it (or be empty): another file may lie in its place by now. A killed
    track has no list, and its files may be damaged, so the names of meshes and tables tell them. Without a record nothing is
    a track's.
    """
    found: set[Path] = set()
    summary = read_record(folder / SUMMARY)
    if summary is not None and summary.get("format") == FORMAT:
        listed = summary.get("files")
        there = set(_named_so(folder))
        if isinstance(listed, list):  # summaries of before had none
            there &= {folder / str(name) for name in listed}
        found |= {folder / SUMMARY, *filter(_is_own, there)}
    begun = read_record(folder / RECORD)
    if begun is not None and "max_faces" in begun:
        found |= {folder / RECORD, *(file for file in _named_so(folder) if file.parent.name != "overlay" or _is_own(file))}
    return {file for file in found if os.path.lexists(file)}


def check_places(folder: Path, names: Iterable[str], read: Iterable[Path], *, meshes: bool) -> set[Path]:
    """See that a track in ``folder`` takes nothing away that is not an earlier track's; writes nothing.

    Args:
        folder: that the track will lie in.
        names: of files that will be written, relative to the folder.
        read: files that the track is made from: footage and networks.
        meshes: whether ``mesh/`` will be written.

    Returns:
        The files of an earlier track.

    Raises:
        MorphError: a file that is read is among those that will be replaced, or a file of somebody else lies in the place of
            one that will be written.
    """
    own = own_files(folder)
    places = [folder / name for name in names]
    if meshes:
        places += [file for file in _listed(folder / "mesh") if MESH_FILE.fullmatch(file.name)]
    in_the_way = sorted({file for file in places if os.path.lexists(file)} - own)
    given = {identity_of(file): file for file in read}
    for file in [*own, *in_the_way]:
        if (identity := identity_of(file)) is not None and identity in given:
            raise MorphError(f"{given[identity]} is among the files that a track in {folder} replaces; choose another folder")
    if in_the_way:
        more = f", as do {len(in_the_way) - 1} more files" if len(in_the_way) > 1 else ""
        raise MorphError(
            f"{in_the_way[0]} lies where a track writes, and is not of one that morph wrote there{more}; choose another "
            "folder, or move it away"
        )
    return own


def _named_so(folder: Path) -> Iterator[Path]:
    """What has the name of a track's file."""
    yield from (folder / name for name in RESULTS if name != SUMMARY)
    yield from (file for file in _listed(folder / "mesh") if MESH_FILE.fullmatch(file.name))
    yield from (file for file in _listed(folder / "overlay") if file.suffix == ".png")


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_own(file: Path) -> bool:
    if not file.is_file():
        return False
    if not file.stat().st_size or is_ours(file):
        return True
    with file.open("rb") as stream:
        begins = tuple(line.encode() for line in (LANDMARKS_BEGIN, POSES_BEGIN))
        return file.suffix == ".csv" and stream.read(max(map(len, begins))).startswith(begins)
