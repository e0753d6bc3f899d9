"""Pictures, folders, clips and cameras as one thing: frames with true time stamps."""

from __future__ import annotations

import os
import re
from pathlib import Path

from morph.errors import MorphError
from morph.frames.animation import WebpSource, count_pictures
from morph.frames.cameras.camera import CameraSettings, CameraSource
from morph.frames.clips.clip import ClipSource
from morph.frames.formats import CLIP_SUFFIXES, HEAD, PICTURE_SUFFIXES, RAW_SUFFIXES, format_of, is_clip
from morph.frames.frame import FrameSource
from morph.frames.no_file import no_file_name
from morph.frames.stills import FolderSource, PictureSource

WANTED = "give a picture, a folder of pictures, a clip or a camera's number"


def open_source(source: str | os.PathLike[str] | int, camera: CameraSettings | None = None) -> FrameSource:
    """Open a picture, a folder of pictures, a clip or a camera (its number).

    What a file holds tells what it is, not its name; a picture file with several frames (GIF, APNG, WebP) is a clip.

    Args:
        source: a file, a folder, or the number of a camera.
        camera: what a camera is asked for.

    Raises:
        MorphError: it does not exist, holds no picture, cannot be read, or is an address or a pattern of names; or a size or a
            rate is asked for and it is no camera.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> next(iter(open_source(demo_files()[1]))).image.dtype
        dtype('uint8')
    """
    if isinstance(source, int) or (re.fullmatch("[0-9]+", str(source)) and not os.path.exists(source)):
        return CameraSource(int(str(source)), camera)
    if camera is not None and camera != CameraSettings():
        raise MorphError(f"`size=` and `fps=` are for a camera; leave them out for {source}")
    if not str(source):
        raise MorphError(f"the name of the input is empty; {WANTED}")
    path = Path(source)
    if os.path.isdir(path):
        return FolderSource(path)
    if not os.path.exists(path):
        raise MorphError(no_file_name(str(source)) or f"no file {source}; {WANTED}")
    if not path.is_file():
        raise MorphError(f"{path} is no ordinary file; {WANTED}")
    if path.stat().st_size == 0:
        raise MorphError(f"{path} is empty; copy it again")
    return _open_file(path)


def _open_file(path: Path) -> FrameSource:
    suffix = path.suffix.lower()
    if suffix in CLIP_SUFFIXES:
        return ClipSource(path)
    if suffix in RAW_SUFFIXES:
        return PictureSource(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            kind = format_of(head, suffix)
            several = False
            if kind is not None and kind.name in ("PNG", "GIF", "WebP"):
                file.seek(0)
                several = count_pictures(file.read(), kind) > 1
    except OSError as error:
        raise MorphError(f"cannot read {path}: {error.strerror}") from None
    if kind is not None:
        return PictureSource(path) if not several else WebpSource(path) if kind.name == "WebP" else ClipSource(path)
    return PictureSource(path) if suffix in PICTURE_SUFFIXES and not is_clip(head) else ClipSource(path)
