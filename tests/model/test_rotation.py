"""Rotations against numbers worked out by hand, and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.errors import MorphError
from morph.model import rotation

C, S = np.cos(0.3), np.sin(0.3)
KNOWN = [
    ([0, 0, 0], np.eye(3)),
    ([0.3, 0, 0], [[1, 0, 0], [0, C, S], [0, -S, C]]),
    ([0, 0.3, 0], [[C, 0, -S], [0, 1, 0], [S, 0, C]]),
    ([0, 0, 0.3], [[C, S, 0], [-S, C, 0], [0, 0, 1]]),
    ([0, np.pi / 2, 0], [[0, 0, -1], [0, 1, 0], [1, 0, 0]]),
]


def random_matrices(count: int, seed: int = 0) -> np.ndarray:
    return Rotation.random(count, random_state=seed).as_matrix()


@pytest.mark.parametrize(("angles", "matrix"), KNOWN)
def test_euler_to_matrix_known_values(angles, matrix):
    np.testing.assert_allclose(rotation.euler_to_matrix(angles), matrix, atol=1e-12)


def test_positive_yaw_turns_the_nose_to_the_left_of_the_picture():
    nose = rotation.euler_to_matrix([0, 0.5, 0]) @ [0, 0, 1]
    np.testing.assert_allclose(nose, [-np.sin(0.5), 0, np.cos(0.5)], atol=1e-12)


def test_euler_is_pitch_times_yaw_times_roll_as_scipy_composes_them():
    angles = np.random.default_rng(1).uniform(-1.5, 1.5, (50, 3))
    expected = Rotation.from_euler("XYZ", -angles).as_matrix()  # 300W-LP's signs are opposite to SciPy's
    np.testing.assert_allclose(rotation.euler_to_matrix(angles), expected, atol=1e-12)


def test_euler_to_matrix_batches_and_keeps_precision():
    angles = np.zeros((2, 5, 3), np.float32)
    matrix = rotation.euler_to_matrix(angles)
    assert matrix.shape == (2, 5, 3, 3)
    assert matrix.dtype == np.float32


def test_matrix_to_euler_round_trip():
    angles = np.random.default_rng(2).uniform([-3.1, -1.55, -3.1], [3.1, 1.55, 3.1], (200, 3))
    np.testing.assert_allclose(rotation.matrix_to_euler(rotation.euler_to_matrix(angles)), angles, atol=1e-9)


@pytest.mark.parametrize("yaw", [np.pi / 2, -np.pi / 2])
def test_gimbal_lock_still_gives_the_same_rotation(yaw):
    matrix = rotation.euler_to_matrix([0.4, yaw, -0.7])
    euler = rotation.matrix_to_euler(matrix)
    assert euler[2] == 0
    np.testing.assert_allclose(rotation.euler_to_matrix(euler), matrix, atol=1e-7)


def test_sixd_is_the_first_two_rows():
    matrix = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(rotation.matrix_to_sixd(matrix), [0, 1, 2, 3, 4, 5])


def test_sixd_round_trip():
    matrix = random_matrices(100)
    np.testing.assert_allclose(rotation.sixd_to_matrix(rotation.matrix_to_sixd(matrix)), matrix, atol=1e-12)


def test_sixd_of_any_numbers_is_a_proper_rotation():
    matrix = rotation.sixd_to_matrix(np.random.default_rng(3).normal(size=(100, 6)))
    np.testing.assert_allclose(matrix @ np.swapaxes(matrix, -1, -2), np.broadcast_to(np.eye(3), (100, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrix), 1.0)


def test_sixd_known_value():
    np.testing.assert_allclose(rotation.sixd_to_matrix([2, 0, 0, 5, 3, 0]), np.eye(3), atol=1e-12)


def test_nearest_rotation_undoes_scale_and_small_noise():
    matrix = random_matrices(20)
    np.testing.assert_allclose(rotation.nearest_rotation(3.7 * matrix), matrix, atol=1e-12)
    noisy = matrix + 1e-4 * np.random.default_rng(4).normal(size=matrix.shape)
    assert rotation.angle_between(rotation.nearest_rotation(noisy), matrix).max() < 5e-4


def test_nearest_rotation_of_a_reflection_is_still_proper():
    assert np.linalg.det(rotation.nearest_rotation(np.diag([1.0, 1.0, -0.5]))) == pytest.approx(1.0)


def test_angle_between_known_values():
    quarter = rotation.euler_to_matrix([0, np.pi / 2, 0])
    assert rotation.angle_between(np.eye(3), quarter) == pytest.approx(np.pi / 2)
    assert rotation.angle_between(np.eye(3), rotation.euler_to_matrix([0, 0, np.pi])) == pytest.approx(np.pi)
    assert rotation.angle_between(quarter, quarter) == pytest.approx(0, abs=1e-12)


def test_angle_between_is_exact_for_tiny_angles():
    assert rotation.angle_between(np.eye(3), rotation.euler_to_matrix([1e-9, 0, 0])) == pytest.approx(1e-9, rel=1e-6)


@pytest.mark.parametrize(
    ("function", "shape", "message"),
    [
        (rotation.euler_to_matrix, (4,), r"angles must have shape \(\.\.\., 3\), got \(4,\)"),
        (rotation.matrix_to_euler, (3, 2), r"matrix must have shape \(\.\.\., 3, 3\), got \(3, 2\)"),
        (rotation.matrix_to_sixd, (3,), r"matrix must have shape"),
        (rotation.sixd_to_matrix, (2, 5), r"sixd must have shape \(\.\.\., 6\), got \(2, 5\)"),
        (rotation.nearest_rotation, (2, 2), r"matrix must have shape"),
    ],
)
def test_wrong_shapes_are_named(function, shape, message):
    with pytest.raises(MorphError, match=message):
        function(np.zeros(shape))
