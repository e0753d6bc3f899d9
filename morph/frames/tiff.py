"""TIFF pictures: their full page, upright, of any depth."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.errors import MorphError
from morph.frames.tone import eight_bits

SUBFILE = 254  # tag; 1 is a smaller copy of another page, 4 a mask
MOST_PAGES = 100_000


def read_tiff(data: bytes) -> Image:
    """The first page that is a picture of its own, as upright ``(H, W, 3)`` uint8 RGB (OpenCV turns it).

    Raises:
        MorphError: it is damaged, or of a kind that OpenCV cannot read.
    """
    pages = tiff_pages(data)
    first = pages.index(True) if True in pages else 0
    buffer, level = np.frombuffer(data, np.uint8), cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # one line of ours says it all
    try:
        image = _page(buffer, first, cv2.IMREAD_COLOR)
        if image is None:  # 32 bits and floats
            image = _page(buffer, first, cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(level)
    if image is None:
        raise MorphError("it is damaged or of a kind that is not known; save it as PNG or JPEG")
    image = image[..., None] if image.ndim == 2 else image[..., :3]
    rgb = np.repeat(image, 3, 2) if image.shape[2] != 3 else image[..., ::-1]
    return eight_bits(rgb)


def _page(buffer: Image, page: int, flags: int) -> npt.NDArray[np.generic] | None:
    if not page:
        return cv2.imdecode(buffer, flags)
    good, images = cv2.imdecodemulti(buffer, flags, range=(page, page + 1))
    return images[0] if good and len(images) else None


def tiff_pages(data: bytes) -> list[bool]:
    """Of each page of a TIFF or BigTIFF, whether it is a picture of its own; where it is damaged, as far as it goes."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    count_type, offset_type, entry, inline = ("Q", "Q", 20, 12) if big else ("H", "I", 12, 8)
    pages: list[bool] = []
    seen: set[int] = set()
    try:
        (at,) = struct.unpack_from(order + offset_type, data, 8 if big else 4)
        while at and at not in seen and len(pages) < MOST_PAGES:
            seen.add(at)
            (count,) = struct.unpack_from(order + count_type, data, at)
            start = at + struct.calcsize(count_type)
            full = True
            for k in range(min(count, 4096)):
                tag, kind = struct.unpack_from(order + "HH", data, start + k * entry)
                if tag == SUBFILE:
                    full = not struct.unpack_from(order + ("H" if kind == 3 else "I"), data, start + k * entry + inline)[0] & 5
            (at,) = struct.unpack_from(order + offset_type, data, start + count * entry)
            pages.append(full)
    except struct.error:
        pass
    return pages
