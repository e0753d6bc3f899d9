"""The focal length that a picture's EXIF says."""

from __future__ import annotations

import os
import struct

MARK = b"Exif\0\0"  # before the EXIF of a JPEG
LOOKED_AT = 1 << 18  # bytes: EXIF stands at the beginning
EXIF_FOLDER, FOCAL_35MM = 0x8769, 0xA405
DIAGONAL = 43.2666  # millimetres of a full frame


def focal_35mm(path: str | os.PathLike[str]) -> float | None:
    """Millimetres of the full-frame equivalent of the lens, as a JPEG or TIFF says it; None where it does not.

    Args:
        path: of the picture.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(LOOKED_AT)
    except OSError:
        return None
    at = data.find(MARK)
    tiff = data[at + len(MARK) :] if at >= 0 else data
    try:
        return _read(tiff)
    except (struct.error, KeyError):
        return None


def sensor_side(width: int, height: int) -> float:
    """Millimetres of the longer side of a sensor with a full frame's diagonal, which equivalents are counted by."""
    return float(DIAGONAL * max(width, height) / (width**2 + height**2) ** 0.5)


def _read(tiff: bytes) -> float | None:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    (first,) = struct.unpack_from(order + "I", tiff, 4)
    folder = _entries(tiff, first, order).get(EXIF_FOLDER)
    if folder is None:
        return None
    (start,) = struct.unpack(order + "I", folder)
    value = _entries(tiff, start, order).get(FOCAL_35MM)
    millimetres = 0 if value is None else struct.unpack(order + "H", value[:2])[0]
    return float(millimetres) or None


def _entries(tiff: bytes, start: int, order: str) -> dict[int, bytes]:
    """The four bytes of value of each tag of a folder."""
    (count,) = struct.unpack_from(order + "H", tiff, start)
    return {
        struct.unpack_from(order + "H", tiff, start + 2 + 12 * entry)[0]: tiff[
            start + 10 + 12 * entry : start + 14 + 12 * entry
        ]
        for entry in range(count)
    }
