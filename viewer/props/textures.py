"""Reads the textures of props."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from morph.arrays import Image
from morph.errors import MorphError
from viewer.draw.texture import check_square


def read_prop_texture(path: Path) -> Image:
    """A picture with alpha in the UV layout of the default model, ``(N, N, 4)`` uint8 RGBA, row 0 on top.

    Raises:
        MorphError: not a picture, without alpha, not square, too small or too large, or clear all over.
    """
    try:
        data = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):  # an empty file is an error of its own
        data = None
    if data is None:
        raise MorphError(f"{path} cannot be read as a picture; save it as PNG")
    if data.ndim != 3 or data.shape[2] != 4 or data.dtype != np.uint8:
        raise MorphError(f"{path} has no alpha of 8 bits; save it as PNG with RGBA, clear where skin shows")
    check_square(path, data)
    if not data[..., 3].any():
        raise MorphError(f"{path} is clear all over; paint where alpha is not 0")
    return np.ascontiguousarray(cv2.cvtColor(data, cv2.COLOR_BGRA2RGBA), np.uint8)
