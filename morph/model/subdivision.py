"""Catmull–Clark subdivision of a whole morphable model; it is linear, so the modes are subdivided like the mean."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Ints
from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel
from morph.model.sparse_rows import SparseRows, below, diagonal


def quads_to_triangles(quads: Ints) -> tuple[Ints, Ints]:
    """Split ``(Q, 4)`` faces (a triangle repeats its last corner) into triangles.

    Returns:
        ``(F, 3)`` triangles and the ``(F,)`` row of ``quads`` that each comes from.
    """
    both = np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
    whole = (both[:, 0] != both[:, 1]) & (both[:, 1] != both[:, 2]) & (both[:, 0] != both[:, 2])
    return both[whole].astype(np.int32), np.repeat(np.arange(len(quads)), 2)[whole].astype(np.int32)


class _Topology:
    """Edges of a mesh of quads and triangles and how they touch vertices and faces."""

    def __init__(self, quads: Ints, n_vertices: int) -> None:
        self.quads, self.n = quads, n_vertices
        self.corners = np.where(quads[:, 3] == quads[:, 2], 3, 4)
        starts = quads
        ends = np.roll(quads, -1, axis=1)
        real = starts != ends  # a triangle's repeated corner makes an edge of no length
        self.corner_is_real = np.ones_like(quads, bool)
        self.corner_is_real[:, 3] = self.corners == 4
        key = np.minimum(starts, ends).astype(np.int64) * n_vertices + np.maximum(starts, ends)
        unique, inverse, count = np.unique(key[real], return_inverse=True, return_counts=True)
        self.edges = np.stack([unique // n_vertices, unique % n_vertices], axis=1).astype(np.int64)
        self.boundary = count != 2
        self.edge_of_corner = np.full(quads.shape, -1, np.int64)
        self.edge_of_corner[real] = inverse
        # the last real corner of a triangle (2) closes onto corner 0 through the repeated one
        triangle = self.corners == 3
        self.edge_of_corner[triangle, 2] = self.edge_of_corner[triangle, 3]

    def average_faces(self) -> SparseRows:
        """``(Q, V)``: each face's middle."""
        rows = np.repeat(np.arange(len(self.quads)), 4).reshape(self.quads.shape)[self.corner_is_real]
        weights = np.repeat(1.0 / self.corners, self.corners)
        return SparseRows.of(rows, self.quads[self.corner_is_real], weights, (len(self.quads), self.n))

    def average_edges(self) -> SparseRows:
        """``(E, V)``: each edge's middle."""
        ends = np.repeat(np.arange(len(self.edges)), 2)
        return SparseRows.of(ends, self.edges.ravel(), np.full(len(ends), 0.5), (len(self.edges), self.n))


def _incidence(rows: npt.NDArray[Any], columns: npt.NDArray[Any], shape: tuple[int, int]) -> SparseRows:
    return SparseRows.of(rows, columns, np.ones(len(rows)), shape)


def _catmull_clark(topology: _Topology) -> SparseRows:
    """``(V + E + Q, V)`` weights that make the finer vertices: old vertices, then edge points, then face points.

    Inside, a vertex of valence n becomes (mean of its faces + 2 × mean of its edge middles + (n − 3) × itself) / n and an
    edge point the mean of its ends and its two faces; on a boundary only the boundary counts (cubic B-spline).
    """
    n, edges, boundary = topology.n, topology.edges, topology.boundary
    face, middle = topology.average_faces(), topology.average_edges()
    real = topology.corner_is_real
    owner = np.repeat(np.arange(len(topology.quads)), 4).reshape(real.shape)[real]
    inner = (~boundary).astype(np.float64)
    beside = _incidence(topology.edge_of_corner[real], owner, (len(edges), len(topology.quads)))
    edge = middle.times_rows(1.0 - 0.5 * inner) + (beside @ face).times_rows(0.25 * inner)

    touched = _incidence(topology.quads[real], owner, (n, len(topology.quads)))
    ends = _incidence(edges.ravel(), np.repeat(np.arange(len(edges)), 2), (n, len(edges)))
    faces_at, valence = touched.sum(), ends.sum()
    rim_ends = ends.times_columns(boundary.astype(np.float64))
    rim = rim_ends.sum()
    inside = (rim == 0) & (valence > 0)
    on_rim = rim > 0
    own = np.where(inside, (valence - 3) / np.maximum(valence, 1), np.where(on_rim, 0.5, 1.0))
    vertex = diagonal(own) + (touched @ face).times_rows(inside / np.maximum(valence * faces_at, 1))
    vertex = vertex + (ends @ middle).times_rows(inside * 2 / np.maximum(valence**2, 1))
    vertex = vertex + (rim_ends @ middle).times_rows(on_rim * 0.5 / np.maximum(rim, 1))
    return below([vertex, edge, face])


def subdivision_weights(model: MorphableModel) -> SparseRows:
    """``(V', V)`` weights that make the vertices of :func:`subdivide` from those of a model with quads."""
    return _catmull_clark(_Topology(model.quads, model.n_vertices))


def _split(quads: Ints, topology: _Topology) -> tuple[Ints, Ints]:
    """The finer quads, and the coarse face that each comes from."""
    n, e = topology.n, len(topology.edges)
    finer, parent = [], []
    before = np.array([3, 0, 1, 2])
    for k in range(4):
        keep = topology.corner_is_real[:, k]
        last = np.where((k == 0) & (topology.corners == 3), 2, before[k])
        rows = np.arange(len(quads))
        finer.append(
            np.stack(
                [quads[:, k], n + topology.edge_of_corner[:, k], n + e + rows, n + topology.edge_of_corner[rows, last]],
                1,
            )[keep]
        )
        parent.append(rows[keep])
    order = np.argsort(np.concatenate(parent), kind="stable")
    return np.concatenate(finer)[order].astype(np.int32), np.concatenate(parent)[order].astype(np.int32)


def subdivide(model: MorphableModel) -> MorphableModel:
    """One Catmull–Clark step of mean, modes, masks, texture coordinates and symmetry (Catmull and Clark 1978).

    Old vertices keep their indices, so landmarks stay, or move to ``finer_landmarks`` where the
    model has them; texture coordinates are subdivided along their own seams.

    Raises:
        MorphError: the model holds triangles only (no ``quads``).

    Example:
        >>> from morph.model import load_default_model
        >>> coarse = load_default_model(0)
        >>> coarse.n_vertices, subdivide(coarse).n_vertices
        (4054, 16005)
    """
    if not len(model.quads):
        raise MorphError(f"model {model.name!r} has no quads, so it cannot be subdivided")
    topology = _Topology(model.quads, model.n_vertices)
    modes = [model.mean[:, :, None], model.shape_basis, model.expression_basis]
    columns = np.concatenate([part.reshape(model.n_vertices, -1) for part in modes], axis=1)
    masks = np.stack([*model.vertex_masks.values(), np.zeros(model.n_vertices, np.float32)], axis=1)
    fine = _catmull_clark(topology).apply(np.concatenate([columns, masks], axis=1))
    s, e, v = model.n_shape, model.n_expression, len(fine)
    mean, shape, expression, masks = np.split(fine, np.cumsum([3, 3 * s, 3 * e]), axis=1)
    quads, parent = _split(model.quads, topology)
    triangles, of_quad = quads_to_triangles(quads)
    changes: dict[str, object] = {
        "mean": mean,
        "shape_basis": shape.reshape(v, 3, s),
        "expression_basis": expression.reshape(v, 3, e),
        "triangles": triangles,
        "quads": quads,
        "vertex_masks": {name: np.clip(masks[:, i], 0, 1) for i, name in enumerate(model.vertex_masks)},
    }
    if len(model.uv_quads):
        uv_topology = _Topology(model.uv_quads, len(model.uv))
        uv_quads, _ = _split(model.uv_quads, uv_topology)
        changes |= {
            "uv": _refine_linear(model.uv, uv_topology),
            "uv_quads": uv_quads,
            "uv_triangles": quads_to_triangles(uv_quads)[0],
        }
    if len(model.regions):
        _, coarse_of = quads_to_triangles(model.quads)
        region = np.zeros(len(model.quads), np.int32)
        region[coarse_of] = model.regions
        changes["regions"] = region[parent][of_quad]
    if len(model.vertex_mirror):
        changes["vertex_mirror"] = _finer_mirror(model, topology)
    if len(model.finer_landmarks):
        changes |= {"landmarks": model.finer_landmarks, "finer_landmarks": np.zeros(0, np.int32)}
    return dataclasses.replace(model, **changes)  # type: ignore[arg-type]


def _refine_linear(values: Floats, topology: _Topology) -> Floats:
    """Texture coordinates: midpoints only, so that the chart's outline stays where it was."""
    return below([diagonal(np.ones(topology.n)), topology.average_edges(), topology.average_faces()]).apply(values)


def _finer_mirror(model: MorphableModel, topology: _Topology) -> Ints:
    """Mirror map of the finer mesh from that of the coarse one; a point without a partner keeps its own index."""
    old, n, e = model.vertex_mirror.astype(np.int64), topology.n, len(topology.edges)

    def partner(tuples: npt.NDArray[Any], offset: int) -> npt.NDArray[Any]:
        key = {tuple(sorted(set(row))): i for i, row in enumerate(tuples.tolist())}
        image = old[tuples]
        return np.array([offset + key.get(tuple(sorted(set(row))), i) for i, row in enumerate(image.tolist())], np.int64)

    return np.concatenate([old, partner(topology.edges, n), partner(topology.quads, n + e)]).astype(np.int32)
