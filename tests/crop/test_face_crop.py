import cv2
import numpy as np
import pytest
from standins import frontal, sheet_model

from morph.crop.face_crop import box_of, crop_of_box, cut, inverse, points_box
from morph.model import landmark_decoder


def ramp(height: int, width: int) -> np.ndarray:
    """A picture whose red is its column and whose green is its row."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)


def test_crop_of_box_puts_centre_and_side_where_the_rule_says():
    way = crop_of_box([100, 40, 140, 70], 120)
    side = np.sqrt(2) * 40
    assert way[:, :2] @ [120, 55] + way[:, 2] == pytest.approx([59.5, 59.5])
    assert way[:, :2] @ [120 + side / 2, 55] + way[:, 2] == pytest.approx([119.5, 59.5])


@pytest.mark.parametrize("box", [[90, 60, 150, 110], [20, 20, 235, 200], [30, 30, 42, 44]])
def test_cut_samples_the_right_place(box):
    picture = ramp(240, 256)
    way = crop_of_box(box, 48)
    crop = cut(picture, way, 48).astype(float)
    back = inverse(way)
    y, x = np.mgrid[:48, :48]
    want = np.stack([x, y], -1) @ back[:, :2].T + back[:, 2]
    inside = (want > 6).all(-1) & (want < [249, 233]).all(-1)
    assert inside.mean() > 0.4
    assert np.abs(crop[..., :2] - want)[inside].max() < 1.0  # uint8 rounds twice


def test_cut_averages_when_it_shrinks():
    noise = np.random.default_rng(0).integers(0, 256, (800, 800, 3), np.uint8)
    crop = cut(noise, crop_of_box([160, 160, 640, 640], 60), 60)
    assert crop.std() < 12  # 11 x 11 pixels averaged: 74 / 11 = 7; sampling alone would keep about 50
    assert crop.mean() == pytest.approx(noise.mean(), abs=2)


@pytest.mark.parametrize("box", [[-200, -200, -100, -100], [1000, 1000, 2500, 2400]])
def test_cut_beyond_the_picture_is_black(box):
    assert not cut(ramp(100, 100) + 1, crop_of_box(box, 32), 32).any()


def test_points_survive_the_way_into_the_crop_and_back():
    way = crop_of_box([311.2, 95.7, 498.1, 301.4], 120)
    points = np.random.default_rng(1).uniform(0, 700, (100, 2))
    there = points @ way[:, :2].T + way[:, 2]
    back = inverse(way)
    assert np.abs(there @ back[:, :2].T + back[:, 2] - points).max() < 1e-3


def test_coefficients_move_as_their_landmarks_do():
    model = sheet_model()
    decoder, pose = landmark_decoder(model), frontal(model, 120)
    back = inverse(crop_of_box([311.2, 95.7, 498.1, 301.4], 120))
    in_crop = decoder.project(pose)[:, :2]
    in_picture = decoder.project(pose.transform(back))[:, :2]
    assert np.abs(in_crop @ back[:, :2].T + back[:, 2] - in_picture).max() < 1e-3


def test_points_box_is_square_and_below_the_middle():
    x0, y0, x1, y1 = points_box([100, 100, 180, 220])
    assert x1 - x0 == pytest.approx(y1 - y0) == pytest.approx(0.92 * np.sqrt(80 * 120))
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((140, 160 + 0.105 * np.sqrt(80 * 120)))


def test_box_of():
    assert box_of(np.array([[3.0, 9.0], [1.0, 4.0], [2.0, 5.0]])).tolist() == [1, 4, 3, 9]


def test_cut_agrees_with_a_plain_warp_where_nothing_is_shrunk():
    picture = np.random.default_rng(2).integers(0, 256, (90, 90, 3), np.uint8)
    way = crop_of_box([20, 20, 60, 60], 64)
    assert np.array_equal(cut(picture, way, 64), cv2.warpAffine(picture, way, (64, 64)))
