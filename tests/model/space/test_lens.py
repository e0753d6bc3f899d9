"""Lenses: the same camera said in three ways, and pixels that come back."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import PerspectiveCamera
from morph.model.space.lens import Lens
from morph.model.space.lens_options import LensOptions

HD = (1920, 1080)
CONVENTIONS = Path(__file__).resolve().parents[3] / "docs" / "conventions.md"


def test_millimetres_field_of_view_and_pixels_say_the_same_lens() -> None:
    by_mm = Lens.from_mm(50.0, HD)
    assert by_mm.focal == pytest.approx(1920 * 50 / 36)
    assert Lens.from_fov(by_mm.fov, HD).focal == pytest.approx(by_mm.focal)
    assert Lens.from_mm(25.0, HD, sensor=18.0).focal == pytest.approx(by_mm.focal)
    assert Lens(by_mm.focal, *HD).mm == pytest.approx(50.0)


def test_the_sensor_lies_along_the_longer_side_of_an_upright_picture() -> None:
    assert Lens.from_mm(36.0, (1080, 1920)).focal == pytest.approx(1920)


@pytest.mark.parametrize("k1", [0.0, -0.2, 0.1])
def test_points_come_back_from_their_pixels(k1: float) -> None:
    lens = LensOptions(focal=24.0, k1=k1).lens(HD)
    points = np.array([[10.0, -20.0, -300.0], [200.0, 90.0, -700.0], [-100.0, 50.0, -250.0]])
    assert lens.unproject(lens.project(points), -points[:, 2]) == pytest.approx(points, abs=1e-2)


def test_a_negative_k1_draws_the_edges_in() -> None:
    straight, bent = LensOptions(focal=24.0).lens(HD), LensOptions(focal=24.0, k1=-0.2).lens(HD)
    point = np.array([[200.0, 0.0, -400.0]])
    assert bent.project(point)[0, 0] - 959.5 == pytest.approx((straight.project(point)[0, 0] - 959.5) * (1 - 0.2 * 0.25))


def test_a_lens_is_the_perspective_camera_of_the_renders() -> None:
    lens = Lens(1500.0, *HD)
    points = np.array([[30.0, 60.0, 10.0], [-40.0, 5.0, -20.0]])
    place = np.array([20.0, -10.0, -600.0])
    known = PerspectiveCamera(np.eye(3), place, np.asarray(1500.0), lens.centre).project(points)[:, :2]
    assert lens.project(points + place) == pytest.approx(known)


def test_the_worked_number_of_the_conventions_is_true() -> None:
    text = CONVENTIONS.read_text()
    mm, x, y, z, px, py = map(
        float, re.search(r"(\d+) mm lens.*?\((-?\d+), (-?\d+), (-?\d+)\) mm.*?\((\d+\.\d+), (\d+\.\d+)\)", text, re.S).groups()
    )
    assert Lens.from_mm(mm, HD).project([[x, y, z]])[0] == pytest.approx([px, py], abs=0.005)


def test_without_a_word_the_lens_is_assumed_and_says_so() -> None:
    lens = LensOptions().lens(HD)
    assert lens.assumed
    assert lens.mm == pytest.approx(50.0)
    assert lens.as_json()["lens"] == "assumed: 50 mm of 36"
    assert not LensOptions(fov=60.0).lens(HD).assumed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"focal": 0.0}, "`focal=` must be above 0, got 0"),
        ({"focal": 50.0, "fov": 40.0}, "`focal=` and `fov=` both say the focal length; give one"),
        ({"fov": 180.0}, "a field of view must lie between 0 and 180 degrees, got 180"),
        ({"sensor": 23.5}, "`sensor=` goes with `focal=` in millimetres"),
        ({"interpupillary": 63.0, "scale": 1.1}, "`interpupillary=` and `scale=` both say how large the head is; give one"),
        ({"k1": 2.0}, "k1 must lie between -1 and 1, got 2"),
    ],
)
def test_a_lens_that_cannot_be_is_said_at_once(given: dict[str, float], said: str) -> None:
    with pytest.raises(MorphError, match=f"^{re.escape(said)}$"):
        LensOptions(**given)


def test_what_lies_behind_the_camera_has_no_pixel() -> None:
    with pytest.raises(MorphError, match="behind the camera"):
        Lens(1000.0, *HD).project([[0.0, 0.0, 5.0]])
