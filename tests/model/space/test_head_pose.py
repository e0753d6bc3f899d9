"""Heads in space: where a pinhole saw them, from what a scaled orthographic camera says of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Coefficients, load_default_model
from morph.model.camera import fit_scaled_orthographic
from morph.model.rotation import angle_between, euler_to_matrix
from morph.model.space.head_pose import HeadPoses, _points, interpupillary, place_heads
from morph.model.space.lens import Lens
from morph.model.space.lens_options import LensOptions

MODEL = load_default_model(0)
LENS = Lens.from_mm(28.0, (1280, 720))


def seen_flat(turn: np.ndarray, place: np.ndarray, lens: Lens, shape: np.ndarray | None = None) -> Coefficients:
    """The scaled orthographic pose that lies best on what the lens sees."""
    shape = np.zeros(MODEL.n_shape) if shape is None else shape
    expression = np.zeros(MODEL.n_expression)
    points = _points(MODEL)(shape, expression).astype(np.float64)
    camera = fit_scaled_orthographic(points, lens.straightened(lens.project(points @ turn.T + place)))
    return Coefficients(shape, expression, camera.rotation, np.asarray(camera.scale), camera.translation)


@pytest.mark.parametrize("distance", [300.0, 700.0, 2500.0])
@pytest.mark.parametrize("aside", [(0.0, 0.0), (0.35, -0.15)])
@pytest.mark.parametrize("yaw", [0.0, 50.0])
def test_a_head_is_found_where_it_was(distance: float, aside: tuple[float, float], yaw: float) -> None:
    turn = euler_to_matrix(np.radians([8.0, yaw, -5.0]))
    place = np.array([aside[0] * distance, aside[1] * distance, -distance])
    flat = seen_flat(turn, place, LENS)
    found = place_heads(MODEL, flat, LENS)
    assert np.linalg.norm(found.position[0] - place) < 0.025 * distance
    assert np.degrees(angle_between(found.rotation[0], turn)) < 1.5
    if aside[0]:  # what the orthographic pose alone would have said
        assert np.degrees(angle_between(flat.rotation, turn)) > 10


def test_many_heads_are_placed_as_one_by_one() -> None:
    flat = [seen_flat(np.eye(3), np.array([30.0, 0.0, -z]), LENS) for z in (400.0, 900.0)]
    both = Coefficients(*(np.stack([getattr(f, n) for f in flat]) for n in Coefficients.__dataclass_fields__))
    found = place_heads(MODEL, both, LENS)
    alone = [place_heads(MODEL, one, LENS) for one in flat]
    assert found.matrices == pytest.approx(np.concatenate([one.matrices for one in alone]), abs=1e-6)


def test_a_head_twice_as_large_is_twice_as_far() -> None:
    flat = seen_flat(np.eye(3), np.array([30.0, 0.0, -500.0]), LENS)
    small, large = place_heads(MODEL, flat, LENS), place_heads(MODEL, flat, LENS, 2.0)
    assert large.position == pytest.approx(2 * small.position)
    assert large.rotation == pytest.approx(small.rotation)


def test_a_longer_lens_puts_the_head_farther_away() -> None:
    flat = seen_flat(np.eye(3), np.array([0.0, 0.0, -900.0]), LENS)
    near, far = (place_heads(MODEL, flat, Lens.from_mm(mm, LENS.size)).position[0, 2] for mm in (28.0, 56.0))
    assert 1.9 < far / near < 2.1


def test_distortion_is_taken_out() -> None:
    bent = LensOptions(focal=24.0, k1=-0.15).lens(LENS.size)
    place = np.array([150.0, 40.0, -500.0])
    points = _points(MODEL)(np.zeros(MODEL.n_shape), np.zeros(MODEL.n_expression)).astype(np.float64)
    camera = fit_scaled_orthographic(points, bent.project(points + place))
    flat = Coefficients(
        np.zeros(MODEL.n_shape), np.zeros(MODEL.n_expression), camera.rotation, np.asarray(camera.scale), camera.translation
    )
    found = place_heads(MODEL, flat, bent).position[0]
    ignored = place_heads(MODEL, flat, Lens.from_mm(24.0, LENS.size)).position[0]
    assert np.linalg.norm(found - place) < 0.5 * np.linalg.norm(ignored - place)


def test_matrix_quaternion_and_angles_say_the_same_turn() -> None:
    turn = euler_to_matrix(np.radians([0.0, -30.0, 0.0]))  # to the subject's left
    poses = HeadPoses(turn[None], np.array([[1.0, 2.0, -300.0]]))
    assert poses.matrices[0] @ [0, 0, 0, 1] == pytest.approx([1, 2, -300, 1])
    x, y, z, w = poses.quaternions[0]
    assert [x, z, y, w] == pytest.approx([0, 0, np.sin(np.radians(15)), np.cos(np.radians(15))], abs=1e-9)
    yaw, pitch, _ = poses.euler_degrees(MODEL)[0]
    assert yaw == pytest.approx(30, abs=0.5)
    assert pitch == pytest.approx(-4.3, abs=1)  # 300W-LP's zero


def test_pupils_are_as_far_apart_as_the_eyeballs() -> None:
    assert 58 < interpupillary(MODEL, np.zeros(MODEL.n_shape)) < 68


def test_a_model_without_eyeballs_asks_for_a_scale() -> None:
    from standins import sheet_model

    model = sheet_model()
    with pytest.raises(MorphError, match="give `scale=`"):
        interpupillary(model, np.zeros(model.n_shape))
