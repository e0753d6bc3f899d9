"""Catmull–Clark on meshes whose answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Decoder, MorphableModel, subdivide
from morph.model.subdivision import quads_to_triangles

CUBE = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], float)
CUBE_QUADS = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])


def model_of(vertices: np.ndarray, quads: np.ndarray, **more: object) -> MorphableModel:
    n = len(vertices)
    rng = np.random.default_rng(0)
    triangles, _ = quads_to_triangles(quads)
    return MorphableModel(
        name="mesh",
        unit="mm",
        licence="CC0",
        mean=vertices,
        shape_basis=rng.normal(size=(n, 3, 2)),
        expression_basis=rng.normal(size=(n, 3, 1)),
        shape_std=np.ones(2),
        expression_std=np.ones(1),
        triangles=triangles,
        landmarks=np.zeros(68, int),
        quads=quads,
        **more,
    )


def edges_of(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0, return_counts=True)


def test_cube():
    fine = subdivide(model_of(CUBE, CUBE_QUADS))
    edges, count = edges_of(fine.quads)
    assert (fine.n_vertices, len(fine.quads), len(fine.triangles)) == (26, 24, 48)
    assert (count == 2).all()  # still closed
    assert fine.n_vertices - len(edges) + len(fine.quads) == 2  # Euler characteristic of a sphere
    np.testing.assert_allclose(fine.mean[0], CUBE[0] * 5 / 9, atol=1e-6)  # (faces 1/3 + 2 × edges 2/3) / 3
    np.testing.assert_allclose(np.sort(np.abs(fine.mean[8:20]), axis=1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-6)
    np.testing.assert_allclose(np.sort(np.abs(fine.mean[20:]), axis=1), np.tile([0, 0, 1], (6, 1)), atol=1e-6)


def test_cube_keeps_looking_outwards():
    fine = subdivide(subdivide(model_of(CUBE, CUBE_QUADS)))
    a, b, c = (fine.mean[fine.triangles[:, i]] for i in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c) > 0).all()


def grid(n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:n, :n]
    index = np.arange(n * n).reshape(n, n)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    return np.stack([x.ravel(), y.ravel(), 0.0 * x.ravel()], 1).astype(float), quads


def test_linear_precision_on_a_regular_grid():
    vertices, quads = grid()
    vertices[:, 2] = 2 * vertices[:, 0] - 3 * vertices[:, 1] + 1
    fine = subdivide(model_of(vertices, quads)).mean
    np.testing.assert_allclose(fine[:, 2], 2 * fine[:, 0] - 3 * fine[:, 1] + 1, atol=1e-5)


def test_boundary_is_a_cubic_spline_and_corners_round():
    vertices, quads = grid(4)
    fine = subdivide(model_of(vertices, quads)).mean
    np.testing.assert_allclose(fine[1], [1, 0, 0], atol=1e-6)  # on a straight edge: stays
    np.testing.assert_allclose(fine[0], [0.125, 0.125, 0], atol=1e-6)  # a corner: (6 P + a + b) / 8


def test_triangle_beside_a_quad():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 0.5, 0]], float)
    quads = np.array([[0, 1, 2, 3], [1, 4, 2, 2]])  # a triangle repeats its last corner
    fine = subdivide(model_of(vertices, quads))
    edges, _ = edges_of(fine.quads)
    assert fine.n_vertices == 5 + 6 + 2  # corners, edges, faces
    assert len(fine.quads) == 4 + 3
    assert len(fine.triangles) == 2 * 7
    assert fine.n_vertices - len(edges) + len(fine.quads) == 1  # a disc
    np.testing.assert_allclose(fine.mean[-1], vertices[[1, 4, 2]].mean(0), atol=1e-6)
    shared = 5 + int(np.flatnonzero((edges_of(quads)[0] == [1, 2]).all(1))[0])
    middles = (vertices[[0, 1, 2, 3]].mean(0), vertices[[1, 4, 2]].mean(0))
    np.testing.assert_allclose(fine.mean[shared], (vertices[1] + vertices[2] + sum(middles)) / 4, atol=1e-6)
    assert len(np.unique(fine.quads)) == fine.n_vertices
    a, b, c = (fine.mean[fine.triangles[:, i]] for i in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()


def test_it_is_linear_so_decoding_and_subdividing_commute(sketch_model, random_coefficients):
    given = random_coefficients()
    decoded = Decoder(sketch_model)(given.shape, given.expression)
    there = subdivide(dataclasses.replace(sketch_model, mean=decoded)).mean
    np.testing.assert_allclose(Decoder(subdivide(sketch_model))(given.shape, given.expression), there, atol=1e-3)


def test_what_travels_along(sketch_model):
    fine = subdivide(sketch_model)
    assert fine.identity == sketch_model.identity
    np.testing.assert_array_equal(fine.landmarks, sketch_model.landmarks)
    assert fine.uv_triangles.shape == fine.triangles.shape
    assert len(fine.regions) == len(fine.triangles)
    assert 0 <= fine.vertex_masks["lower"].min() <= fine.vertex_masks["lower"].max() <= 1
    partner = fine.vertex_mirror
    np.testing.assert_array_equal(partner[partner], np.arange(fine.n_vertices))
    np.testing.assert_allclose(fine.mean[partner], fine.mean * [-1, 1, 1], atol=1e-4)
    uv = fine.uv * 200 - 100  # the toy's chart is its frontal view
    inner = np.abs(fine.mean[fine.triangles[:, 0], :2] - uv[fine.uv_triangles[:, 0]])
    assert inner.max() < 5


def test_seams_stay_seams():
    vertices, quads = grid(3)
    uv = np.concatenate([vertices[:, :2], vertices[:, :2] + 10])
    uv_quads = quads.copy()
    uv_quads[2:] += len(vertices)  # the upper two faces lie in a chart of their own
    triangles, _ = quads_to_triangles(uv_quads)
    fine = subdivide(model_of(vertices, quads, uv=uv, uv_quads=uv_quads, uv_triangles=triangles))
    own = fine.uv[fine.uv_triangles].mean(1) > 9
    assert own.all(axis=1).sum() == len(fine.triangles) // 2
    np.testing.assert_allclose(np.sort(fine.uv[np.unique(fine.uv_triangles)].max(0)), [12, 12])


def test_quads_to_triangles():
    triangles, origin = quads_to_triangles(np.array([[0, 1, 2, 3], [4, 5, 6, 6]]))
    np.testing.assert_array_equal(triangles, [[0, 1, 2], [0, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(origin, [0, 0, 1])


def test_a_model_of_triangles_is_refused(sketch_model):
    bare = dataclasses.replace(sketch_model, quads=np.zeros((0, 4), int), uv_quads=np.zeros((0, 4), int))
    with pytest.raises(MorphError, match="model 'toy' has no quads"):
        subdivide(bare)
