"""Display values and linear light: the exact transfer of sRGB, and the power of 2.2 that stands for it where it is cheaper."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Reals

GAMMA = 2.2  # display value to light, where the exact curve is not worth its cost
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # share of linear red, green and blue (sRGB primaries)


def decode_srgb(display: Reals) -> Reals:
    """Display values 0..1 to linear light: the transfer of sRGB (IEC 61966-2-1), in the precision of the input."""
    return np.where(display <= 0.04045, display / 12.92, ((display + 0.055) / 1.055) ** 2.4)


def encode_srgb(linear: Reals) -> Reals:
    """The inverse of :func:`decode_srgb`."""
    positive = np.maximum(linear, 0)
    return np.where(positive <= 0.0031308, 12.92 * positive, 1.055 * positive ** (1 / 2.4) - 0.055)


def decode_gamma(display: npt.ArrayLike) -> Doubles:
    """Display values 0..1 to linear light by the power :data:`GAMMA`."""
    return np.asarray(np.power(np.clip(np.asarray(display, np.float64), 0, None), GAMMA))
