"""RGB pictures as the planes that video encoders take: BT.709, limited range, one colour difference for four pixels."""

from __future__ import annotations

from typing import Any

import av
import numpy as np

from morph.arrays import Image
from morph.compiled import compiled

RED, BLUE = 0.2126, 0.0722  # shares of brightness, ITU-R BT.709
BITS = 16  # behind the point
BRIGHT = np.array([RED, 1 - RED - BLUE, BLUE]) * 219 / 255
BLUER = np.array([-RED, RED + BLUE - 1, 1 - BLUE]) / (2 * (1 - BLUE)) * 224 / 255
REDDER = np.array([1 - RED, RED + BLUE - 1, -BLUE]) / (2 * (1 - RED)) * 224 / 255
TABLE = np.round(np.stack([BRIGHT, BLUER / 4, REDDER / 4]) * (1 << BITS)).astype(np.int32)  # of one pixel; of the sum of four


def bt709_frame(image: Image) -> Any:
    """An ``av.VideoFrame`` in yuv420p.

    Args:
        image: ``(H, W, 3)`` uint8 RGB; H and W are even.
    """
    height, width = image.shape[:2]
    frame = av.VideoFrame(width, height, "yuv420p")
    buffers: list[Any] = list(frame.planes)
    planes = [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width] for plane in buffers]
    _fill(np.ascontiguousarray(image).reshape(height, -1), TABLE, tuple(planes))
    return frame


@compiled(fastmath=True)
def _fill(rows: Any, table: Any, planes: Any) -> None:
    """From ``(H, 3 W)`` RGB: loops over one row each, so that they are done for many pixels at once."""
    bright, bluer, redder = planes
    half = np.int32(1 << (BITS - 1))
    middle = np.int32(128 << BITS) + half
    r, g, b = table[0]
    for y in range(bright.shape[0]):
        source, out = rows[y], bright[y]
        for x in range(out.shape[0]):
            total = r * np.int32(source[3 * x]) + g * np.int32(source[3 * x + 1]) + b * np.int32(source[3 * x + 2])
            out[x] = np.uint8((total + np.int32(16 << BITS) + half) >> BITS)
    for y in range(bluer.shape[0]):
        upper, lower, u, v = rows[2 * y], rows[2 * y + 1], bluer[y], redder[y]
        for x in range(u.shape[0]):
            i = 6 * x
            red = np.int32(upper[i]) + np.int32(upper[i + 3]) + np.int32(lower[i]) + np.int32(lower[i + 3])
            green = np.int32(upper[i + 1]) + np.int32(upper[i + 4]) + np.int32(lower[i + 1]) + np.int32(lower[i + 4])
            blue = np.int32(upper[i + 2]) + np.int32(upper[i + 5]) + np.int32(lower[i + 2]) + np.int32(lower[i + 5])
            u[x] = np.uint8((table[1, 0] * red + table[1, 1] * green + table[1, 2] * blue + middle) >> BITS)
            v[x] = np.uint8((table[2, 0] * red + table[2, 1] * green + table[2, 2] * blue + middle) >> BITS)
