"""Colour conversions for effects."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Reals
from morph.rendering.colour import GAMMA, LUMINANCE


def to_lab(picture: Reals) -> Floats:
    """Display RGB 0..1 ``(H, W, 3)`` to CIE L*a*b*, L 0..100."""
    return np.asarray(cv2.cvtColor(np.clip(picture, 0, 1).astype(np.float32), cv2.COLOR_RGB2LAB), np.float32)


def from_lab(picture: Reals) -> Floats:
    """The inverse of :func:`to_lab`, clipped to 0..1."""
    return np.asarray(np.clip(cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1), np.float32)


def luminance(picture: Reals) -> Floats:
    """``(...)`` linear luminance of display RGB 0..1 ``(..., 3)``."""
    return np.asarray(np.clip(picture, 0, 1) ** GAMMA @ LUMINANCE, np.float32)


def smooth_step(values: npt.ArrayLike, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between; falls where ``low`` is the larger."""
    share = np.clip((np.asarray(values, np.float32) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def blurred(picture: Floats, sigma: float) -> Floats:
    """Gaussian blur of ``(H, W)`` or ``(H, W, C)``; as it is where ``sigma`` is too small to be seen."""
    if sigma < 0.2:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def typical(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Median and spread ``(C,)`` of ``(N, C)`` where weights are over one half; the spread is that of a normal law."""
    chosen = values[weights > 0.5]
    if not len(chosen):
        chosen = values
    middle = np.median(chosen, axis=0)
    return middle.astype(np.float32), (1.4826 * np.median(np.abs(chosen - middle), axis=0)).astype(np.float32)
