"""The stopwatch: all of the first calls are timed, later ones by samples, and a stage that fails is counted."""

import itertools

import pytest

from morph.stopwatch import SURE, Stopwatch


def ticking(step: float = 0.5):
    """A clock that goes on by ``step`` each time it is read."""
    count = itertools.count()
    return lambda: step * next(count)


def test_samples_stand_for_the_calls_between_them() -> None:
    watch, exact = Stopwatch(ticking(), every=8), Stopwatch(ticking(), every=1)
    for _ in range(SURE + 80):
        for one in (watch, exact):
            with one.stage("a"):
                pass
    assert watch.calls["a"] == SURE + 80
    assert watch.seconds["a"] == pytest.approx(exact.seconds["a"]) == 0.5 * (SURE + 80)


def test_most_later_calls_do_not_read_the_clock() -> None:
    reads = itertools.count()
    watch = Stopwatch(lambda: float(next(reads)), every=8)
    for _ in range(SURE + 80):
        with watch.stage("a"):
            pass
    assert next(reads) == 2 * (SURE + 10)


def test_a_stage_that_fails_is_counted() -> None:
    watch = Stopwatch(ticking())
    with pytest.raises(ValueError, match="no"), watch.stage("a"):
        raise ValueError("no")
    assert (watch.calls["a"], watch.seconds["a"]) == (1, 0.5)


def test_one_that_times_nothing_still_counts() -> None:
    reads = itertools.count()
    watch = Stopwatch(lambda: float(next(reads)), every=0)
    for _ in range(SURE + 8):
        with watch.stage("a"):
            pass
    assert (watch.calls["a"], dict(watch.seconds), next(reads)) == (SURE + 8, {}, 0)
