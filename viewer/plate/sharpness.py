"""How sharp footage is, and layers made as soft."""

from __future__ import annotations

import cv2
import numpy as np

from morph.arrays import Floats, Image

AGAIN = 1.0  # pixels by which the picture is blurred once more
OWN = 0.45  # pixels: blur of an edge that was drawn finer and averaged
SOFTEST = 3.0  # pixels
SHARPEST = 0.2  # share of the edges that counts: those of lids, lips and nostrils, not the soft ones of cheeks


def measure_blur(picture: Image, box: tuple[int, int, int, int]) -> float:
    """Standard deviation in pixels of the blur of a picture's sharpest edges; 0 where there is none.

    An edge that was blurred by s loses ``sqrt(s² + 1) / s`` of its slope when it is blurred by 1 again (Zhuo and Sim 2011).

    Args:
        picture: ``(H, W, 3)`` uint8 RGB.
        box: left, top, right and bottom of the part that is looked at.
    """
    part = picture[box[1] : box[3], box[0] : box[2]]
    if min(part.shape[:2]) < 16:
        return 0.0
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    slope, soft = (np.hypot(*np.gradient(image)) for image in (grey, cv2.GaussianBlur(grey, (0, 0), AGAIN)))
    inner = slope[3:-3, 3:-3]
    # an edge's crest: elsewhere blurring changes slopes in other ways
    crest = (cv2.dilate(slope, np.ones((3, 3), np.uint8))[3:-3, 3:-3] == inner) & (inner > max(6.0, np.quantile(inner, 0.9)))
    if crest.sum() < 12:
        return 0.0
    ratio = inner[crest] / np.maximum(soft[3:-3, 3:-3][crest], 1e-3)
    ratio = float(np.quantile(ratio, 1 - SHARPEST))
    if ratio <= 1.02:
        return SOFTEST
    # the central difference of np.gradient is a blur of its own
    return float(np.clip(np.sqrt(max(AGAIN**2 / (ratio**2 - 1) - 0.35, 0.0)), 0.0, SOFTEST))


def soften(layer: Floats, blur: float) -> Floats:
    """The layer as soft as a picture whose edges are blurred by ``blur`` pixels; itself where it is as soft already.

    Args:
        layer: ``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha.
        blur: standard deviation, see :func:`measure_blur`.
    """
    more = float(np.sqrt(max(blur**2 - OWN**2, 0.0)))
    return layer if more < 0.25 else np.asarray(cv2.GaussianBlur(layer, (0, 0), more))
