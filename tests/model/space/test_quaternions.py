"""Quaternions against SciPy's, at any angle."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from morph.model.rest_pose import head_angles
from morph.model.rotation import nearest_rotation, rotation_exp
from morph.model.space.quaternions import matrices_of, quaternions_along, quaternions_of, turns_between


@pytest.fixture(scope="module")
def turns():
    """Random ones, none, and half turns about axes and in between."""
    drawn = Rotation.random(200, rng=np.random.default_rng(0)).as_matrix()
    half = Rotation.from_rotvec(np.pi * np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0], [0, -0.6, 0.8]])).as_matrix()
    return np.concatenate([drawn, half, np.eye(3)[None], rotation_exp([[1e-9, 0, 0], [0, np.pi - 1e-9, 0]])])


def test_quaternions_and_back(turns):
    found = quaternions_of(turns)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-14)
    assert (found[:, 3] >= 0).all()
    wanted = Rotation.from_matrix(turns).as_quat()
    np.testing.assert_allclose(np.abs((found * wanted).sum(1)), 1, atol=1e-14)
    np.testing.assert_allclose(matrices_of(3 * found), turns, atol=1e-14)
    assert quaternions_of(turns[0]).shape == (4,)


def test_neighbours_lie_on_the_same_side():
    spin = Rotation.from_rotvec(np.linspace(0, 4 * np.pi, 50)[:, None] * [0.0, 0.6, 0.8]).as_matrix()
    found = quaternions_along(spin)
    assert (np.einsum("ti,ti->t", found[1:], found[:-1]) > 0.9).all()
    np.testing.assert_allclose(matrices_of(found), spin, atol=1e-12)


def test_between_rows_turns_go_as_slerp_does(turns):
    when = np.array([3, 4, 9, 10, 12])
    asked = np.arange(3, 13)
    wanted = Slerp(when, Rotation.from_matrix(turns[:5]))(asked).as_matrix()
    np.testing.assert_allclose(turns_between(when, turns[:5], asked), wanted, atol=1e-12)
    np.testing.assert_allclose(turns_between(when, turns[:5], when), turns[:5], atol=1e-12)


def test_angles_of_a_head_are_scipys(turns):
    x, z, y = Rotation.from_matrix(turns[:200]).as_euler("XZY").T
    np.testing.assert_allclose(head_angles(turns[:200]), np.stack([y, -x, z], 1), atol=1e-9)


def test_points_are_brought_onto_points_as_scipy_does():
    rng = np.random.default_rng(2)
    points = rng.normal(size=(30, 3))
    moved = points @ rotation_exp([0.3, -0.2, 0.9]).T + 0.05 * rng.normal(size=(30, 3))
    np.testing.assert_allclose(
        nearest_rotation(moved.T @ points), Rotation.align_vectors(moved, points)[0].as_matrix(), atol=1e-10
    )
