"""Reading one picture file."""

from __future__ import annotations

import os
from pathlib import Path

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
