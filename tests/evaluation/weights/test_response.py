"""Responses of weights whose relation to the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from morph.evaluation.weights.response import gaze_of, median, respond, respond_sides, sides_of

ARKIT = [f"eyeLook{way}{side}" for side in ("Left", "Right") for way in ("In", "Out", "Up", "Down")]


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, shape)


def test_a_weight_of_half_the_strength_has_slope_a_half_and_a_rest_of_its_own() -> None:
    true = drawn(400) * (drawn(400) > 0.3)
    found = respond(0.5 * true + 0.2, true)
    assert (found.correlation, found.slope, found.rest) == pytest.approx((1.0, 0.5, 0.2))
    assert found.strong == pytest.approx((true >= 0.3).mean())


def test_noise_lowers_the_correlation_and_leaves_the_slope() -> None:
    true = drawn(4000)
    found = respond(true + np.random.default_rng(1).normal(0, true.std(), 4000), true)
    assert found.correlation == pytest.approx(np.sqrt(0.5), abs=0.03)
    assert found.slope == pytest.approx(1, abs=0.05)


def test_nothing_is_said_of_a_truth_that_does_not_move_or_of_few_pictures() -> None:
    still = respond(drawn(40), np.zeros(40))
    assert np.isnan(still.correlation)
    assert np.isnan(still.slope)
    assert still.rest == pytest.approx(drawn(40).mean())
    few = respond(drawn(3), drawn(3))
    assert np.isnan([few.correlation, few.slope, few.rest]).all()


def test_a_weight_that_does_not_move_has_slope_0() -> None:
    assert respond(np.full(40, 0.3), drawn(40)).slope == 0.0


def test_sides_that_are_tied_are_told_from_sides_that_are_not() -> None:
    true = drawn(500, 2)
    tied = respond_sides(np.repeat(true[:, :1], 2, 1), true)
    assert (tied.apart, tied.tied) == pytest.approx((0.0, 1.0))
    free = respond_sides(0.3 * true, true)  # the strength does not count
    assert (free.apart, free.difference) == pytest.approx((1.0, 1.0))
    assert free.tied == pytest.approx(free.tied_true)
    assert respond_sides(np.full((500, 2), 0.1), true).apart == 0.0


def test_directions_and_gaze_are_no_pairs() -> None:
    names = ["mouthLeft", "mouthRight", "jawLeft", "jawRight", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", *ARKIT]
    assert sides_of(names) == {"mouthSmile": (4, 5)}


def test_gaze_goes_to_the_subjects_left_and_up() -> None:
    weights = np.zeros((3, 8))
    weights[0, [ARKIT.index("eyeLookOutLeft"), ARKIT.index("eyeLookInRight")]] = 0.7  # both to the subject's left
    weights[1, [ARKIT.index("eyeLookInLeft"), ARKIT.index("eyeLookInRight")]] = 0.4  # cross-eyed
    weights[2, [ARKIT.index("eyeLookUpLeft"), ARKIT.index("eyeLookDownRight")]] = 0.2
    looks = gaze_of(ARKIT, weights)
    assert looks is not None
    assert looks[0] == pytest.approx(np.array([[0.7, 0], [0.7, 0]]))
    assert looks[1] == pytest.approx(np.array([[-0.4, 0], [0.4, 0]]))
    assert looks[2] == pytest.approx(np.array([[0, 0.2], [0, -0.2]]))
    assert gaze_of(ARKIT[1:], weights[:, 1:]) is None


def test_medians_leave_out_what_is_not_known() -> None:
    assert median([1.0, float("nan"), 3.0]) == 2.0
    assert np.isnan(median([float("nan")]))
