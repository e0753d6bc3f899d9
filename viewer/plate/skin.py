"""What footage shows of a tracked face's bare skin: colours, and where each place faces."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Bools, Floats, Image, Indices, Ints
from morph.model import MorphableModel
from morph.model.ibug68 import INNER_LIPS, LEFT_BROW, LEFT_EYE, NOSTRILS, OUTER_LIPS, RIGHT_BROW, RIGHT_EYE, ring
from morph.rendering import rasterise, vertex_normals
from morph.rendering.colour import GAMMA

MOST = 1600  # places that are read
FACING = 0.25  # cosine of the steepest angle at which skin is read
BEHIND = 0.03  # heights of the face that skin may lie behind another surface before it counts as hidden
FINE = 110  # pixels between chin and brows: resolution of the occlusion test; a finer one does not help
# Chains of iBUG points, and how far from them skin begins (heights from chin to bridge of the nose): jaw, brows, nostrils,
# eyes, lips.
KEPT_CLEAR = (
    (RIGHT_BROW, 0.09),
    (LEFT_BROW, 0.09),
    (NOSTRILS, 0.06),
    (ring(RIGHT_EYE), 0.09),
    (ring(LEFT_EYE), 0.09),
    (ring(OUTER_LIPS), 0.07),
    (ring(INNER_LIPS), 0.07),
)


@dataclass(frozen=True, eq=False)
class SkinSamples:
    """Places of skin that a picture shows.

    Attributes:
        normals: ``(N, 3)`` of unit length, x right, y up, z to the viewer.
        open: ``(N,)`` share of distant light that reaches them past the rest of the head, 0..1.
        colours: ``(N, 3)`` linear RGB, 1 for white.
        clipped: ``(N,)`` a channel is at its end, so that the colour is not known.
    """

    normals: Floats
    open: Floats
    colours: Floats
    clipped: Bools


class SkinReader:
    """Reads the skin of faces from pictures.

    Args:
        model: that faces are tracked with; without a mask "face", skin is what lies between the landmarks.
        occlusion: ``(V,)`` share of the sky that each vertex sees.
    """

    def __init__(self, model: MorphableModel, occlusion: Floats) -> None:
        self._triangles = model.triangles
        self._rows = skin_vertices(model)
        self._open = (0.35 + 0.65 * occlusion[self._rows]).astype(np.float32)
        self._marks = model.landmarks[[8, 27]]

    def __call__(self, plate: Image, vertices: Floats, normals: Floats | None = None) -> SkinSamples:
        """What ``plate`` shows of a head.

        Args:
            plate: ``(H, W, 3)`` uint8 RGB.
            vertices: ``(V, 3)`` of the head in picture space: column, minus row, depth in pixels.
            normals: ``(V, 3)`` if they are known.
        """
        height, width = plate.shape[:2]
        tall = float(np.linalg.norm(vertices[self._marks[0]] - vertices[self._marks[1]]))
        if normals is None:
            normals = vertex_normals(vertices, self._triangles)
        rows = self._rows
        points, turned = vertices[rows] * np.array([1, -1, 1], np.float32), normals[rows]
        inside = (points[:, :2] >= 0).all(axis=1) & (points[:, :2] <= [width - 1, height - 1]).all(axis=1)
        seen = inside & (turned[:, 2] > FACING)
        if seen.any():
            seen[seen] = points[seen, 2] > _nearest(vertices, self._triangles, points[seen], tall) - BEHIND * tall
        at = points[seen]
        column, row = (np.ascontiguousarray(at[:, k], np.float32) for k in (0, 1))
        blurred = _smooth(plate, column, row, tall)
        values = blurred.astype(np.float32) / 255
        clipped = (blurred.max(axis=1) >= 250) | (blurred.max(axis=1) < 4)
        return SkinSamples(turned[seen], self._open[seen], (values**GAMMA).astype(np.float32), clipped)


def skin_vertices(model: MorphableModel) -> Indices:
    """At most :data:`MOST` vertices of bare skin, spread evenly: without lids, brows, nostrils and lips."""
    marks = model.mean[model.landmarks].astype(np.float64)
    tall = float(np.linalg.norm(marks[8] - marks[27]))
    face = model.vertex_masks.get("face")
    if face is not None:
        skin = face > 0.5
        for name in ("lips", "eyelids", "inner_mouth"):
            skin &= model.vertex_masks.get(name, np.zeros(model.n_vertices, np.float32)) < 0.1
    else:
        low, high = marks.min(axis=0), marks.max(axis=0)
        off = (model.mean[:, :2] - (low + high)[:2] / 2) / np.maximum((high - low)[:2] / 2, 1e-9)
        skin = ((off**2).sum(axis=1) < 1.0) & (vertex_normals(model.mean, model.triangles)[:, 2] > FACING)
        inside = [index for index, name in enumerate(model.region_names) if name.endswith(("eye", "teeth", "tongue"))]
        if len(model.regions):
            skin[model.triangles[np.isin(model.regions, inside)]] = False
    used = np.zeros(model.n_vertices, bool)  # loose vertices have no normal
    used[model.triangles] = True
    skin &= used
    for chain, margin in KEPT_CLEAR:
        line = np.concatenate([np.linspace(marks[a], marks[b], 6) for a, b in itertools.pairwise(chain)])
        if chain[0] == chain[-1]:
            line = np.concatenate([line, [marks[list(chain)].mean(axis=0)]])
        rows = np.flatnonzero(skin)
        gap = np.linalg.norm(model.mean[rows, None, :2] - line[None, :, :2], axis=2).min(axis=1)
        skin[rows[gap < margin * tall]] = False
    rows = np.flatnonzero(skin)
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(MOST, len(rows))).astype(int))] if len(rows) else rows


def _nearest(vertices: Floats, triangles: Ints, points: Floats, tall: float) -> Floats:
    """``(N,)`` depth of what lies foremost of a head at points (column, row), on a grid fit for the head's size."""
    shrink = np.float32(min(1.0, FINE / max(tall, 1.0)))
    drawn = vertices * np.array([shrink, -shrink, 1], np.float32)
    low = np.floor(points[:, :2].min(axis=0) * shrink) - 1
    size = np.ceil(points[:, :2].max(axis=0) * shrink - low).astype(int) + 2
    drawn[:, :2] -= low
    depth = rasterise(drawn, triangles, int(size[1]), int(size[0])).depth
    column, row = np.rint(points[:, :2] * shrink - low).astype(int).T
    return np.asarray(depth[row, column])


def _smooth(plate: Image, column: Floats, row: Floats, tall: float) -> Image:
    """``(N, 3)`` colours at places, averaged over a fiftieth of the face, so that pores and noise do not count."""
    if not len(column):
        return np.zeros((0, 3), np.uint8)
    left, top = int(column.min()), int(row.min())
    part = plate[top : int(row.max()) + 2, left : int(column.max()) + 2]
    wide = max(int(tall / 50), 1)
    soft = np.asarray(cv2.blur(part, (wide, wide)), np.uint8) if wide > 1 else part
    return np.asarray(soft[np.rint(row).astype(int) - top, np.rint(column).astype(int) - left])
