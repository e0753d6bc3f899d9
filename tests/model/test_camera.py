"""Cameras: worked projections, round trips and exact recovery."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.errors import MorphError
from morph.model import PerspectiveCamera, ScaledOrthographicCamera, fit_scaled_orthographic
from morph.model.rotation import euler_to_matrix

POINTS = np.random.default_rng(0).normal(scale=50, size=(30, 3))


def random_camera(*batch: int, seed: int = 0) -> ScaledOrthographicCamera:
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(int(np.prod(batch, initial=1)), random_state=seed).as_matrix().reshape(*batch, 3, 3)
    return ScaledOrthographicCamera(rotation, rng.uniform(0.5, 3, batch), rng.uniform(-100, 300, (*batch, 2)))


def test_scaled_orthographic_known_values():
    camera = ScaledOrthographicCamera(np.eye(3), np.array(2.0), np.array([100.0, 50.0]))
    pixels = camera.project([[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]])
    np.testing.assert_allclose(pixels, [[100, 50, 0], [120, 50, 0], [100, 30, 0], [100, 50, 20]])


def test_whole_numbers_are_not_rounded():
    camera = ScaledOrthographicCamera(euler_to_matrix([0, 0, 0.3]), np.array(0.5), np.array([0.0, 0.0]))
    np.testing.assert_allclose(camera.project(np.array([[1, 0, 0]])), camera.project(np.array([[1.0, 0, 0]])))


def test_float32_points_stay_float32():
    assert random_camera().project(POINTS.astype(np.float32)).dtype == np.float32


def test_scaled_orthographic_round_trip_in_a_batch():
    camera = random_camera(4)
    points = np.broadcast_to(POINTS, (4, 30, 3))
    np.testing.assert_allclose(camera.unproject(camera.project(points)), points, atol=1e-9)


def test_one_set_of_points_through_a_batch_of_cameras():
    camera = random_camera(4)
    pixels = camera.project(POINTS)
    assert pixels.shape == (4, 30, 3)
    one = ScaledOrthographicCamera(camera.rotation[2], camera.scale[2], camera.translation[2])
    np.testing.assert_allclose(pixels[2], one.project(POINTS))
    np.testing.assert_allclose(one.unproject(pixels[2]), POINTS, atol=1e-9)
    np.testing.assert_allclose(camera.unproject(pixels[0])[0], POINTS, atol=1e-9)


def test_300w_lp_formula_worked_by_hand():
    pose = np.array([0.0, 0.0, 0.0, 60.0, 70.0, -5.0, 0.001])
    camera = ScaledOrthographicCamera.from_300w_lp(pose, 120)
    x, y, _ = camera.project([[10_000.0, 20_000.0, 0.0]])[0]
    assert x == pytest.approx(60 + 10 - 1)  # Vx - 1
    assert y == pytest.approx(120 - (70 + 20))  # height - Vy


def test_300w_lp_round_trip():
    rng = np.random.default_rng(1)
    pose = np.concatenate([rng.uniform(-1.4, 1.4, (10, 3)), rng.uniform(0, 200, (10, 3)), rng.uniform(1e-4, 1e-2, (10, 1))], 1)
    back = ScaledOrthographicCamera.from_300w_lp(pose, 450).to_300w_lp(450)
    np.testing.assert_allclose(np.delete(back, 5, 1), np.delete(pose, 5, 1), atol=1e-9)
    assert (back[:, 5] == 0).all()  # tz does not change the picture


def test_300w_lp_batch_of_heights():
    pose = np.tile([0.1, 0.2, 0.3, 10, 20, 0, 1.0], (3, 1))
    heights = np.array([100.0, 200.0, 300.0])
    camera = ScaledOrthographicCamera.from_300w_lp(pose, heights)
    np.testing.assert_allclose(camera.translation, [[9, 80], [9, 180], [9, 280]])
    np.testing.assert_allclose(camera.to_300w_lp(heights), pose, atol=1e-12)


def test_perspective_known_values():
    camera = PerspectiveCamera(np.eye(3), np.array([0.0, 0.0, -1000.0]), np.array(500.0), np.array([320.0, 240.0]))
    pixels = camera.project([[0, 0, 0], [100, 0, 0], [0, 100, 0], [100, 0, 500]])
    np.testing.assert_allclose(pixels, [[320, 240, 1000], [370, 240, 1000], [320, 190, 1000], [420, 240, 500]])


def test_perspective_round_trip_in_a_batch():
    rotation = random_camera(3).rotation
    camera = PerspectiveCamera(
        rotation, np.tile([5.0, -8.0, -700.0], (3, 1)), np.full(3, 900.0), np.tile([300.0, 200.0], (3, 1))
    )
    points = np.broadcast_to(POINTS, (3, 30, 3))
    np.testing.assert_allclose(camera.unproject(camera.project(points)), points, atol=1e-9)


def test_perspective_refuses_points_behind_it():
    camera = PerspectiveCamera(np.eye(3), np.array([0.0, 0.0, -10.0]), np.array(500.0), np.zeros(2))
    with pytest.raises(MorphError, match="behind the camera"):
        camera.project([[0, 0, 20.0]])


@pytest.mark.parametrize("batch", [(), (5,), (2, 3)])
def test_fit_recovers_the_camera_exactly(batch):
    camera = random_camera(*batch)
    points = np.broadcast_to(POINTS, (*batch, 30, 3))
    fitted = fit_scaled_orthographic(points, camera.project(points)[..., :2])
    np.testing.assert_allclose(fitted.rotation, camera.rotation, atol=1e-6)
    np.testing.assert_allclose(fitted.scale, camera.scale, rtol=1e-6)
    np.testing.assert_allclose(fitted.translation, camera.translation, atol=1e-5)


def test_fit_ignores_points_of_no_weight():
    camera = random_camera()
    pixels = camera.project(POINTS)[:, :2].copy()
    pixels[:5] += 1000
    fitted = fit_scaled_orthographic(POINTS, pixels, np.r_[np.zeros(5), np.ones(25)])
    np.testing.assert_allclose(fitted.rotation, camera.rotation, atol=1e-6)


def test_fit_with_noise_gives_a_rotation_and_a_small_error():
    camera = random_camera()
    pixels = camera.project(POINTS)[:, :2] + np.random.default_rng(3).normal(scale=0.5, size=(30, 2))
    fitted = fit_scaled_orthographic(POINTS, pixels)
    np.testing.assert_allclose(fitted.rotation @ fitted.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.norm(fitted.project(POINTS)[:, :2] - pixels, axis=1).mean() < 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_camera().project(np.zeros((4, 2))), r"points must have shape \(\.\.\., N, 3\), got \(4, 2\)"),
        (lambda: random_camera().project(np.zeros(3)), r"points must have shape"),
        (lambda: random_camera().unproject(np.zeros((4, 2))), r"pixels must have shape"),
        (lambda: ScaledOrthographicCamera.from_300w_lp(np.zeros(6), 10), r"Pose_Para must have shape \(\.\.\., 7\)"),
        (lambda: fit_scaled_orthographic(POINTS, np.zeros((29, 2))), "30 points but 29 pixels"),
        (lambda: fit_scaled_orthographic(POINTS, np.zeros((30, 2)), np.zeros(30)), "weights must not be"),
        (lambda: fit_scaled_orthographic(POINTS, np.zeros((30, 2)), -np.ones(30)), "weights must not be"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(MorphError, match=message):
        call()
