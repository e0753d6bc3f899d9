"""How a clip's pictures are to be shown: pixels that are not square, turned and mirrored ones, one size throughout."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from morph.arrays import Image

ODDEST = 8  # widths of a pixel for one height, or heights for one width; files that say more are not believed
STRAIGHT = (1, 0, 0, 1)

Turn = tuple[int, int, int, int]  # signs a, b, c, d: a stored (x, y) is shown at (a x + c y, b x + d y)
Size = tuple[int, int]  # width, height in pixels


def square_size(width: int, height: int, aspect: Fraction | None) -> Size:
    """The size at which a picture with pixels of ``aspect`` (width : height) has square ones; neither side becomes smaller.

    >>> square_size(270, 384, Fraction(64, 45))
    (384, 384)
    """
    if not aspect or aspect == 1:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def believable(aspect: Fraction | None) -> bool:
    """Whether pixels can have this shape (width : height); None is square."""
    return not aspect or Fraction(1, ODDEST) <= aspect <= ODDEST


def turn_of(picture: Any) -> Turn:
    """How a decoded ``av.VideoFrame`` is to be turned and mirrored, in steps of 90 degrees: its display matrix."""
    data = picture.side_data.get("DISPLAYMATRIX")  # whose iteration gives keys since PyAV 19, values before
    if data is None:
        return STRAIGHT
    a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1)
    return (0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0)


def turned(image: Image, turn: Turn) -> Image:
    """``(H, W, 3)`` as ``turn`` shows it; the same array where there is nothing to turn."""
    a, b, c, d = turn
    if turn == STRAIGHT:
        return image
    shown = image if a else image.transpose(1, 0, 2)
    right, down = (a, d) if a else (c, b)
    return np.ascontiguousarray(shown[::down, ::right])


def fitted(image: Image, size: Size) -> Image:
    """``(H, W, 3)`` brought to ``size`` in its own shape: as large as fits, in the middle of black."""
    width, height = size
    zoom = min(width / image.shape[1], height / image.shape[0])
    target = (min(max(round(image.shape[1] * zoom), 1), width), min(max(round(image.shape[0] * zoom), 1), height))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - target[0]) // 2, (height - target[1]) // 2
    canvas[top : top + target[1], left : left + target[0]] = cv2.resize(image, target, interpolation=how)
    return canvas
