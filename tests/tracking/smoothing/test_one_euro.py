import dataclasses
import itertools

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model.rotation import angle_between, rotation_exp, rotation_log
from morph.tracking.smoothing.one_euro import Cutoffs, OneEuroFilter, RotationFilter

RNG = np.random.default_rng(5)


def uneven_times(n: int, start: float = 0.5) -> np.ndarray:
    return start + np.cumsum(RNG.choice([1 / 60, 1 / 30, 1 / 25, 0.2], n))


@pytest.mark.parametrize(("slow", "gain", "speed"), [(1.0, 0.0, 1.0), (0.8, 1.6, 2.0), (3.0, 0.8, 8.0)])
def test_every_step_equals_the_reference_implementation(slow, gain, speed):
    reference = pytest.importorskip("OneEuroFilter", reason="OneEuroFilter is not installed: pip install 'morph-face[dev]'")
    times = uneven_times(300)
    values = np.cumsum(RNG.normal(0, 0.3, 300)) + RNG.normal(0, 0.2, 300)
    theirs = reference.OneEuroFilter(30.0, mincutoff=slow, beta=gain, dcutoff=speed)
    ours = OneEuroFilter(Cutoffs(slow, gain, speed))
    for value, time in zip(values.tolist(), times.tolist(), strict=True):
        assert float(ours(value, time)) == pytest.approx(theirs(value, time), rel=1e-12, abs=1e-12)


def test_a_time_that_does_not_grow_is_taken_as_the_reference_takes_it():
    reference = pytest.importorskip("OneEuroFilter", reason="OneEuroFilter is not installed: pip install 'morph-face[dev]'")
    theirs, ours = reference.OneEuroFilter(30.0, 1.0, 0.5, 1.0), OneEuroFilter(Cutoffs(1.0, 0.5, 1.0))
    for value, time in [(0.0, 1.0), (1.0, 1.0), (2.0, 1.1), (3.0, 1.1), (4.0, 1.05), (5.0, 1.2)]:
        assert float(ours(value, time)) == pytest.approx(theirs(value, time), rel=1e-12)


def test_a_vector_is_filtered_as_its_numbers_are():
    times, values = uneven_times(50), RNG.normal(size=(50, 4))
    whole, single = OneEuroFilter(Cutoffs(1.0, 0.5)), [OneEuroFilter(Cutoffs(1.0, 0.5)) for _ in range(4)]
    for value, time in zip(values, times, strict=True):
        assert whole(value, time) == pytest.approx([float(one(x, time)) for one, x in zip(single, value, strict=True)])


def test_a_shared_cutoff_does_not_depend_on_the_axes():
    turn = rotation_exp([0.3, -0.8, 0.5])
    plain, turned = (OneEuroFilter(Cutoffs(1.0, 2.0), shared=True) for _ in range(2))
    for value, time in zip(RNG.normal(size=(40, 3)), uneven_times(40), strict=True):
        assert turn @ plain(value, time) == pytest.approx(turned(turn @ value, time))


def test_a_unit_is_as_good_as_other_numbers():
    pixels, shares = OneEuroFilter(Cutoffs(1.0, 2.0)), OneEuroFilter(Cutoffs(1.0, 2.0))
    for value, time in zip(RNG.normal(size=(40, 2)), uneven_times(40), strict=True):
        assert pixels(200 * value, time, 200.0) == pytest.approx(200 * shares(value, time))


def test_one_step_has_the_value_of_the_formula():
    steady = OneEuroFilter(Cutoffs(1.0, 0.0))
    assert float(steady(0.0, 0.0)) == 0.0
    assert float(steady(1.0, 0.1)) == pytest.approx(2 * np.pi * 0.1 / (2 * np.pi * 0.1 + 1))


def test_time_counts_and_not_frames():
    """A step response sampled at 20 and at 200 frames a second is the same after half a second, about."""
    ends = []
    for rate in (20, 200):
        steady = OneEuroFilter(Cutoffs(1.0, 0.0))
        steady(0.0, 0.0)
        ends.append([float(steady(1.0, (i + 1) / rate)) for i in range(rate // 2)][-1])
    assert ends[0] == pytest.approx(ends[1], abs=0.03)
    assert ends[0] == pytest.approx(1 - np.exp(-np.pi), abs=0.03)


def test_reset_forgets():
    steady, turned = OneEuroFilter(Cutoffs()), RotationFilter(Cutoffs())
    for i in range(5):
        steady([1.0, 2.0], i / 30)
        turned(rotation_exp([0, 0, 0.1 * i]), i / 30)
    steady.reset()
    turned.reset()
    assert steady([9.0, -9.0], 0.2) == pytest.approx([9.0, -9.0])
    assert turned(rotation_exp([2.0, 0, 0]), 0.2) == pytest.approx(rotation_exp([2.0, 0, 0]))


@pytest.mark.parametrize("wrong", [{"slow": 0.0}, {"slow": -1.0}, {"speed": 0.0}, {"gain": -0.1}])
def test_cutoffs_that_make_no_sense(wrong):
    with pytest.raises(MorphError, match="cut-offs must be above 0 Hz"):
        dataclasses.replace(Cutoffs(), **wrong)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-4, 0.5, np.pi / 2, 3.0, np.pi - 1e-5, np.pi])
def test_log_and_exp_are_inverse(angle):
    for axis in ([0, 0, 1], [1, 0, 0], [0.6, -0.48, 0.64]):
        matrix = rotation_exp(angle * np.array(axis))
        assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
        assert rotation_exp(rotation_log(matrix)) == pytest.approx(matrix, abs=1e-7)
        assert np.linalg.norm(rotation_log(matrix)) == pytest.approx(angle, abs=1e-7)


def test_the_log_has_known_values_and_takes_batches():
    quarter = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    assert rotation_log(quarter) == pytest.approx([0, 0, np.pi / 2])
    vectors = RNG.normal(size=(4, 5, 3))
    assert rotation_log(rotation_exp(vectors)) == pytest.approx(vectors, abs=1e-9)


def test_constant_turning_comes_late_by_a_bounded_time_and_never_jumps():
    """Three whole turns at half a turn a second: angles pass +-pi, the filter does not see it."""
    steady, rate, speed = RotationFilter(Cutoffs(1.0, 1.0, 2.0)), 30, np.pi
    axis = np.array([0.6, 0.0, 0.8])
    late, steps, before = [], [], np.eye(3)
    for i in range(6 * rate):
        given = rotation_exp(axis * speed * i / rate)
        now = steady(given, i / rate)
        late.append(float(angle_between(now, given)) / speed * rate)
        steps.append(float(angle_between(before, now)) * rate)
        before = now
    settled = slice(rate, None)
    assert max(late) < 2.5  # frames
    assert np.ptp(late[settled]) < 1e-6
    assert late[-1] < 1.2
    assert steps[rate:] == pytest.approx([speed] * (5 * rate), rel=1e-6)


def test_rotations_are_filtered_the_same_in_every_frame_of_reference():
    left, right = rotation_exp([0.4, 1.2, -0.3]), rotation_exp([-2.0, 0.1, 0.9])
    plain, moved = RotationFilter(Cutoffs(1.0, 1.0)), RotationFilter(Cutoffs(1.0, 1.0))
    for vector, time in zip(RNG.normal(size=(40, 3)), uneven_times(40), strict=True):
        rotation = rotation_exp(vector)
        assert left @ plain(rotation, time) @ right == pytest.approx(moved(left @ rotation @ right, time), abs=1e-9)


def test_noise_on_a_still_rotation_shrinks_to_a_third():
    steady = RotationFilter(Cutoffs(0.8, 1.6, 2.0))
    noisy = [rotation_exp(v) for v in np.radians(1.0) * RNG.normal(size=(300, 3))]
    out = [steady(r, i / 30) for i, r in enumerate(noisy)]

    def shaking(rows):
        return np.mean([angle_between(a, b) for a, b in itertools.pairwise(rows)])

    assert shaking(out) < shaking(noisy) / 3
