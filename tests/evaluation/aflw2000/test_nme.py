"""Known values of the normalised mean error."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.evaluation.aflw2000.nme import box_size, nme, score_points, yaw_bin


def square_faces(n: int) -> np.ndarray:
    """n faces of 68 points in a box 100 wide and 64 high."""
    face = np.zeros((68, 2))
    face[:, 0] = np.linspace(0, 100, 68)
    face[1::2, 1] = 64
    return np.repeat(face[None], n, axis=0)


def test_known_value() -> None:
    truth = square_faces(2)
    assert box_size(truth) == pytest.approx(80)  # sqrt(100 * 64)
    assert nme(truth + np.array([3, 4]), truth) == pytest.approx(100 * 5 / 80)
    assert nme(truth, truth) == pytest.approx(0)


def test_bins_close_on_the_right() -> None:
    yaw = [0, 30, -30, 30.001, 60, -60, 60.001, -90, 95]
    assert yaw_bin(yaw).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_balanced_is_the_mean_of_bins_and_plain_of_faces() -> None:
    truth = square_faces(6)
    shift = np.array([0.8, 0.8, 0.8, 1.6, 1.6, 8.0])  # 1, 2 and 10 % of 80 px
    predicted = truth + np.stack([shift, np.zeros(6)], -1)[:, None]
    scores = score_points(predicted, truth, [0, 10, -20, 45, -45, 80])
    assert scores.by_bin == pytest.approx((1, 2, 10))
    assert scores.balanced == pytest.approx(13 / 3)
    assert scores.plain == pytest.approx(17 / 6)
    assert scores.curve([0.5, 1.001, 2.001, 10.1]) == pytest.approx([0, 50, 100 * 5 / 6, 100])


def test_a_face_not_found_is_charged_and_never_lowers_the_error() -> None:
    truth = square_faces(4)
    predicted = truth + np.array([0.8, 0.0])
    predicted[3] = np.nan
    scores = score_points(predicted, truth, [0, 0, 45, 80])
    assert scores.not_found == (0, 0, 1)
    assert scores.by_bin == pytest.approx((1, 1, 100))
    assert scores.plain == pytest.approx(103 / 4)
    assert scores.failure_rate == pytest.approx(25)
    assert scores.found_only().plain == pytest.approx(1)
    assert scores.as_json()["found_only"]["bins"] == [1.0, 1.0, None]


def test_an_empty_bin_is_null_and_left_out_of_the_balance() -> None:
    truth = square_faces(2)
    scores = score_points(truth + np.array([0.8, 0]), truth, [0, 45])
    assert scores.as_json()["bins"] == [1.0, 1.0, None]
    assert scores.balanced == pytest.approx(1)


@pytest.mark.parametrize(
    ("predicted", "truth", "words"),
    [
        (np.zeros((2, 68, 2)), np.zeros((2, 68, 3)), "one shape"),
        (np.zeros((2, 68, 2)), np.full((2, 68, 2), np.nan), "not finite"),
        (np.zeros((2, 68, 2)), np.zeros((2, 68, 2)), "without width"),
    ],
)
def test_bad_points(predicted: np.ndarray, truth: np.ndarray, words: str) -> None:
    with pytest.raises(MorphError, match=words):
        nme(predicted, truth)
