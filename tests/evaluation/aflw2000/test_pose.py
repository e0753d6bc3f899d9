"""Known errors of head pose."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.evaluation.aflw2000.pose import nearest_euler, pose_errors
from morph.model.rotation import euler_to_matrix


def angles(n: int = 50, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform([-0.5, -1.4, -0.8], [0.5, 1.4, 0.8], (n, 3))


def test_exact_poses_have_no_error() -> None:
    found = pose_errors(euler_to_matrix(angles()), angles())
    assert found["mean"] == pytest.approx(0, abs=1e-6)
    assert found["geodesic"] == pytest.approx(0, abs=1e-4)
    assert found["faces"] == 50


def test_each_angle_is_measured_for_itself() -> None:
    off = np.radians([1.0, 2.0, -4.0])
    found = pose_errors(euler_to_matrix(angles() + off), angles())
    assert [found[name] for name in ("pitch", "yaw", "roll")] == pytest.approx([1, 2, 4], abs=0.02)
    assert [found["bias"][name] for name in ("pitch", "yaw", "roll")] == pytest.approx([1, 2, -4], abs=0.02)
    assert found["mean"] == pytest.approx(7 / 3, abs=0.02)


def test_a_rest_pose_of_another_model_is_taken_out() -> None:
    rest = euler_to_matrix(np.array([0.2, 0.0, 0.0]))
    found = pose_errors(euler_to_matrix(angles()) @ rest, angles())
    assert found["geodesic"] == pytest.approx(np.degrees(0.2), abs=1e-3)
    assert found["geodesic_rest_pose_removed"] == pytest.approx(0, abs=1e-3)


def test_profiles_beyond_ninety_degrees_and_whole_turns() -> None:
    label = np.radians([[10.0, 95.0, -20.0], [0.0, 30.0, 179.0]])
    near = np.radians([[11.0, 96.0, -20.0], [0.0, 30.0, -179.0]])
    assert np.degrees(nearest_euler(euler_to_matrix(near), label) - label)[0] == pytest.approx([1, 1, 0], abs=1e-6)
    assert np.degrees(nearest_euler(euler_to_matrix(near), label) - label)[1] == pytest.approx([0, 0, 2], abs=1e-6)


def test_faces_not_found_and_out_of_range() -> None:
    label = np.concatenate([angles(10), np.radians([[0.0, 0.0, 150.0]])])
    rotation = euler_to_matrix(label)
    rotation[0] = np.nan
    found = pose_errors(rotation, label)
    assert found["faces"] == 9
    with pytest.raises(MorphError, match="rotations must be"):
        pose_errors(rotation[:3], label)
    with pytest.raises(MorphError, match="no face"):
        pose_errors(np.full((11, 3, 3), np.nan), label)
