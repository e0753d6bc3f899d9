"""A canvas to paint textures of props on: the face unrolled to millimetres, mirrored down its middle.

A place of the face is ``(across, up)``: millimetres from the middle line round a cylinder that the face is laid on, the
same for both sides, and millimetres up in the frame of the default model's mean head.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from modelling import curve
from scipy.ndimage import map_coordinates

from morph.atomic import atomic_path
from morph.export.textures.uv_chart import rasterise_chart
from morph.model import MorphableModel
from morph.rendering import interpolate

Array = npt.NDArray[np.floating]
AXIS, RADIUS = -75.0, 75.0  # depth of the cylinder's axis and its radius, millimetres
FINE = 8  # cells of an outline's distance map for one millimetre


def unroll(points: npt.ArrayLike) -> Array:
    """``(..., 2)`` places of ``(..., 3)`` points of the mean head."""
    p = np.asarray(points, np.float64)
    return np.stack([np.abs(RADIUS * np.arctan2(p[..., 0], p[..., 2] - AXIS)), p[..., 1]], axis=-1)


class Canvas:
    """The texels of a texture that lie on the outside of a face, and what has been painted on them.

    Args:
        model: in whose UV layout the texture is.
        size: texels of the texture, each way.

    Attributes:
        places: ``(N, 2)`` where each texel is, see :func:`unroll`.
        masks: the model's vertex masks at each texel, ``(N,)`` each.
        marks: ``(68, 2)`` places of the landmarks; those of both sides fall together.
    """

    def __init__(self, model: MorphableModel, size: int = 2048) -> None:
        chart = rasterise_chart(model, size)
        values = np.column_stack([model.mean, *model.vertex_masks.values()]).astype(np.float32)[model.triangles]
        skin = chart.covered & (model.regions[chart.triangle_id] == model.region_names.index("skin"))
        seen = interpolate(chart, model.uv_triangles, values)
        mouth = seen[..., 3 + list(model.vertex_masks).index("inner_mouth")]
        front = skin & (seen[..., 2] > AXIS) & (mouth < 0.5)
        _, islands = cv2.connectedComponents(front.astype(np.uint8))
        nose = np.isin(chart.triangle_id, np.flatnonzero((model.triangles == model.landmarks[30]).any(axis=1)))
        self._texels = islands == islands[nose & front].max()  # not the sockets behind the eyes
        there = seen[self._texels].astype(np.float64)
        self.places = unroll(there[:, :3])
        self.masks = dict(zip(model.vertex_masks, there[:, 3:].T, strict=True))
        self.marks = unroll(model.mean[model.landmarks])
        self.colour = np.zeros((len(there), 3))
        self.alpha = np.zeros(len(there))

    def lay(self, colour: npt.ArrayLike, share: Array) -> None:
        """Paint display RGB 0..1, ``(3,)`` or ``(N, 3)``, over what is there, with ``(N,)`` shares 0..1."""
        share = np.clip(share, 0, 1)
        alpha = share + self.alpha * (1 - share)
        mixed = np.asarray(colour) * share[:, None] + self.colour * (self.alpha * (1 - share))[:, None]
        self.colour, self.alpha = mixed / np.maximum(alpha, 1e-9)[:, None], alpha

    def stroke(self, points: npt.ArrayLike, widths: npt.ArrayLike) -> Array:
        """``(N,)`` signed millimetres to a brush stroke through ``(K, 2)`` places, ``(K,)`` wide; negative inside."""
        line, half = np.asarray(points, np.float64), np.asarray(widths, np.float64) / 2
        best = np.full(len(self.places), np.inf)
        for a, b, r, s in zip(line[:-1], line[1:], half[:-1], half[1:], strict=True):
            along = np.clip((self.places - a) @ (b - a) / max((b - a) @ (b - a), 1e-9), 0, 1)
            away = np.linalg.norm(self.places - a - along[:, None] * (b - a), axis=1)
            best = np.minimum(best, away - r - along * (s - r))
        return best

    def outline(self, points: npt.ArrayLike) -> Array:
        """``(N,)`` signed millimetres to a closed outline of ``(K, 2)`` places; negative inside."""
        edge = np.asarray(points, np.float64)
        both = np.concatenate([edge, self.places])
        low, high = both.min(axis=0) - 1, both.max(axis=0) + 1
        width, height = np.ceil((high - low) * FINE).astype(int) + 1
        filled = np.zeros((height, width), np.uint8)
        cv2.fillPoly(filled, [np.rint((edge - low) * FINE).astype(np.int32)], 255)
        out, inside = (cv2.distanceTransform(side, cv2.DIST_L2, 5) for side in (255 - filled, filled))
        at = (self.places - low) * FINE
        return np.asarray(map_coordinates((out - inside) / FINE, at.T[::-1], order=1))

    def disc(self, middle: npt.ArrayLike, radii: npt.ArrayLike) -> Array:
        """``(N,)`` about the signed millimetres to an ellipse."""
        away = (self.places - np.asarray(middle)) / np.asarray(radii)
        return (np.linalg.norm(away, axis=1) - 1) * float(np.min(radii))

    def write(self, path: Path) -> None:
        """Write the texture as PNG with alpha; clear texels are black, for small files."""
        rgba = np.zeros((*self._texels.shape, 4), np.uint8)
        rgba[self._texels] = np.rint(np.clip(np.column_stack([self.colour, self.alpha]), 0, 1) * 255)
        rgba[rgba[..., 3] == 0] = 0
        with atomic_path(path) as temporary:
            cv2.imwrite(str(temporary), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def inside(signed: Array, soft: float = 0.7) -> Array:
    """Share of a texel that a signed distance covers; the edge is ``soft`` millimetres wide."""
    return np.clip(0.5 - signed / soft, 0, 1)


def smooth(points: npt.ArrayLike, count: int = 12) -> Array:
    """``(K * count, 2)`` places evenly spaced along a Catmull–Rom curve through ``(K, 2)`` places."""
    flat = np.asarray(points, np.float64)
    return curve(np.column_stack([flat, np.zeros(len(flat))]), count * len(flat))[:, :2]
