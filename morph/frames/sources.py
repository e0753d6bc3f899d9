"""Pictures, folders, clips and cameras as one thing: frames with true time stamps."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from morph.errors import MorphError
from morph.frames.clip import ClipSource
from morph.frames.frame import SEQUENCE_RATE, Frame, FrameSource, Image

PICTURE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".jp2", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def open_source(source: str | os.PathLike[str] | int) -> FrameSource:
    """Open a picture, a folder of pictures, a clip or a camera (its number).

    Raises:
        MorphError: it does not exist, holds no picture, or cannot be read.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> next(iter(open_source(demo_files()[1]))).image.dtype
        dtype('uint8')
    """
    if isinstance(source, int) or (str(source).isdigit() and not Path(source).exists()):
        return CameraSource(int(str(source)))
    path = Path(source)
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise MorphError(f"no file {path}; give a picture, a folder of pictures, a clip or a camera's number")
    if not path.is_file():
        raise MorphError(f"{path} is no ordinary file; give a picture, a folder of pictures, a clip or a camera's number")
    if path.stat().st_size == 0:
        raise MorphError(f"{path} is empty; copy it again")
    return PictureSource(path) if path.suffix.lower() in PICTURE_SUFFIXES else ClipSource(path)


def read_picture(path: str | os.PathLike[str]) -> Image:
    """A picture file as upright ``(H, W, 3)`` uint8 RGB; grey, 16-bit and alpha pictures too (alpha is left out).

    Raises:
        MorphError: missing, or not a picture.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> read_picture(demo_files()[0]).shape[2]
        3
    """
    path = Path(path)
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise MorphError(f"cannot read {path}: {error.strerror}") from None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    if image is None:
        raise MorphError(f"{path} is not a picture that can be read; save it as PNG or JPEG")
    return image  # type: ignore[return-value]


class PictureSource(FrameSource):
    """One picture."""

    kind = "picture"

    def __init__(self, path: Path) -> None:
        self.name, self.count, self._path = str(path), 1, path

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(0, 0.0, read_picture(self._path), self._path.stem)


class FolderSource(FrameSource):
    """The pictures of a folder, sorted as people count (2 before 10); subfolders are left alone.

    It is a sequence when all names are the same but for a number, else a heap of unrelated pictures.
    """

    def __init__(self, path: Path) -> None:
        files = [file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith(".")]
        if not files:
            raise MorphError(f"{path} holds no pictures; give a folder with {', '.join(sorted(PICTURE_SUFFIXES))} files")
        self.files = sorted(files, key=natural_key)
        self.name, self.count, self.damaged = str(path), len(files), 0
        patterns = {re.sub(r"\d+$", "#", file.stem) + file.suffix for file in files}
        numbered = len(patterns) == 1 and patterns.pop().partition(".")[0].endswith("#")
        self.kind = "sequence" if numbered and len(files) > 1 else "pictures"

    def __iter__(self) -> Iterator[Frame]:
        self.damaged = 0
        for index, file in enumerate(self.files):
            try:
                image = read_picture(file)
            except MorphError:
                self.damaged += 1
                continue
            yield Frame(index, index / SEQUENCE_RATE, image, file.stem)
        if self.damaged == len(self.files):
            raise MorphError(f"none of the {self.damaged} picture files in {self.name} can be read")


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sorts names with their numbers as numbers."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


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
