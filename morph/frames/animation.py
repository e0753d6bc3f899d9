"""Pictures in a row within one picture file: how many there are, and those of an animated WebP, which FFmpeg cannot read."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.errors import MorphError
from morph.frames.formats import PictureFormat
from morph.frames.frame import Frame, FrameSource
from morph.frames.tiff import tiff_pages

SHORTEST = 10  # milliseconds that a frame is shown at least; players take shorter ones for this or for longer
MOST_PIXELS = 1 << 25  # of the canvas of an animation


def count_pictures(data: bytes, kind: PictureFormat) -> int:
    """How many pictures in a row a file holds: frames of an animated PNG, GIF or WebP, pages of a TIFF; 1 of other formats."""
    count: dict[str, Callable[[bytes], int]] = {
        "PNG": _in_png,
        "GIF": _in_gif,
        "WebP": lambda data: len(_webp_frames(data)),
        "TIFF": lambda d: sum(tiff_pages(d)),
    }
    try:
        return max(count[kind.name](data), 1) if kind.name in count else 1
    except (struct.error, IndexError):  # damaged; whoever reads it will say so
        return 1


def _in_png(data: bytes) -> int:
    at = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"acTL":
            return int(struct.unpack_from(">I", data, at + 8)[0])
        if kind == b"IDAT":
            break
        at += 12 + size
    return 1


def _in_gif(data: bytes) -> int:
    at, count = 13 + _palette(data[10]), 0
    while data[at] != 0x3B:
        if data[at] == 0x2C:  # a picture: its place, its palette, the size of a code
            count += 1
            at += 10 + _palette(data[at + 9]) + 1
        else:
            at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
        if at >= len(data):
            break
    return count


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


@dataclass(frozen=True)
class _WebpFrame:
    """Where a frame lies in the file and on the canvas."""

    start: int
    end: int
    left: int
    top: int
    shown: int  # milliseconds
    blended: bool
    cleared: bool  # its place is made empty after it was shown


def _webp_chunks(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        kind, size = struct.unpack_from("<4sI", data, start)
        yield kind, start + 8, min(start + 8 + size, end)
        start += 8 + size + (size & 1)


def _small(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _webp_frames(data: bytes) -> list[_WebpFrame]:
    frames = []
    for kind, at, end in _webp_chunks(data, 12, len(data)):
        if kind == b"ANMF" and at + 16 < end:
            flags = data[at + 15]
            shown = max(_small(data, at + 12), SHORTEST)
            place = 2 * _small(data, at), 2 * _small(data, at + 3)
            frames.append(_WebpFrame(at + 16, end, *place, shown, not flags & 2, bool(flags & 1)))
    return frames


class WebpSource(FrameSource):
    """An animated WebP; frames are drawn on one another as it says, and what is transparent is black.

    Args:
        path: of a file that :func:`count_pictures` finds more than one in.
    """

    kind = "clip"

    def __init__(self, path: Path) -> None:
        self.name, self._path, self.damaged = str(path), path, 0
        data = path.read_bytes()
        frames = _webp_frames(data)
        self.count = len(frames)
        self.rate = 1000 * len(frames) / sum(frame.shown for frame in frames)
        self._size = 1 + _small(data, 24), 1 + _small(data, 27)
        if self._size[0] * self._size[1] > MOST_PIXELS:
            raise MorphError(f"{path} is {self._size[0]}x{self._size[1]}, too large to read")

    def __iter__(self) -> Iterator[Frame]:
        self.damaged = 0
        data = self._path.read_bytes()
        canvas = np.zeros((self._size[1], self._size[0], 3), np.uint8)
        time = 0  # milliseconds
        for index, frame in enumerate(_webp_frames(data)):
            picture = _decoded(data[frame.start : frame.end])
            if picture is None:
                self.damaged += 1
            else:
                room = canvas[frame.top : frame.top + len(picture), frame.left : frame.left + picture.shape[1]]
                _draw(picture[: room.shape[0], : room.shape[1]], room, frame.blended)
                yield Frame(index, time / 1000, canvas.copy(), f"{index:06d}")
                if frame.cleared:
                    room[:] = 0
            time += frame.shown
        if self.damaged == self.count:
            raise MorphError(f"{self.name} holds no frame that can be decoded; copy it again")


def _decoded(chunks: bytes) -> Image | None:
    """``(H, W, 4)`` uint8 RGBA of the chunks of one frame, read as a picture of its own."""
    kinds = {kind: (at, end) for kind, at, end in _webp_chunks(chunks, 0, len(chunks))}
    if b"ALPH" in kinds and b"VP8 " in kinds:
        at, end = kinds[b"VP8 "]
        if end < at + 10:
            return None
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", chunks, at + 6))
        size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks = b"VP8X" + struct.pack("<II", 10, 0x10) + size + chunks
    file = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks
    try:
        picture = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if picture is None:
        return None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGBA), np.uint8)


def _draw(picture: Image, room: npt.NDArray[np.uint8], blended: bool) -> None:
    """Put a frame into its place; where it is not ``blended``, what is transparent becomes empty."""
    alpha = picture[..., 3:].astype(np.uint16)
    if alpha.min(initial=255) == 255:
        room[:] = picture[..., :3]
        return
    below = room.astype(np.uint16) if blended else np.zeros(1, np.uint16)
    room[:] = (picture[..., :3] * alpha + below * (255 - alpha) + 127) // 255
