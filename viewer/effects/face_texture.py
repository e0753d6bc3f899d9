"""Reads the texture of a face, and which model's layout it is in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np

from morph.arrays import Image
from morph.errors import MorphError
from morph.export.head_mesh import model_of_png
from morph.export.textures.footage import texture_from_footage
from morph.frames.sources import open_source
from morph.model import MorphableModel
from morph.track_folder.people import performance_of_track
from morph.track_folder.read import load_track
from viewer.draw.texture import check_square


def read_face_texture(path: str | os.PathLike[str]) -> tuple[Image, str]:
    """``(N, N, 3)`` uint8 RGB, and the identity of the model that `morph export` wrote into the file ("": it does not say).

    Raises:
        MorphError: not a picture, not square, too small or too large.
    """
    how = "give a texture that `morph export TRACK over=CLIP out=face.png` wrote"
    try:
        data = Path(path).read_bytes()
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):  # an empty file is an error of its own
        picture = None
    if picture is None:
        raise MorphError(f"{path} cannot be read as a picture; {how}")
    check_square(path, picture)
    return np.ascontiguousarray(picture[..., ::-1], np.uint8), model_of_png(data)


def face_of_track(folder: str | os.PathLike[str], model: MorphableModel) -> tuple[Image, str]:
    """The same of the person whom a track shows most, pooled from the footage that ``summary.json`` names.

    Raises:
        MorphError: no track, one of another model, or its footage is gone.
    """
    performance = performance_of_track(load_track(folder), model)
    how = f"give a texture: `morph export {folder} over=CLIP out=face.png`"
    try:
        footage = str(json.loads((Path(folder) / "summary.json").read_text())["input"])
    except (OSError, ValueError, KeyError, TypeError):
        raise MorphError(f"{folder} does not say what was tracked; {how}") from None
    if not Path(footage).exists():
        raise MorphError(f"{footage}, of which {folder} is the track, is gone; {how}")
    return texture_from_footage(performance, open_source(footage)), model.identity
