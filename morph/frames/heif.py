"""HEIC and AVIF pictures (ISO/IEC 23008-12): whole also where they are stored in tiles, and turned as they say.

FFmpeg decodes the coded pieces; which of them make up the picture is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from morph.arrays import Image
from morph.errors import MorphError
from morph.frames.wide_colour import Colours, WideColour

CODECS = {b"hvc1": "hevc", b"hev1": "hevc", b"av01": "av1", b"avc1": "h264", b"jpeg": "mjpeg"}
CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # boxes of boxes, and how many bytes come before those
MOST_PIXELS = 1 << 28  # of a picture that is decoded
DEEPEST = 8  # pictures made of pictures, at most


@dataclass
class _Item:
    """A picture of the file, coded or made of others."""

    kind: bytes = b""
    place: list[tuple[int, int, int]] = field(default_factory=list)  # where its bytes lie: in idat or not, start, length
    parts: list[int] = field(default_factory=list)  # items it is made of
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)


def read_heif(data: bytes) -> Image:
    """The main picture as upright ``(H, W, 3)`` uint8 RGB; thumbnails, depth and gain maps are not looked at.

    Args:
        data: the file.

    Raises:
        MorphError: it is damaged, has no picture, or is made in a way that is not known (an overlay of several).
    """
    try:
        return _File(data).picture()
    except (struct.error, IndexError, KeyError, ValueError, ArithmeticError) as error:
        raise MorphError(f"the file is damaged ({type(error).__name__})") from None


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of each box."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, start + 8), 16
        stop = end if size == 0 else min(start + size, end)
        if stop < start + head:
            return
        yield kind, start + head, stop
        start = stop


class _Reader:
    """Numbers of a box, one after another."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def number(self, size: int) -> int:
        """A big-endian number of ``size`` bytes."""
        if self.at + size > len(self.data):
            raise ValueError("the box ends early")
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")


class _File:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.items: dict[int, _Item] = {}
        self.main = 0
        self.idat = 0
        self.listed: list[tuple[bytes, bytes]] = []
        self.decoders: dict[tuple[bytes, bytes], Any] = {}
        tables: dict[bytes, tuple[int, int]] = {}
        for kind, start, end in self._walk(0, len(data)):
            if kind == b"idat":
                self.idat = start
            tables.setdefault(kind, (start, end))
        for name, read in ((b"pitm", self._pitm), (b"iloc", self._iloc), (b"iinf", self._iinf), (b"ipma", self._ipma)):
            read(*tables[name])
        if b"iref" in tables:
            self._iref(*tables[b"iref"])

    def _walk(self, start: int, end: int, inside: bytes = b"") -> Iterator[tuple[bytes, int, int]]:
        for kind, at, stop in _boxes(self.data, start, end):
            if kind in CONTAINERS:
                yield from self._walk(at + CONTAINERS[kind], stop, kind)
            elif inside == b"ipco":
                self.listed.append((kind, self.data[at:stop]))
            elif inside:
                yield kind, at, stop

    def _item(self, number: int) -> _Item:
        return self.items.setdefault(number, _Item())

    def _open(self, start: int) -> tuple[_Reader, int, int]:
        box = _Reader(self.data, start)
        version, flags = box.number(1), box.number(3)
        return box, version, flags

    def _pitm(self, start: int, end: int) -> None:
        box, version, _ = self._open(start)
        self.main = box.number(2 if version == 0 else 4)

    def _iloc(self, start: int, end: int) -> None:
        box, version, _ = self._open(start)
        sizes = box.number(2)
        offset, length, base, index = (sizes >> 12) & 15, (sizes >> 8) & 15, (sizes >> 4) & 15, sizes & 15
        for _ in range(box.number(2 if version < 2 else 4)):
            item = self._item(box.number(2 if version < 2 else 4))
            way = box.number(2) & 15 if version in (1, 2) else 0
            box.number(2)
            origin = box.number(base)
            for _ in range(box.number(2)):
                if version in (1, 2):
                    box.number(index)
                item.place.append((way, origin + box.number(offset), box.number(length)))

    def _iinf(self, start: int, end: int) -> None:
        box, version, _ = self._open(start)
        box.number(2 if version == 0 else 4)
        for kind, at, _stop in _boxes(self.data, box.at, end):
            if kind == b"infe":
                entry, version, _ = self._open(at)
                number = entry.number(2 if version < 3 else 4)
                entry.number(2)
                self._item(number).kind = self.data[entry.at : entry.at + 4]

    def _iref(self, start: int, end: int) -> None:
        box, version, _ = self._open(start)
        size = 2 if version == 0 else 4
        for kind, at, _stop in _boxes(self.data, box.at, end):
            if kind == b"dimg":
                entry = _Reader(self.data, at)
                item = self._item(entry.number(size))
                item.parts = [entry.number(size) for _ in range(entry.number(2))]

    def _ipma(self, start: int, end: int) -> None:
        box, version, flags = self._open(start)
        for _ in range(box.number(4)):
            item = self._item(box.number(2 if version < 1 else 4))
            for _ in range(box.number(1)):
                index = box.number(2) & 0x7FFF if flags & 1 else box.number(1) & 0x7F
                if index:
                    item.properties.append(self.listed[index - 1])

    def _bytes(self, item: _Item) -> bytes:
        pieces = []
        for way, start, length in item.place:
            start += self.idat if way == 1 else 0
            if way > 1 or start + length > len(self.data):
                raise MorphError("the file was cut off, or lies in several files; copy it again")
            pieces.append(self.data[start : start + length] if length else self.data[start:])
        return b"".join(pieces)

    def picture(self) -> Image:
        """The main picture."""
        return self._picture(self.main, 0)

    def _picture(self, number: int, depth: int) -> Image:
        item = self.items[number]
        if depth > DEEPEST:
            raise ValueError("pictures are made of each other")
        if item.kind == b"grid":
            image = self._grid(item, depth)
        elif item.kind == b"iden" and item.parts:
            image = self._picture(item.parts[0], depth + 1)
        elif item.kind in CODECS:
            image = self._coded(item)
        else:
            raise MorphError(f"its picture is of the kind {item.kind.decode('latin-1')!r}, which is not known")
        for kind, value in item.properties:
            if kind == b"irot":
                image = np.rot90(image, value[0] & 3)
            elif kind == b"imir":
                image = image[:, ::-1] if value[0] & 1 else image[::-1]
            elif kind == b"clap":
                image = _clean_aperture(image, value)
        return np.ascontiguousarray(image)

    def _grid(self, item: _Item, depth: int) -> Image:
        box = _Reader(self._bytes(item), 1)
        size = 4 if box.number(1) & 1 else 2
        rows, columns = box.number(1) + 1, box.number(1) + 1
        width, height = box.number(size), box.number(size)
        if len(item.parts) != rows * columns or not 0 < width * height <= MOST_PIXELS:
            raise ValueError("the tiles do not fill the picture")
        out = np.zeros((height, width, 3), np.uint8)
        first: tuple[int, ...] = ()
        for k, part in enumerate(item.parts):
            tile = self._picture(part, depth + 1)
            first = first or tile.shape
            if tile.shape != first:
                raise ValueError("tiles differ in size")
            top, left = k // columns * tile.shape[0], k % columns * tile.shape[1]
            room = out[top : top + tile.shape[0], left : left + tile.shape[1]]
            room[:] = tile[: room.shape[0], : room.shape[1]]
        if rows * first[0] < height or columns * first[1] < width:
            raise ValueError("the tiles do not fill the picture")
        return out

    def _coded(self, item: _Item) -> Image:
        """Decode one item; each of a grid has the same configuration, so one decoder serves all."""
        import av

        known = dict(item.properties)
        setup = next((value for kind, value in item.properties if kind in (b"hvcC", b"av1C", b"avcC")), b"")
        if b"ispe" in known:
            width, height = struct.unpack_from(">II", known[b"ispe"], 4)
            if not 0 < width * height <= MOST_PIXELS:
                raise MorphError(f"its picture is {width}x{height}, too large to read")
        key = (item.kind, setup)
        try:
            if key not in self.decoders:
                self.decoders[key] = _decoder(CODECS[item.kind], setup)
            decoder = self.decoders[key]
            frames = [*decoder.decode(av.Packet(self._bytes(item))), *decoder.decode(None)]
            decoder.flush_buffers()
        except av.FFmpegError as error:
            raise MorphError(f"a piece of it cannot be decoded ({error.strerror})") from None
        if not frames:
            raise MorphError("a piece of it holds no picture")
        return _rgb(frames[0], decoder, known.get(b"colr", b""))


def _decoder(name: str, setup: bytes) -> Any:
    import av

    names = ("libdav1d", "av1") if name == "av1" else (name,)
    decoder: Any = av.CodecContext.create(next((one for one in names if one in av.codecs_available), name), "r")
    if setup and name != "av1":  # AV1 carries its sequence header in every picture
        decoder.extradata = setup
    decoder.thread_count = 1
    return decoder


def _rgb(frame: Any, decoder: Any, colour: bytes) -> Image:
    """RGB of a decoded piece; what the file says about its colours goes before what the codec says."""
    primaries, transfer = decoder.color_primaries, decoder.color_trc
    if colour[:4] == b"nclx" and len(colour) >= 11:
        primaries, transfer, matrix, full = struct.unpack_from(">HHHB", colour, 4)
        if matrix not in (0, 2):
            frame.colorspace = matrix
        frame.color_range = 2 if full & 0x80 else 1
    colours = Colours(int(primaries), int(transfer))
    if colours.is_ordinary:
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    return WideColour(colours)(np.ascontiguousarray(frame.to_ndarray(format="rgb48le")))


def _clean_aperture(image: Image, value: bytes) -> Image:
    """The part of a picture that is meant to be seen."""
    n = struct.unpack_from(">IIIIiIiI", value)
    height, width = image.shape[:2]
    w, h = n[0] / n[1], n[2] / n[3]
    left = (width - w) / 2 + n[4] / n[5]
    top = (height - h) / 2 + n[6] / n[7]
    x, y = max(round(left), 0), max(round(top), 0)
    return image[y : y + max(round(h), 1), x : x + max(round(w), 1)]
