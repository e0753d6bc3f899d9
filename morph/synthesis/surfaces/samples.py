"""Which samples of a picture are shaded together: the four of a final pixel where they see one smooth piece of surface."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Ints
from morph.compiled import compiled
from morph.rendering import Fragments

STEEP = 3.0  # samples of depth within a final pixel from which each is shaded alone: about 65 degrees off the line of sight


class Samples(NamedTuple):
    """What is shaded, ``(N,)`` each: single samples, and two by two that share their light.

    Attributes:
        first, last: places in the flattened picture of the upper left and the lower right sample; equal for single ones.
        weight: how many samples each stands for, 1 or 4.
    """

    first: Ints
    last: Ints
    weight: Ints


def single_samples(fragments: Fragments) -> Samples:
    """Every covered sample on its own, row by row."""
    places = np.flatnonzero(fragments.triangle_id >= 0).astype(np.int32)
    return Samples(places, places, np.ones(len(places), np.int32))


class Sharing(NamedTuple):
    """Which samples of a picture may share their light.

    Attributes:
        triangles: ``(F, 3)`` that were drawn.
        kind: ``(F,)`` 1 for skin, 0 for what never shares light, other numbers for what shares it with its like.
        below: ``(V,)`` mm that vertices of the skin lie below the edge of the clothes; across it no light is shared.
        plain: whether the clothes have no pattern; a pattern is shaded sample by sample.
        reach: how far the depths within a final pixel may lie apart, see :func:`depth_reach`.
    """

    triangles: Ints
    kind: npt.NDArray[np.uint8]
    below: Floats
    plain: bool
    reach: np.float32


def depth_reach(nearness: float, pixel: float, steep: float = STEEP) -> np.float32:
    """How far depths of one piece of surface within a final pixel may lie apart.

    Args:
        nearness: depth times distance.
        pixel: samples a millimetre.
        steep: how many samples deep (in their own width) the surface within a final pixel may reach.
    """
    reach: np.float32 = np.float32(steep / (pixel * nearness))
    return reach


def share_samples(fragments: Fragments, sharing: Sharing) -> Samples:
    """Samples of a picture that is drawn twice as large as it will be.

    Args:
        fragments: of the large picture, an even number of samples wide and high.
        sharing: which of them may be shaded together.
    """
    out = Samples(*np.empty((3, fragments.triangle_id.size), np.int32))
    n = _share(fragments.triangle_id, fragments.depth, sharing, out)
    return Samples(*(values[:n] for values in out))


@compiled
def _dressed(t: Any, triangles: Any, below: Any) -> Any:
    """How many corners of a triangle the clothes cover."""
    count = 0
    for k in range(3):
        if below[triangles[t, k]] > 0:
            count += 1
    return count


@compiled
def _alike(a: Any, b: Any, c: Any, d: Any, s: Any) -> Any:
    """Whether four triangles may share their light."""
    if not (a >= 0 and b >= 0 and c >= 0 and d >= 0):
        return False
    k = s.kind[a]
    alike = k != 0 and s.kind[b] == k and s.kind[c] == k and s.kind[d] == k
    if alike and k == 1:
        covered = _dressed(a, s.triangles, s.below)
        alike = covered == 0 or (covered == 3 and s.plain)
        if b != a or c != a or d != a:
            for t in (b, c, d):
                alike = alike and _dressed(t, s.triangles, s.below) == covered
    return alike


@compiled
def _share(triangle_id: Any, depth: Any, sharing: Any, out: Any) -> Any:
    height, width = triangle_id.shape
    n = 0
    for y in range(0, height, 2):
        for x in range(0, width, 2):
            a, b, c, d = triangle_id[y, x], triangle_id[y, x + 1], triangle_id[y + 1, x], triangle_id[y + 1, x + 1]
            if _alike(a, b, c, d, sharing):
                p, q, r, s = depth[y, x], depth[y, x + 1], depth[y + 1, x], depth[y + 1, x + 1]
                low, high = min(min(p, q), min(r, s)), max(max(p, q), max(r, s))
                if high - low < sharing.reach * low * high:  # 1 / low - 1 / high < reach
                    out.first[n], out.last[n], out.weight[n] = y * width + x, (y + 1) * width + x + 1, 4
                    n += 1
                    continue
            for j in range(y, y + 2):
                for i in range(x, x + 2):
                    if triangle_id[j, i] >= 0:
                        out.first[n], out.last[n], out.weight[n] = j * width + i, j * width + i, 1
                        n += 1
    return n


class VertexTable(NamedTuple):
    """What is known of the vertices of a scene.

    Attributes:
        triangles: ``(F, 3)`` that were drawn.
        normals: ``(V, 3)`` in the camera frame.
        points: ``(V, 3)`` in the camera frame.
        columns: ``(V, C)`` whatever else is interpolated.
    """

    triangles: Ints
    normals: Floats
    points: Floats
    columns: Floats


def interpolate_samples(fragments: Fragments, samples: Samples, vertices: VertexTable) -> Floats:
    """Normals, points and columns of the vertices at the samples, ``(N, 6 + C)``."""
    out = np.empty((len(samples.first), 6 + vertices.columns.shape[1]), np.float32)
    _interpolate(samples, fragments.triangle_id.reshape(-1), fragments.barycentric.reshape(-1, 3), vertices, out)
    return out


@compiled
def _interpolate(samples: Any, triangle_id: Any, barycentric: Any, vertices: Any, out: Any) -> None:
    index, normals, points, table = vertices.triangles, vertices.normals, vertices.points, vertices.columns
    columns = table.shape[1]
    half = np.float32(0.5)
    for i in range(samples.first.shape[0]):
        p, q = samples.first[i], samples.last[i]
        t = triangle_id[p]
        ra, rb, rc = index[t, 0], index[t, 1], index[t, 2]
        wa, wb, wc = barycentric[p, 0], barycentric[p, 1], barycentric[p, 2]
        if p != q and triangle_id[q] == t:
            wa, wb = half * (wa + barycentric[q, 0]), half * (wb + barycentric[q, 1])
            wc = half * (wc + barycentric[q, 2])
            q = p
        for c in range(3):
            out[i, c] = wa * normals[ra, c] + wb * normals[rb, c] + wc * normals[rc, c]
            out[i, 3 + c] = wa * points[ra, c] + wb * points[rb, c] + wc * points[rc, c]
        for c in range(columns):
            out[i, 6 + c] = wa * table[ra, c] + wb * table[rb, c] + wc * table[rc, c]
        if p == q:
            continue
        t = triangle_id[q]
        ra, rb, rc = index[t, 0], index[t, 1], index[t, 2]
        wa, wb, wc = half * barycentric[q, 0], half * barycentric[q, 1], half * barycentric[q, 2]
        for c in range(3):
            out[i, c] = half * out[i, c] + wa * normals[ra, c] + wb * normals[rb, c] + wc * normals[rc, c]
            out[i, 3 + c] = half * out[i, 3 + c] + wa * points[ra, c] + wb * points[rb, c] + wc * points[rc, c]
        for c in range(columns):
            out[i, 6 + c] = half * out[i, 6 + c] + wa * table[ra, c] + wb * table[rb, c] + wc * table[rc, c]


def spread(samples: Samples, light: Floats, image: Floats) -> None:
    """Write the light ``(N, 3)`` of the samples into a picture ``(H, W, 3)``."""
    _spread(samples.first, samples.last, light, image.reshape(-1, 3))


@compiled
def _spread(first: Any, last: Any, light: Any, image: Any) -> None:
    for i in range(first.shape[0]):
        p, q = first[i], last[i]
        for c in range(3):
            value = light[i, c]
            image[p, c] = value
            if q != p:
                image[p + 1, c] = value
                image[q - 1, c] = value
                image[q, c] = value
