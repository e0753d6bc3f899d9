"""Decoded pictures of a clip as it is meant to be seen: square pixels, upright, one size, sRGB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from morph.arrays import Image
from morph.frames.clips.display import STRAIGHT, Size, Turn, believable, fitted, square_size, turn_of, turned
from morph.frames.wide_colour import HLG, PQ, Colours, WideColour

BT2020 = 9  # matrix from RGB to luma and chroma, as H.273 numbers it
UNKNOWN = 2
DOLBY = ("dvh1", "dvhe", "dva1", "dvav", "dav1")  # tags of codecs
NAMES = {PQ: "PQ", HLG: "HLG"}


class Shown:
    """Converts the pictures of one stream; all come out in the size of the first.

    Args:
        stream: an ``av.VideoStream``, as it was opened.
        leave_out: is told what is not honoured.
    """

    def __init__(self, stream: Any, leave_out: Callable[[str], None]) -> None:
        from av.video.reformatter import VideoReformatter

        self._stream, self._leave_out = stream, leave_out
        self._converter = VideoReformatter()  # kept: its tables cost more than a frame
        self._coded_aspect = stream.codec_context.sample_aspect_ratio
        self._stored: Size = (0, 0)  # of the picture before, and how such ones are shown
        self._options: dict[str, Any] = {}
        self._wide: WideColour | None = None
        self._rotation: int | None = None
        self._turn: Turn = STRAIGHT
        self._size: Size | None = None  # of all that is given
        self._same = True

    def __call__(self, picture: Any, index: int) -> Image:
        """``(H, W, 3)`` uint8 RGB of a decoded ``av.VideoFrame``, the ``index``-th."""
        if (picture.width, picture.height) != self._stored:
            self._look(picture)
        if picture.rotation != self._rotation:
            self._rotation, self._turn = picture.rotation, turn_of(picture)
        image = turned(self._rgb(picture), self._turn)
        size = (image.shape[1], image.shape[0])
        if self._size is None:
            self._size = size
        elif size != self._size:
            if self._same:
                first, now = (f"{width}x{height}" for width, height in (self._size, size))
                self._leave_out(f"another size from frame {index} on, {now} instead of {first}; all are brought to {first}")
                self._same = False
            image = fitted(image, self._size)
        return image

    def _look(self, picture: Any) -> None:
        """See how pictures of this size are to be converted."""
        context = self._stream.codec_context
        stored = self._stored = (picture.width, picture.height)
        aspect = self._stream.sample_aspect_ratio
        if self._size is not None and context.sample_aspect_ratio != self._coded_aspect:
            aspect = context.sample_aspect_ratio  # changed on the way
        if not believable(aspect):
            self._leave_out(f"pixels that are {float(aspect):g} as wide as high; they are taken for square ones")
            aspect = None
        width, height = square_size(*stored, aspect)
        self._options = {} if (width, height) == stored else {"width": width, "height": height, "interpolation": "BICUBIC"}
        colours = Colours(context.color_primaries, context.color_trc)
        self._wide = None if colours.is_ordinary else WideColour(colours)
        if self._wide is not None and picture.colorspace == UNKNOWN:
            self._options["src_colorspace"] = BT2020
        if context.codec_tag in DOLBY and UNKNOWN in (colours.primaries, colours.transfer):
            self._leave_out("colours: they are Dolby Vision's own, and come out wrong; export the clip as HLG, PQ or SDR")
        if colours.is_hdr:
            self._leave_out(f"high dynamic range ({NAMES[colours.transfer]}); colours are as an ordinary display shows them")
        if _is_see_through(picture) or self._stream.metadata.get("alpha_mode") == "1":
            self._leave_out("transparency")

    def _rgb(self, picture: Any) -> Image:
        kind = "rgb24" if self._wide is None else "rgb48le"
        converted: Any = self._converter.reformat(picture, format=kind, **self._options)
        array = np.ascontiguousarray(converted.to_ndarray())  # odd rows are padded
        return array if self._wide is None else self._wide(array)


def _is_see_through(picture: Any) -> bool:
    """Whether some pixels are not opaque; many formats (GIF) have alpha that says nothing."""
    if not any(part.is_alpha for part in picture.format.components):
        return False
    return bool(picture.reformat(format="rgba").to_ndarray()[..., 3].min() < 255)
