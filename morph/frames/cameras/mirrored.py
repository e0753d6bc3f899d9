"""Frames as in a mirror."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np

from morph.frames.frame import Frame, FrameSource


class MirroredSource(FrameSource):
    """Frames of another source with left and right changed, before anything looks at them.

    Who lifts their left brow then sees the one at the left of the picture go up, as in a mirror, and the right one's is sent:
    an avatar that faces them moves as a mirror image does.

    Args:
        source: of the frames.
    """

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self.kind, self.name, self.count, self.rate = source.kind, source.name, source.count, source.rate

    def __iter__(self) -> Iterator[Frame]:
        for frame in self.source:
            yield dataclasses.replace(frame, image=np.asarray(cv2.flip(frame.image, 1), np.uint8))
