"""Reading one picture file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.errors import MorphError


def read_picture(path: str | os.PathLike[str]) -> npt.NDArray[np.uint8]:
    """A picture file as ``(H, W, 3)`` uint8 RGB.

    Raises:
        MorphError: no such file, or not a picture.
    """
    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no picture {path}")
    data = np.fromfile(path, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise MorphError(f"{path} is not a picture that can be read; get it again")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def check_picture(image: Any) -> npt.NDArray[np.uint8]:
    """The same picture, if it is one that morph works on.

    Args:
        image: what was given as an ``(H, W, 3)`` uint8 RGB picture.

    Raises:
        MorphError: it is something else; the line says how to make one of it.
    """
    if isinstance(image, np.ndarray):
        if image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and image.size:
            return image
        got = f"{image.shape} {image.dtype}"
        advice = "; it is empty"
        if image.dtype != np.uint8:
            advice = "; scale its values to 0..255 and convert them with .astype(np.uint8)"
        elif image.ndim == 2 or image.shape[2:] == (1,):
            advice = "; a grey picture becomes one with cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)"
        elif image.shape[2:] == (4,):
            advice = "; leave its alpha channel out: picture[..., :3]"
        elif image.ndim == 4:
            advice = "; give one picture at a time"
        elif image.shape[:1] == (3,):
            advice = "; channels come last: picture.transpose(1, 2, 0)"
    else:
        got = "None" if image is None else type(image).__name__
        advice = "; pass it through np.asarray"
        if image is None:
            advice = ", which cv2.imread gives for a file that it cannot read"
        elif isinstance(image, (str, os.PathLike)):
            advice = "; read the file first, or use Tracker.track"
        elif type(image).__module__.startswith("PIL."):
            advice = "; convert it with np.asarray(picture.convert('RGB'))"
    raise MorphError(f"a picture must be an array (H, W, 3) uint8 RGB, got {got}{advice}")
