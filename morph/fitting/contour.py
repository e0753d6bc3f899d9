"""Contour lines: where a jaw landmark of a 2D annotation may lie on the mesh, for each pose.

Annotators of photographs put the seventeen jaw points on the visible outline of the face. On the side that is turned away this
is not the jaw line but the cheek in front of it. A contour line starts at a jaw landmark and runs forward over the cheek, in
the plane spanned by the outward direction of the frontal outline and the viewing axis; the point of the line that sticks out
farthest in the picture is where the outline is ("landmark marching", Zhu et al. 2015).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from morph.arrays import Array, Floats, Indices
from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel

JAW = 17  # the first 17 of the 68 iBUG points


@dataclass(frozen=True, eq=False)
class ContourLines:
    """Points on mesh edges, ``mean[vertices[..., 0]] * (1 - blend) + mean[vertices[..., 1]] * blend``; linear in the modes.

    Attributes:
        vertices: ``(17, K, 2)`` ends of the edge that each sample lies on.
        blend: ``(17, K)`` in 0..1; the first sample of a line is the landmark itself.
        outward: ``(17, 3)`` unit vectors of the model frame, normal to the frontal outline, z = 0.
    """

    vertices: Indices
    blend: Floats
    outward: Floats

    def sample(self, values: Array) -> Array:
        """Per-vertex values ``(V, ...)`` at the samples: ``(17, K, ...)``."""
        blend = self.blend.reshape(self.blend.shape + (1,) * (values.ndim - 1)).astype(values.dtype)
        return np.asarray(values[self.vertices[..., 0]] * (1 - blend) + values[self.vertices[..., 1]] * blend)


def contour_lines(model: MorphableModel, samples: int = 16, reach: float = 0.45) -> ContourLines:
    """Cut a model's mean along its seventeen contour lines.

    Args:
        model: the morphable model; its first 17 landmarks are the jaw.
        samples: K, points a line, equally far apart.
        reach: length of a line, as a share of the width between the ends of the jaw.

    Raises:
        MorphError: fewer than two samples.
    """
    if samples < 2:
        raise MorphError(f"a contour line needs at least 2 samples, got {samples}")
    mean = model.mean.astype(np.float64)
    jaw = mean[model.landmarks[:JAW]]
    outward = _outward(jaw)
    length = reach * float(np.linalg.norm(jaw[0] - jaw[-1]))
    opposite = _edge_to_corners(model.triangles)
    fans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    wanted = {int(v) for v in model.landmarks[:JAW]}
    touching = np.isin(model.triangles, list(wanted)).any(axis=1)
    for a, b, c in model.triangles[touching].tolist():
        for v, edge in ((a, (b, c)), (b, (c, a)), (c, (a, b))):
            if v in wanted:
                fans[v].append(edge)
    ends = np.zeros((JAW, samples, 2), np.int64)
    blend = np.zeros((JAW, samples), np.float32)
    for i, start in enumerate(model.landmarks[:JAW].tolist()):
        path = _walk(_Surface(mean, opposite), fans[start], start, outward[i], length)
        ends[i], blend[i] = _resample(mean, path, samples, length)
    return ContourLines(ends, blend, outward.astype(np.float32))


def _outward(jaw: Array) -> Array:
    """Normals of the frontal outline, pointing away from the middle of the jaw's ends."""
    tangent = np.gradient(jaw[:, :2], axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    away = jaw[:, :2] - 0.5 * (jaw[0, :2] + jaw[-1, :2])
    normal *= np.where((normal * away).sum(1, keepdims=True) < 0, -1.0, 1.0)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return np.concatenate([normal, np.zeros((len(jaw), 1))], axis=1)


def _edge_to_corners(triangles: Array) -> dict[tuple[int, int], list[int]]:
    corners: dict[tuple[int, int], list[int]] = defaultdict(list)
    for a, b, c in triangles.tolist():
        for first, second, third in ((a, b, c), (b, c, a), (c, a, b)):
            corners[min(first, second), max(first, second)].append(third)
    return corners


class _Surface(NamedTuple):
    """Vertices ``(V, 3)``, and for each edge the corners opposite it."""

    mean: Array
    opposite: dict[tuple[int, int], list[int]]


def _walk(
    surface: _Surface, fan: list[tuple[int, int]], start: int, outward: Array, length: float
) -> list[tuple[int, int, float]]:
    """Edge crossings from vertex ``start`` forward (towards the viewer, inward) until ``length`` is used up."""
    mean, opposite = surface
    origin = mean[start]
    across = np.cross(outward, [0.0, 0.0, 1.0])  # normal of the cutting plane

    def height(vertex: int) -> float:
        return float((mean[vertex] - origin) @ across)

    def crosses(a: int, b: int) -> bool:
        """Whether an edge passes the plane; a vertex in it counts as below, so that two edges of a triangle pass or none."""
        return (height(a) > 0) != (height(b) > 0)

    def crossing(a: int, b: int) -> tuple[float, Array]:
        ha, hb = height(a), height(b)
        t = ha / (ha - hb)
        return t, mean[a] * (1 - t) + mean[b] * t

    path = [(start, start, 0.0)]
    forward = np.array([0.0, 0.0, 1.0]) - outward  # towards the viewer and inward
    options = [(edge, crossing(*edge)) for edge in fan if crosses(*edge)]
    if not options:
        return path
    edge, (t, point) = max(
        options, key=lambda o: float((o[1][1] - origin) @ forward) / (np.linalg.norm(o[1][1] - origin) + 1e-9)
    )
    used, last, came = 0.0, origin, start
    for _ in range(10_000):
        used += float(np.linalg.norm(point - last))
        path.append((edge[0], edge[1], float(t)))
        if used >= length:
            break
        a, b = edge
        beyond = [c for c in opposite[min(a, b), max(a, b)] if c != came]
        if not beyond:
            break
        c = beyond[0]
        last = point
        nxt = (a, c) if crosses(a, c) else (c, b)
        came = b if nxt[0] == a else a
        edge = nxt
        t, point = crossing(*edge)
    return path


def _resample(mean: Array, path: list[tuple[int, int, float]], samples: int, length: float) -> tuple[Array, Array]:
    """The crossings nearest to equally spaced lengths along the path; the end repeats where the path stops early."""
    at = np.array([mean[a] * (1 - t) + mean[b] * t for a, b, t in path])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(at, axis=0), axis=1))])
    chosen = np.abs(along[None] - np.linspace(0, length, samples)[:, None]).argmin(axis=1)
    return np.array([path[i][:2] for i in chosen]), np.array([path[i][2] for i in chosen], np.float32)
