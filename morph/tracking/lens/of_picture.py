"""The lens that a picture says it was taken with."""

from __future__ import annotations

import dataclasses

from morph.frames import FrameSource, read_picture
from morph.frames.exif.focal_length import focal_35mm, sensor_side
from morph.model import LensOptions


def lens_of_picture(lens: LensOptions, source: FrameSource) -> LensOptions:
    """The lens that a picture's EXIF says, or the first one of a sequence; as it was where none does, or it was given.

    Args:
        lens: what is known without it.
        source: what will be tracked.
    """
    if lens.says_focal or lens.auto or source.kind not in ("picture", "sequence"):
        return lens
    file = getattr(source, "files", [source.name])[0]
    focal = focal_35mm(file)
    if focal is None:
        return lens
    height, width = read_picture(file).shape[:2]
    how = f"{focal:g} mm full frame, of the picture's EXIF"
    return dataclasses.replace(lens, focal=focal, sensor=sensor_side(width, height), how=how)
