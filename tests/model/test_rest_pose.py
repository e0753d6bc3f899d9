"""Euler angles that users see count from 300W-LP's zero of pitch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import toy_model

from morph.model import load_default_model
from morph.model.point_sets import point_set
from morph.model.rest_pose import REST_PITCH, head_angles, rest_turn
from morph.model.rotation import euler_to_matrix, matrix_to_euler, nearest_rotation


def test_a_head_with_angles_of_300w_lp_reads_them_back() -> None:
    angles = np.radians([10.0, -35.0, 7.0])
    rotation = euler_to_matrix(angles) @ rest_turn(load_default_model(0)).T
    assert matrix_to_euler(rotation @ rest_turn(load_default_model(0))) == pytest.approx(angles, abs=1e-6)


def test_the_default_model_at_rest_looks_down_in_300w_lps_frame() -> None:
    _, pitch, _ = np.degrees(head_angles(rest_turn(load_default_model(0))[None])[0])
    assert pitch == pytest.approx(REST_PITCH["morph-head-1"], abs=1e-6)
    assert -6 < pitch < -3


def test_other_models_keep_their_own_frame() -> None:
    assert rest_turn(toy_model()) == pytest.approx(np.eye(3))


def test_the_constant_is_what_the_basel_models_keypoints_say(research_data: Path) -> None:
    with np.load(research_data / "BFM" / "bfm53215_40_10.npz", allow_pickle=False) as basel:
        keypoints = basel["u"].reshape(-1, 3)[basel["keypoints"].astype(int)].astype(np.float64)
    model = load_default_model(1)
    head = model.mean[point_set(model, "300w_lp")].astype(np.float64)
    over = nearest_rotation((head - head.mean(0)).T @ (keypoints - keypoints.mean(0)))
    pitch, yaw, roll = np.degrees(matrix_to_euler(over))
    assert pitch == pytest.approx(REST_PITCH["morph-head-1"], abs=1.0)
    assert [yaw, roll] == pytest.approx([0, 0], abs=0.5)
