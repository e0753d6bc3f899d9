"""Resting faces that are known are found, whatever else the face does."""

from __future__ import annotations

import numpy as np
import pytest

from morph.model.rotation import euler_to_matrix
from morph.tracking.resting import ENOUGH, FEW, RestingEstimator, RestingFace, counts, estimate

NAMES = ["browDownLeft", "browDownRight", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "eyeLookInLeft", "mouthSmileLeft"]
REST = np.array([0.55, 0.5, 0.02, 0.04, 0.1, 0.3, 0.2])


def talking(count: int = 400) -> np.ndarray:
    """A man who rests at REST with some noise, blinks, talks, and smiles for a quarter of the time."""
    rng = np.random.default_rng(0)
    raw = REST + rng.normal(0, 0.015, (count, len(NAMES)))
    raw[::40, 2:4] = raw[1::40, 2:4] = 0.45
    raw[:, 4] = 0.1 + 0.5 * np.abs(np.sin(np.arange(count) / 5))
    raw[: count // 4, 6] = 0.9
    return raw


def column(name: str) -> int:
    return NAMES.index(name)


def test_what_a_face_mostly_does_is_taken_off_and_what_it_does_at_times_is_left() -> None:
    raw = talking()
    weights = estimate(raw, NAMES).weights(raw)
    middle = np.median(weights, 0)
    assert np.abs(middle[[column(name) for name in ("browDownLeft", "browDownRight", "eyeBlinkLeft")]]).max() < 0.03
    assert weights[:, column("eyeBlinkLeft")].max() > 0.4
    assert weights[:, column("mouthSmileLeft")].max() == pytest.approx(0.7, abs=0.05)


def test_a_mouth_that_never_rests_is_open_by_what_it_opens_over_its_least() -> None:
    raw = talking()
    assert estimate(raw, NAMES).rest[column("jawOpen")] == pytest.approx(0.18, abs=0.03)


def test_eyes_that_stay_shut_are_shut() -> None:
    raw = talking()
    raw[100:, 2:4] = 0.95
    assert estimate(raw, NAMES).weights(raw)[200, 2] > 0.9


def test_gaze_stays_where_it_is() -> None:
    found = estimate(talking(), NAMES, gains=True)
    assert (found.rest[column("eyeLookInLeft")], found.reach[column("eyeLookInLeft")]) == (0.0, 1.0)
    assert RestingFace.of(REST, NAMES).rest.tolist() == [0.55, 0.5, 0.02, 0.04, 0.1, 0.0, 0.2]


def test_a_few_moments_take_nothing_off_and_a_second_takes_all() -> None:
    assert not estimate(talking(FEW), NAMES).rest.any()
    assert not estimate(np.zeros((0, len(NAMES))), NAMES).rest.any()
    half = estimate(np.tile(REST, ((FEW + ENOUGH) // 2, 1)), NAMES).rest
    assert half[0] == pytest.approx(0.5 * REST[0], abs=0.02)
    assert estimate(np.tile(REST, (ENOUGH, 1)), NAMES).rest[0] == pytest.approx(REST[0])


def test_gains_make_the_most_that_a_person_does_1_on_both_sides_alike() -> None:
    raw = talking()
    raw[:, 3] = 0.04 + 0.5 * (raw[:, 3] - 0.04)  # the right eye shuts half as far
    found = estimate(raw, NAMES, gains=True)
    weights = found.weights(raw)
    assert weights[:, column("eyeBlinkLeft")].max() == pytest.approx(1, abs=0.1)
    assert weights[:, column("eyeBlinkRight")].max() == pytest.approx(0.5, abs=0.1)
    assert found.reach[0] == 1.0  # brows that only shake are not blown up
    assert found.reach.min() >= 1 / 3


def test_a_rest_that_is_given_is_taken() -> None:
    given = np.full(len(NAMES), 0.1)
    found = estimate(talking(), NAMES, gains=True, rest=given)
    assert np.array_equal(found.rest, given)
    assert found.reach[column("mouthSmileLeft")] == pytest.approx(0.8, abs=0.05)


def test_weights_and_raw_are_each_others_inverse() -> None:
    found = estimate(talking(), NAMES, gains=True)
    assert found.raw(found.weights(talking())) == pytest.approx(talking())


def test_faces_that_are_turned_away_or_doubtful_do_not_count() -> None:
    turn = euler_to_matrix(np.radians([[0, 30, 0], [0, 60, 0], [-60, 0, 0], [0, 0, 80]]))
    assert [counts(0.9, one) for one in turn] == [True, False, False, True]  # who lies on the side is seen from the front
    assert not counts(0.2, turn[0])


def test_online_it_comes_to_the_same_within_two_seconds_and_does_not_jump() -> None:
    raw = talking()
    estimator = RestingEstimator(NAMES)
    seen = [estimator.see(one, row / 25, good=True).rest[0] for row, one in enumerate(raw)]
    assert seen[0] == 0.0
    assert np.abs(np.array(seen[50:]) - REST[0]).max() < 0.03
    assert np.abs(np.diff(seen)).max() < 0.1
    assert seen[-1] == pytest.approx(estimate(raw, NAMES).rest[0], abs=0.01)


def test_bad_frames_do_not_count_online() -> None:
    estimator = RestingEstimator(NAMES)
    for row in range(100):
        found = estimator.see(REST, row / 25, good=False)
    assert not found.rest.any()


def test_a_long_session_forgets_what_was_minutes_ago() -> None:
    estimator = RestingEstimator(NAMES)
    for row in range(4000):
        found = estimator.see(REST if row < 2000 else 0 * REST, row / 25, good=True)
    assert np.abs(found.rest).max() < 0.01
