"""Pictures, folders, clips and cameras as one thing: frames with true time stamps."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from morph.errors import MorphError

Image = npt.NDArray[np.uint8]
Kind = Literal["picture", "pictures", "sequence", "clip", "camera"]

PICTURE_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".jp2", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
SEQUENCE_RATE = 25.0  # frames a second of numbered pictures, which say nothing of time


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and when it was taken.

    Attributes:
        index: number of the frame in its source, from 0.
        time: seconds, as the source states it (a clip's presentation time stamp).
        image: ``(H, W, 3)`` uint8 RGB, upright.
        name: file name without suffix for pictures, the frame's number for clips and cameras.
    """

    index: int
    time: float
    image: Image
    name: str


class FrameSource:
    """Where frames come from.

    Attributes:
        kind: "picture", "pictures" (a folder of unrelated ones), "sequence" (numbered ones of one size), "clip" or "camera".
        name: what the user gave.
        count: how many frames to expect, as far as it is known.
        rate: frames a second, about.
        damaged: how many frames could not be decoded so far.
    """

    kind: Kind
    name: str
    count: int | None
    rate: float = SEQUENCE_RATE
    damaged: int = 0

    def __iter__(self) -> Iterator[Frame]:
        """The frames, in order; every call begins anew."""
        raise NotImplementedError


def open_source(source: str | os.PathLike[str] | int) -> FrameSource:
    """Open a picture, a folder of pictures, a clip or a camera (its number).

    Raises:
        MorphError: it does not exist, holds no picture, or cannot be read.
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


class ClipSource(FrameSource):
    """A clip, decoded by FFmpeg through PyAV: upright, with its own time stamps; frames that are damaged are left out.

    Attributes:
        threads: of the decoder; 1 decodes in the thread that asks for the frame, more decode ahead.
    """

    kind = "clip"
    threads = 2

    def __init__(self, path: Path) -> None:
        import av

        self.name, self._path, self.damaged = str(path), path, 0
        try:
            with av.open(os.fspath(path)) as container:
                if not container.streams.video:
                    raise MorphError(f"{path} holds no pictures, only sound; give a clip or a picture")
                stream = container.streams.video[0]
                self.rate = float(stream.average_rate or stream.guessed_rate or SEQUENCE_RATE)
                self.count = stream.frames or None
        except av.FFmpegError as error:
            raise MorphError(_why_not(path, error)) from None

    def __iter__(self) -> Iterator[Frame]:
        import av
        from av.video.reformatter import VideoReformatter

        self.damaged = 0
        index, previous = 0, -1.0 / self.rate
        converter = VideoReformatter()  # kept: its tables cost more than a frame
        with av.open(os.fspath(self._path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "FRAME"
            stream.codec_context.thread_count = self.threads
            for picture in self._decode(container, stream):
                stamp = picture.time
                if stamp is None or (index and stamp <= previous):
                    stamp = previous + 1.0 / self.rate
                previous = stamp
                image: Any = np.ascontiguousarray(
                    converter.reformat(picture, format="rgb24").to_ndarray()
                )  # odd rows are padded
                yield Frame(index, stamp, upright(image, picture.rotation), f"{index:06d}")
                index += 1
        if not index:
            raise MorphError(f"{self.name} holds no frame that can be decoded; it may be cut off, copy it again")

    def _decode(self, container: Any, stream: Any) -> Iterator[Any]:
        import av

        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.damaged += 1  # the container itself ends here
                packet = None
            try:
                yield from stream.codec_context.decode(packet)
            except av.FFmpegError:
                self.damaged += 1
            if packet is None:
                return


def _why_not(path: Path, error: Exception) -> str:
    """One line on why FFmpeg did not open a file."""
    import av

    with path.open("rb") as file:
        head = file.read(12)
    if isinstance(error, av.InvalidDataError) and head[4:8] in (b"ftyp", b"mdat", b"free", b"wide"):
        return f"{path} is a clip that was cut off (its index is missing); copy it again or repair it"
    if isinstance(error, av.InvalidDataError):
        return f"{path} is neither a picture nor a clip that can be read; save it as PNG, JPEG or MP4"
    return f"cannot read {path}: {getattr(error, 'strerror', None) or error}"


def upright(image: Image, rotation: int) -> Image:
    """Turn a picture by the display rotation that FFmpeg reports: degrees anticlockwise, a multiple of 90."""
    return np.ascontiguousarray(np.rot90(image, round(rotation / 90) % 4)) if rotation % 360 else image


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
