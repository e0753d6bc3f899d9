"""The rasteriser against counts and depths worked out by hand."""

import numpy as np
import pytest

from morph.errors import MorphError
from morph.rendering import interpolate, rasterise, vertex_normals

FRONT = np.array([[0, 1, 2]])  # with SQUARE's corners: anticlockwise on the page


def triangle(*xy, z=0.0):
    return np.array([[x, y, z] for x, y in xy], np.float32)


def test_pixel_exact_right_triangle():
    points = triangle((-0.5, -0.5), (-0.5, 3.5), (3.5, 3.5))
    covered = rasterise(points, FRONT, 6, 6).covered
    assert covered.sum() in (6, 10)  # the diagonal runs through pixel centres: all of them or none
    other = rasterise(triangle((-0.5, -0.5), (3.5, 3.5), (3.5, -0.5)), FRONT, 6, 6).covered
    assert (covered.astype(int) + other)[:4, :4].tolist() == np.ones((4, 4)).astype(int).tolist()
    assert not covered[4:].any()
    assert not covered[:, 4:].any()


def test_shared_edges_cover_once():
    """A fan of triangles with corners on pixel centres covers each pixel of a rectangle exactly once."""
    corners = np.array([[1, 1], [1, 9], [9, 9], [9, 1]], float)
    total = np.zeros((12, 12), int)
    for middle in [(5, 5), (4, 6), (3.25, 7.5)]:
        total[:] = 0
        for i in range(4):
            t = triangle(corners[i], corners[(i + 1) % 4], middle)
            total += rasterise(t, FRONT, 12, 12).covered
        assert total.max() == 1
        assert total.sum() == 64  # 8 x 8: top and left edges belong to the rectangle, bottom and right do not
        assert total[1:9, 1:9].all()


def test_back_faces_are_culled():
    points = triangle((0, 0), (8, 8), (0, 8))
    assert not rasterise(points, FRONT, 10, 10).covered.any()
    assert rasterise(points, FRONT, 10, 10, cull=False).covered.any()


def test_nearer_wins_in_any_order():
    near, far = triangle((0, 0), (0, 9), (9, 9), z=5), triangle((0, 0), (0, 9), (9, 9), z=1)
    points = np.concatenate([near, far])
    for triangles in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        fragments = rasterise(points, triangles, 10, 10)
        assert set(np.unique(fragments.depth[fragments.covered])) == {5.0}


def test_barycentric_known_point():
    points = np.array([[0, 0, 0], [0, 10, 10], [10, 10, 20]], np.float32)
    fragments = rasterise(points, FRONT, 12, 12)
    assert fragments.barycentric[6, 2] == pytest.approx([0.4, 0.4, 0.2], abs=1e-6)
    assert fragments.depth[6, 2] == pytest.approx(0.4 * 10 + 0.2 * 20, abs=1e-5)
    out = interpolate(fragments, FRONT, points)
    assert out[6, 2] == pytest.approx([2, 6, 8], abs=1e-5)
    corner = interpolate(fragments, FRONT, points[None])
    assert np.array_equal(out, corner)
    assert out[0, 11].tolist() == [0, 0, 0]


def test_normals_of_a_tetrahedron():
    v = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    n = vertex_normals(v, [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    assert n[0] == pytest.approx(-np.ones(3) / np.sqrt(3), abs=1e-6)
    assert vertex_normals(v, [[0, 1, 2]])[3].tolist() == [0, 0, 0]


def test_far_off_screen_and_bad_input():
    points = triangle((-1e9, -1e9), (-1e9, 1e9), (1e9, 1e9))
    assert rasterise(points, FRONT, 4, 4).covered.sum() >= 6
    assert not rasterise(np.full((3, 3), np.nan), FRONT, 4, 4).covered.any()
    with pytest.raises(MorphError, match="points"):
        rasterise(np.zeros((3, 2)), FRONT, 4, 4)
    with pytest.raises(MorphError, match="pixel"):
        rasterise(points, FRONT, 0, 4)
    with pytest.raises(MorphError, match="attributes"):
        interpolate(rasterise(points, FRONT, 4, 4), FRONT, np.zeros((2, 3)))
