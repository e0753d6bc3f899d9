"""A software rasteriser: which triangle each pixel sees, how deep, and where on the triangle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Floats, Ints
from morph.compiled import compiled
from morph.errors import MorphError


@dataclass(frozen=True, eq=False)
class Fragments:
    """What every pixel of a picture sees.

    Attributes:
        depth: ``(H, W)`` float32, larger is nearer; ``-inf`` where nothing is seen.
        triangle_id: ``(H, W)`` int32 row of the triangles; -1 where nothing is seen.
        barycentric: ``(H, W, 3)`` float32 weights of the triangle's corners, measured in the picture (zero where empty).
    """

    depth: Floats
    triangle_id: Ints
    barycentric: Floats

    @property
    def covered(self) -> Bools:
        """``(H, W)`` where any triangle is seen."""
        return self.triangle_id >= 0


def rasterise(points: npt.ArrayLike, triangles: npt.ArrayLike, height: int, width: int, *, cull: bool = True) -> Fragments:
    """Draw triangles into depth, triangle and barycentric buffers.

    A pixel belongs to a triangle when its centre lies inside; on an edge the top-left rule decides, so triangles that
    share an edge never both draw a pixel there, nor leave a gap. Depth is linear in the picture: scaled orthographic
    depth, or for a perspective camera one over the distance.

    Args:
        points: ``(V, 3)`` x and y in pixels (0 is the centre of the first pixel, y down), depth (larger is nearer).
        triangles: ``(F, 3)`` vertex indices, anticlockwise seen from outside.
        height: rows of the picture.
        width: columns of the picture.
        cull: leave out triangles that are seen from behind.

    Raises:
        MorphError: wrong shapes, or a size below one pixel.
    """
    p = np.ascontiguousarray(points, np.float32)
    t = np.ascontiguousarray(triangles, np.int32)
    if p.ndim != 2 or p.shape[1] != 3 or t.ndim != 2 or t.shape[1] != 3:
        raise MorphError(f"rasterise needs points (V, 3) and triangles (F, 3), got {p.shape} and {t.shape}")
    if height < 1 or width < 1:
        raise MorphError(f"a picture needs at least one pixel, got height {height} and width {width}")
    fragments = Fragments(
        np.full((height, width), -np.inf, np.float32),
        np.full((height, width), -1, np.int32),
        np.zeros((height, width, 3), np.float32),
    )
    fill(p, t, cull, (fragments.depth, fragments.triangle_id, fragments.barycentric))
    return fragments


@compiled
def fill(points: Any, triangles: Any, cull: bool, buffers: Any) -> None:
    """Draw into buffers that already hold something (depth ``-inf`` or what was drawn before); see :func:`rasterise`."""
    depth, triangle_id, barycentric = buffers
    height, width = depth.shape
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        xa, ya = np.float64(points[a, 0]), np.float64(points[a, 1])
        xb, yb = np.float64(points[b, 0]), np.float64(points[b, 1])
        xc, yc = np.float64(points[c, 0]), np.float64(points[c, 1])
        area = (xc - xa) * (yb - ya) - (xb - xa) * (yc - ya)  # twice the area; positive seen from outside (y down)
        if not (area > 0.0 or area < 0.0) or (cull and area < 0.0):
            continue
        left, right = max(min(xa, xb, xc), -1.0), min(max(xa, xb, xc), float(width))
        top, bottom = max(min(ya, yb, yc), -1.0), min(max(ya, yb, yc), float(height))
        first_x, last_x = max(0, int(np.ceil(left))), min(width - 1, int(np.floor(right)))
        first_y, last_y = max(0, int(np.ceil(top))), min(height - 1, int(np.floor(bottom)))
        if first_x > last_x or first_y > last_y:
            continue
        turn = 1.0 if area > 0.0 else -1.0
        # edge functions are positive inside; an edge counts as inside when it is a left or a top edge
        ea_x, ea_y = turn * (yc - yb), turn * (xb - xc)  # of the edge opposite a, with respect to x and y
        eb_x, eb_y = turn * (ya - yc), turn * (xc - xa)
        ec_x, ec_y = turn * (yb - ya), turn * (xa - xb)
        ea_in = ea_x > 0.0 or (ea_x == 0.0 and ea_y > 0.0)
        eb_in = eb_x > 0.0 or (eb_x == 0.0 and eb_y > 0.0)
        ec_in = ec_x > 0.0 or (ec_x == 0.0 and ec_y > 0.0)
        inverse = 1.0 / abs(area)
        za, zb, zc = points[a, 2], points[b, 2], points[c, 2]
        for y in range(first_y, last_y + 1):
            for x in range(first_x, last_x + 1):
                wa = (x - xb) * ea_x + (y - yb) * ea_y
                wb = (x - xc) * eb_x + (y - yc) * eb_y
                wc = (x - xa) * ec_x + (y - ya) * ec_y
                if wa < 0.0 or wb < 0.0 or wc < 0.0:
                    continue
                if (wa == 0.0 and not ea_in) or (wb == 0.0 and not eb_in) or (wc == 0.0 and not ec_in):
                    continue
                wa *= inverse
                wb *= inverse
                z = wa * za + wb * zb + (1.0 - wa - wb) * zc
                if z > depth[y, x]:
                    depth[y, x] = z
                    triangle_id[y, x] = t
                    barycentric[y, x, 0] = wa
                    barycentric[y, x, 1] = wb
                    barycentric[y, x, 2] = 1.0 - wa - wb


def vertex_normals(vertices: npt.ArrayLike, triangles: npt.ArrayLike) -> Floats:
    """``(V, 3)`` unit normals, weighted by the area of the triangles around; zero at vertices without triangles."""
    v = np.ascontiguousarray(vertices, np.float32)
    out = np.zeros_like(v)
    _sum_normals(v, np.ascontiguousarray(triangles, np.int32), out)
    return out


@compiled
def _sum_normals(v: Any, triangles: Any, out: Any) -> None:
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = v[b, 0] - v[a, 0], v[b, 1] - v[a, 1], v[b, 2] - v[a, 2]
        wx, wy, wz = v[c, 0] - v[a, 0], v[c, 1] - v[a, 1], v[c, 2] - v[a, 2]
        nx, ny, nz = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        for k in range(3):
            i = triangles[t, k]
            out[i, 0] += nx
            out[i, 1] += ny
            out[i, 2] += nz
    for i in range(out.shape[0]):
        length = np.sqrt(out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2)
        if length > 0.0:
            for k in range(3):
                out[i, k] /= length


def interpolate(fragments: Fragments, triangles: npt.ArrayLike, attributes: npt.ArrayLike) -> Floats:
    """Attributes at every pixel, ``(H, W, C)`` float32; zero where nothing is seen.

    Args:
        fragments: of :func:`rasterise`.
        triangles: the ``(F, 3)`` triangles that were drawn.
        attributes: ``(V, C)`` per vertex, or ``(F, 3, C)`` per corner (for texture seams).

    Raises:
        MorphError: attributes of another shape.
    """
    t = np.ascontiguousarray(triangles, np.int32)
    values = np.ascontiguousarray(attributes, np.float32)
    if values.ndim == 3 and values.shape[:2] == t.shape:
        index = np.arange(t.size, dtype=np.int32).reshape(t.shape)
        values = values.reshape(t.size, -1)
    elif values.ndim == 2 and (not t.size or len(values) > t.max()):
        index = t
    else:
        raise MorphError(f"attributes must be (V, C) or {(*t.shape, 'C')}, got {values.shape}")
    out = np.zeros((*fragments.depth.shape, values.shape[1]), np.float32)
    _interpolate(fragments.triangle_id, fragments.barycentric, index, values, out)
    return out


@compiled
def _interpolate(triangle_id: Any, barycentric: Any, index: Any, values: Any, out: Any) -> None:
    height, width = triangle_id.shape
    for y in range(height):
        for x in range(width):
            t = triangle_id[y, x]
            if t < 0:
                continue
            for k in range(3):
                weight, row = barycentric[y, x, k], index[t, k]
                for c in range(values.shape[1]):
                    out[y, x, c] += weight * values[row, c]
