"""Pictures, folders, clips and cameras as one thing: frames with true time stamps."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from morph.errors import MorphError
from morph.frames.animation import WebpSource, count_pictures
from morph.frames.clips.clip import ClipSource
from morph.frames.formats import CLIP_SUFFIXES, HEAD, PICTURE_SUFFIXES, RAW_SUFFIXES, format_of, is_clip
from morph.frames.frame import Frame, FrameSource
from morph.frames.no_file import no_file_name
from morph.frames.stills import FolderSource, PictureSource

WANTED = "give a picture, a folder of pictures, a clip or a camera's number"


def open_source(source: str | os.PathLike[str] | int) -> FrameSource:
    """Open a picture, a folder of pictures, a clip or a camera (its number).

    What a file holds tells what it is, not its name; a picture file with several frames (GIF, APNG, WebP) is a clip.

    Raises:
        MorphError: it does not exist, holds no picture, cannot be read, or is an address or a pattern of names.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> next(iter(open_source(demo_files()[1]))).image.dtype
        dtype('uint8')
    """
    if isinstance(source, int) or (re.fullmatch("[0-9]+", str(source)) and not os.path.exists(source)):
        return CameraSource(int(str(source)))
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


class CameraSource(FrameSource):
    """A camera by its number; times are seconds since the first frame."""

    kind = "camera"
    count = None

    def __init__(self, number: int) -> None:
        self.name, self.damaged = f"camera {number}", 0
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # one line of ours says it all
        try:
            self._capture = cv2.VideoCapture(number)
        finally:
            cv2.utils.logging.setLogLevel(level)
        if not self._capture.isOpened():
            raise MorphError(f"no camera {number}; plug one in, or give a file")
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or 30.0

    def __iter__(self) -> Iterator[Frame]:
        start = time.monotonic()
        for index in itertools.count():
            good, image = self._capture.read()
            if not good:
                return
            yield Frame(index, time.monotonic() - start, cv2.cvtColor(image, cv2.COLOR_BGR2RGB), f"{index:06d}")  # type: ignore[arg-type]
