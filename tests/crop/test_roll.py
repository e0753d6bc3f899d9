import numpy as np
import pytest

from morph.crop.face_crop import box_of, crop_of_box, points_box, turned
from morph.crop.roll import LEAN, first_turn, lean, lean_of_five_points, next_turn
from morph.model.rotation import euler_to_matrix


def leaning(degrees: float, yaw: float = 0.0) -> np.ndarray:
    """A head turned by ``yaw`` whose up axis leans clockwise in the picture."""
    a = np.radians(degrees)
    picture = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return picture @ euler_to_matrix([0.0, np.radians(yaw), 0.0])


@pytest.mark.parametrize("yaw", [0, 40, 90])
@pytest.mark.parametrize("degrees", [0, 30, 90, 179, -120])
def test_lean_has_the_stated_sign_at_any_yaw(degrees, yaw):
    rotation = leaning(degrees, yaw)
    assert np.degrees(lean(rotation)) == pytest.approx(degrees, abs=1e-6)
    if degrees == 90:
        assert rotation @ [0, 1, 0] == pytest.approx([1, 0, 0], abs=1e-9)  # the crown points to the right


def test_a_head_seen_from_above_has_no_lean_and_keeps_its_turn():
    down = euler_to_matrix([np.pi / 2, 0.0, 0.0])
    assert np.isnan(lean(down))
    assert next_turn(0.3, down) == 0.3


def test_a_crop_keeps_its_turn_until_the_head_leans_too_far_in_it():
    just, over = np.degrees(LEAN) - 0.5, np.degrees(LEAN) + 0.5
    assert next_turn(0.0, leaning(just)) == 0.0
    assert np.degrees(next_turn(0.0, leaning(over))) == pytest.approx(-over)
    turn = next_turn(0.0, leaning(170))
    assert next_turn(turn, leaning(-177)) == turn  # 13 degrees further, across the half turn
    assert np.degrees(next_turn(turn, leaning(-170))) == pytest.approx(170)


def test_five_points_say_how_a_new_face_lies():
    upright = np.array([[-30, -20], [30, -20], [0, 0], [-20, 30], [20, 30]], float)
    assert lean_of_five_points(upright) == pytest.approx(0.0)
    assert first_turn(upright) == 0.0
    assert np.degrees(lean_of_five_points(turned(upright, np.pi / 2))) == pytest.approx(90)
    assert np.degrees(first_turn(turned(upright, np.pi / 2))) == pytest.approx(-90)
    assert abs(np.degrees(first_turn(-upright))) == pytest.approx(180)
    assert first_turn(turned(upright, np.radians(25))) == 0.0  # such points are not that exact
    assert first_turn(np.zeros((5, 2))) == 0.0


def test_the_turned_crop_shows_a_head_upright_in_its_middle():
    face = np.random.default_rng(0).random((68, 2)) * [90, 120] + [200, 100]
    lying = turned(face, 0.9)
    size, turn = 96, -0.9
    way = crop_of_box(box_of(turned(lying, turn)), size, turn)
    plain = crop_of_box(box_of(face), size)
    assert lying @ way[:, :2].T + way[:, 2] == pytest.approx(face @ plain[:, :2].T + plain[:, 2], abs=1e-6)
    assert way == pytest.approx(crop_of_box(box_of(turned(lying, turn)), size, turn + 2 * np.pi), abs=1e-9)


def test_points_lie_below_a_detectors_box_in_the_direction_of_the_chin():
    low = points_box([100, 100, 200, 200])[[1, 3]].mean() - 150
    assert low > 5
    box = points_box([100, 100, 200, 200], np.pi)  # an upside-down face: turned about pixel (0, 0), its middle is (-150, -150)
    assert box.reshape(2, 2).mean(0) == pytest.approx([-150, -150 + low])
