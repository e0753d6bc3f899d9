"""One face on a picture: where its mesh is, and values of its vertices at the pixels that see them."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.model import MorphableModel
from morph.rendering import Fragments, interpolate, rasterise, vertex_normals

ROUND = 8  # pixels kept around the head


class PlateFace:
    """A head on a picture.

    Args:
        model: whose vertices these are.
        points: ``(V, 3)`` column, row and depth in pixels, larger is nearer.
        scale: pixels for one unit of the model.
        shape: height and width of the picture.

    Attributes:
        box: rows and columns of the part of the picture that holds the head; None where it is out of it.
    """

    def __init__(self, model: MorphableModel, points: Floats, scale: float, shape: tuple[int, int]) -> None:
        self.model, self.points, self.scale = model, points, scale
        self.unit = model.average_millimetre
        marks = points[model.landmarks, :2]
        reach = 0.45 * float(np.ptp(marks, axis=0).max())  # up to the hairline
        low = np.floor(marks.min(axis=0) - reach).astype(int) - ROUND
        high = np.ceil(marks.max(axis=0) + reach).astype(int) + ROUND
        first = np.maximum(low, 0)
        last = np.minimum(high, [shape[1], shape[0]])
        self.box: tuple[slice, slice] | None = None
        if (last - first >= 4).all():
            self.box = (slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0])))

    @property
    def millimetre(self) -> float:
        """Pixels for what is a millimetre on an average head."""
        return self.scale * self.unit

    @functools.cached_property
    def fragments(self) -> Fragments:
        """What every pixel of the box sees of the head."""
        assert self.box is not None
        rows, columns = self.box
        moved = self.points - np.array([columns.start, rows.start, 0], np.float32)
        return rasterise(moved, self.model.triangles, rows.stop - rows.start, columns.stop - columns.start)

    @functools.cached_property
    def normals(self) -> Floats:
        """``(V, 3)`` in the camera frame: x right, y up, z to the viewer."""
        return vertex_normals(self.points * np.array([1, -1, 1], np.float32), self.model.triangles)

    def at_pixels(self, values: npt.ArrayLike) -> Floats:
        """``(V, C)`` or ``(F, 3, C)`` values at the pixels of the box, 0 beside the head."""
        return interpolate(self.fragments, self.model.triangles, values)
