"""Pictures into files: encoded in memory, marked as ours, then written whole. ``cv2.imwrite`` keeps silent on a full disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.marks import mark_jpeg, mark_png

ORDER = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}  # OpenCV's channels out of ours


def picture_bytes(picture: npt.NDArray[Any], suffix: str, parameters: Sequence[int] = ()) -> bytes:
    """A picture as the bytes of a file.

    Args:
        picture: ``(H, W)``, ``(H, W, 1)``, ``(H, W, 3)`` RGB or ``(H, W, 4)`` RGBA; uint8, or uint16 for PNG.
        suffix: ".png", ".jpg" or ".jpeg".
        parameters: of :func:`cv2.imencode`.

    Raises:
        MorphError: it cannot be encoded.
    """
    suffix = suffix.lower()
    order = ORDER.get(picture.shape[2] if picture.ndim == 3 else 0)
    try:
        done, data = cv2.imencode(suffix, picture if order is None else picture[..., order], list(parameters))
    except cv2.error:
        done, data = False, np.zeros(0, np.uint8)
    if not done:
        raise MorphError(f"a picture of shape {picture.shape} and type {picture.dtype} cannot be written as {suffix}")
    mark = {".png": mark_png, ".jpg": mark_jpeg, ".jpeg": mark_jpeg}.get(suffix)
    return data.tobytes() if mark is None else mark(data.tobytes())


def save_picture(path: str | os.PathLike[str], picture: npt.NDArray[Any], parameters: Sequence[int] = ()) -> None:
    """Write a picture, by suffix; see :func:`picture_bytes`.

    Raises:
        MorphError: it cannot be encoded, or the file cannot be written.
    """
    data = picture_bytes(picture, Path(path).suffix, parameters)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
