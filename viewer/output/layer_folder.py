"""The folder of layers: which files in it its own record calls its own, so that nothing else is replaced."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from morph.errors import MorphError
from morph.marks import is_ours
from morph.outputs import identity_of
from morph.track_folder.layout import RECORD, read_record

FORMAT = "morph-layers-1"
SUMMARY = "layers.json"
OWN_FILE = re.compile(r"(layers|st|st_\d+|beauty|matte|depth|normals|uv|plate)\.(-?\d{5,})\.(exr|png)")


def check_layer_folder(folder: Path, read: Iterable[Path]) -> set[Path]:
    """See that layers in ``folder`` take nothing away that layers did not write; writes nothing.

    Args:
        folder: that they will lie in.
        read: the footage's files, and the track's.

    Returns:
        The files of earlier layers.

    Raises:
        MorphError: a file that is read is among them, or a file of somebody else has the name of a layer's.
    """
    own = own_layers(folder)
    there = [file for file in folder.iterdir() if OWN_FILE.fullmatch(file.name)] if folder.is_dir() else []
    places = [*there, *(folder / name for name in (SUMMARY, RECORD) if os.path.lexists(folder / name))]
    given = {identity_of(file): file for file in read}
    for file in sorted({*own, *places}):
        if (identity := identity_of(file)) is not None and identity in given:
            raise MorphError(f"{given[identity]} is among the files that layers in {folder} replace; choose another folder")
        if file not in own:
            raise MorphError(f"{file} lies where layers go, and is not of ones that morph wrote there; choose another folder")
    return own


def own_layers(folder: Path) -> set[Path]:
    """What a summary, or the record of layers that were begun, calls its own."""
    found: set[Path] = set()
    files = {file: match for file in folder.iterdir() if (match := OWN_FILE.fullmatch(file.name))} if folder.is_dir() else {}
    summary = read_record(folder / SUMMARY)
    if summary is not None and summary.get("format") == FORMAT:
        numbers = {int(number) for number in summary.get("frames", [])}
        found |= {folder / SUMMARY}
        found |= {file for file, match in files.items() if int(match[2]) in numbers and (match[3] == "exr" or is_ours(file))}
    begun = read_record(folder / RECORD)
    if begun is not None and "layers" in begun:
        found |= {folder / RECORD, *files}
    return found
