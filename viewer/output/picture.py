"""Writes pictures."""

from __future__ import annotations

import os
from pathlib import Path

from morph.arrays import Image
from morph.errors import MorphError
from morph.picture_file import save_picture

SUFFIXES = (".png", ".jpg", ".jpeg")


def write_picture(path: str | os.PathLike[str], picture: Image) -> None:
    """Write ``(H, W, 3)`` uint8 RGB as PNG or JPEG, by suffix.

    Raises:
        MorphError: another suffix, or a folder that cannot be written.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise MorphError(f"cannot write {path}: name it .png, .jpg or .mp4")
    save_picture(path, picture)
