"""What a frame is, and what every source of frames offers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from morph.arrays import Image

Kind = Literal["picture", "pictures", "sequence", "clip", "camera"]

SEQUENCE_RATE = 25.0  # frames a second of numbered pictures, which say nothing of time


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture and when it was taken.

    Attributes:
        index: number of the frame in its source, from 0.
        time: seconds since the first frame of the source, by the source's own time stamps.
        image: ``(H, W, 3)`` uint8 RGB, upright.
        name: file name without suffix for pictures, the frame's number for clips and cameras.
    """

    index: int
    time: float
    image: Image
    name: str


class FrameSource:
    """Where frames come from.

    Attributes:
        kind: "picture", "pictures" (a folder of unrelated ones), "sequence" (numbered ones of one size), "clip" or "camera".
        name: what the user gave.
        count: how many frames to expect, as far as it is known.
        rate: frames a second, about.
        damaged: how many frames could not be decoded so far.
        sound: file with the sound that belongs to the frames; None where there is none.
        start: where the first frame lies in that file, in seconds as the file counts them; known once it was read.
        left_out: what else of it is not in the frames so far, one line each; also a warning of the "morph" logger.
    """

    kind: Kind
    name: str
    count: int | None
    rate: float = SEQUENCE_RATE
    damaged: int = 0
    sound: str | None = None
    start: float = 0.0
    left_out: tuple[str, ...] = ()

    def leave_out(self, line: str) -> None:
        """Name something that the frames do not show; said once, however often the source is read."""
        if line not in self.left_out:
            self.left_out += (line,)
            logging.getLogger("morph").warning("%s: left out: %s", self.name, line)

    def __iter__(self) -> Iterator[Frame]:
        """The frames, in order; every call begins anew."""
        raise NotImplementedError
