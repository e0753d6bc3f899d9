"""The footage behind a head, as another program is told of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from morph.errors import MorphError
from morph.frames.formats import PICTURE_SUFFIXES
from morph.frames.sequence import natural_key, sequence_numbers


@dataclass(frozen=True)
class Plate:
    """The footage behind a head.

    Attributes:
        path: of a clip, or of the first picture of a sequence.
        first: number of the frame that this picture is.
        sequence: it is one of many pictures.
    """

    path: Path
    first: int = 0
    sequence: bool = False


def plate_of(over: str | os.PathLike[str]) -> Plate:
    """Footage as it is tracked: a clip, a picture, or a folder with a numbered sequence.

    Args:
        over: the clip, picture or folder.

    Raises:
        MorphError: it is not there, or pictures of a folder are no sequence.
    """
    path = Path(over)
    if not path.is_dir():
        if not path.is_file():
            raise MorphError(f"no footage {path}; give the clip or folder that was tracked with `over=`")
        return Plate(path)
    files = sorted((file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES), key=natural_key)
    numbers = sequence_numbers(files)
    if numbers is None:
        raise MorphError(f"{path} holds no numbered sequence of pictures, so it cannot lie behind a moving head")
    first = min(range(len(files)), key=lambda row: numbers[row])
    return Plate(files[first], numbers[first], sequence=True)
