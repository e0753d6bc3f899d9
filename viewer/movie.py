"""Writes pictures and H.264 clips."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path
from morph.errors import MorphError

Picture = npt.NDArray[np.uint8]


def write_picture(path: str | os.PathLike[str], picture: Picture) -> None:
    """Write ``(H, W, 3)`` uint8 RGB as PNG or JPEG, by suffix.

    Raises:
        MorphError: another suffix, or a folder that cannot be written.
    """
    if Path(path).suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise MorphError(f"cannot write {path}: name it .png, .jpg or .mp4")
    with atomic_path(path) as temporary:
        cv2.imwrite(str(temporary), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


@contextlib.contextmanager
def clip_writer(path: str | os.PathLike[str], fps: float) -> Iterator[Callable[[Picture], None]]:
    """Yields a function that adds one ``(H, W, 3)`` uint8 RGB frame to an MP4 that plays in browsers.

    An odd row or column at the edge is left out, for H.264 in 4:2:0 has none.

    Raises:
        MorphError: the folder cannot be written.
    """
    import av

    rate = Fraction(fps).limit_denominator(1001)
    with atomic_path(path) as temporary, av.open(str(temporary), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"

        def add(picture: Picture) -> None:
            height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
            if not stream.width or not stream.codec_context.is_open:
                stream.width, stream.height = width, height
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)

        yield add
        for packet in stream.encode(None):
            container.mux(packet)
