"""Deep and linear pixels as the 8 bits that everything looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.rendering.colour import encode_srgb

BRIGHTEST = 99.0  # percentile of linear light that is white, where more than a screen shows is there


def eight_bits(pixels: npt.NDArray[Any]) -> Image:
    """Pixels that are meant for a screen, of any depth, as uint8.

    Integers of 16 bits fill their type. Of 32 bits, and floats, the largest value tells the range: 1, 255, 65535, or itself.

    Args:
        pixels: any shape; uint8 is given back as it is.
    """
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    if pixels.dtype == np.uint16:
        return np.ascontiguousarray((pixels.astype(np.uint32) + 128) // 257, np.uint8)
    values = np.nan_to_num(pixels.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(values.max(initial=0.0))
    whole = np.issubdtype(pixels.dtype, np.integer)
    steps = (255.0, 65535.0) if whole else (1.5, 255.0, 65535.0)  # floats may overshoot white a little
    top = next((step for step in steps if largest <= step), largest)
    return np.asarray(np.rint(np.clip(values * np.float32(255.0 / (1.0 if top == 1.5 else top)), 0, 255)).astype(np.uint8))


def shown(light: npt.NDArray[Any]) -> Image:
    """Linear light as sRGB; where much of it is brighter than white, it is made darker as a whole.

    Args:
        light: ``(..., 3)`` linear RGB, 1 is white.
    """
    light = np.nan_to_num(np.asarray(light, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    white = max(float(np.percentile(light, BRIGHTEST)), 1.0)
    light = np.clip(light / np.float32(white), 0, 1)
    return np.asarray(np.rint(255 * encode_srgb(light)).astype(np.uint8))
