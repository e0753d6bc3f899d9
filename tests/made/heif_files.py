"""HEIC and AVIF files for tests, made box by box."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np


def box(kind: bytes, *content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    whole = b"".join(content)
    return struct.pack(">I4s", 8 + len(whole), kind) + whole


def full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def heif(
    items: Sequence[tuple[bytes, bytes]],
    properties: Sequence[bytes],
    owners: Sequence[Sequence[int]],
    parts: Sequence[int] = (),
    brand: bytes = b"heic",
) -> bytes:
    """A file whose first item is the main picture.

    Args:
        items: kind and bytes of each; their numbers count from 1.
        properties: boxes.
        owners: of each item, the numbers of its properties, from 1.
        parts: items that the first one is made of.
        brand: of the file.
    """
    infos = [full(b"infe", struct.pack(">HH4s", k + 1, 0, kind), b"\0", version=2) for k, (kind, _) in enumerate(items)]
    links = [struct.pack(">HB", k + 1, len(own)) + bytes(own) for k, own in enumerate(owners)]
    reference = full(b"iref", box(b"dimg", struct.pack(f">HH{len(parts)}H", 1, len(parts), *parts))) if parts else b""
    first = box(b"ftyp", brand, b"\0\0\0\0", b"mif1", brand)

    def meta(start: int) -> bytes:
        places, at = [], start
        for k, (_, content) in enumerate(items):
            places.append(struct.pack(">HHHII", k + 1, 0, 1, at, len(content)))
            at += len(content)
        return full(
            b"meta",
            full(b"hdlr", b"\0\0\0\0pict" + bytes(13)),
            full(b"pitm", struct.pack(">H", 1)),
            full(b"iloc", struct.pack(">HH", 0x4400, len(items)), *places),
            full(b"iinf", struct.pack(">H", len(items)), *infos),
            reference,
            box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(items)), *links)),
        )

    table = meta(len(first) + len(meta(0)) + 8)
    return first + table + box(b"mdat", *(content for _, content in items))


def coded_by_hevc(picture: np.ndarray, work: Path) -> tuple[bytes, bytes]:
    """A picture's HEVC bytes and its ``hvcC`` box, as an iPhone stores them."""
    path = work / "tile.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25, options={"x265-params": "log-level=none", "crf": "8"})
        stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packet = next(packet for packet in container.demux(stream) if packet.size)
        return bytes(packet), box(b"hvcC", bytes(stream.codec_context.extradata))


def size_box(width: int, height: int) -> bytes:
    """``ispe``."""
    return full(b"ispe", struct.pack(">II", width, height))


def tiled(tiles: Sequence[bytes], kind: bytes, setup: Sequence[bytes], columns: int, size: tuple[int, int]) -> bytes:
    """A file whose picture of ``size`` (width, height) is made of tiles, as phones write it.

    Args:
        tiles: coded, row by row.
        kind: of them.
        setup: boxes that belong to every tile.
        columns: tiles in a row.
        size: of the whole.
    """
    rows = len(tiles) // columns
    grid = bytes((0, 0, rows - 1, columns - 1)) + struct.pack(">HH", *size)
    own = list(range(2, 2 + len(setup)))
    return heif(
        [(b"grid", grid), *((kind, tile) for tile in tiles)],
        [size_box(*size), *setup],
        [[1], *([own] * len(tiles))],
        range(2, 2 + len(tiles)),
    )


def jpeg(picture: np.ndarray) -> bytes:
    """RGB as a JPEG's bytes."""
    return cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
