"""Draws the share of light that a prop leaves to the skin over a picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from morph.arrays import Floats, Image, Ints
from morph.compiled import compiled
from morph.rendering import interpolate, rasterise
from morph.rendering.colour import GAMMA

FADE = (0.10, 0.45)  # cosines of the angle to the viewer between which shadow fades in: it ends before the outline does
FINE = 150.0  # pixels across the shaded skin at which shadow is drawn: it is soft


def cast_shadow(plate: Image, vertices: Floats, normals: Floats, triangles: Ints, share: Floats) -> Image:
    """The picture with the skin of a head darker, ``(H, W, 3)`` uint8; the very picture where nothing is.

    Only visible skin is darkened, and never up to the outline of the head, so that hair and background stay as they are.

    Args:
        plate: ``(H, W, 3)`` uint8 RGB.
        vertices: ``(V, 3)`` of the head in picture space: column, minus row, depth in pixels.
        normals: ``(V, 3)``.
        triangles: ``(F, 3)`` of the head.
        share: ``(V, 3)`` of linear light that is left, 0..1.
    """
    facing = np.clip((normals[:, 2] - FADE[0]) / (FADE[1] - FADE[0]), 0, 1)[:, None]
    factor = 1 - (1 - share ** np.float32(1 / GAMMA)) * facing
    dark = factor.min(axis=1) < 0.995
    height, width = plate.shape[:2]
    if not dark.any():
        return plate
    points = vertices * np.array([1, -1, 1], np.float32)
    low, high = points[dark, :2].min(axis=0) - 2, points[dark, :2].max(axis=0) + 2
    step = max(float((high - low).max()) / FINE, 1.0)
    first = np.maximum(np.floor(low), 0).astype(int)
    last = np.minimum(np.ceil(high), [width - 1, height - 1]).astype(int) + 1
    if not (last - first > 1).all():
        return plate
    wide, high_ = np.ceil((last - first) / step).astype(int) + 1
    points[:, :2] = (points[:, :2] - first) / step
    points[:, 2] /= step
    fragments = rasterise(points.astype(np.float32), triangles, int(high_), int(wide))
    layer = interpolate(fragments, triangles, 1 - factor)
    out = plate.copy()
    if step > 1:  # cell k lies at first + k * step
        to = (np.array([[1 / step, 0, 0], [0, 1 / step, 0]])).astype(np.float32)
        size = (int(last[0] - first[0]), int(last[1] - first[1]))
        layer = np.asarray(
            cv2.warpAffine(layer, to, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        )
    _darken(out, layer, (int(first[0]), int(first[1]), int(last[0]), int(last[1])))
    return np.asarray(out)


@compiled
def _darken(picture: Any, layer: Any, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    for y in range(top, bottom):
        for x in range(left, right):
            for c in range(3):
                shade = layer[y - top, x - left, c]
                if shade > 0:
                    picture[y, x, c] = np.uint8(picture[y, x, c] * (1 - shade) + np.float32(0.5))
