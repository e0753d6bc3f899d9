import numpy as np

from morph.tracking.detection.boxes import covered, match, overlap, overlap_of, suppress


def test_overlap_known_values():
    found = overlap([0, 0, 1, 1], [[0.5, 0, 1.5, 1], [0, 0, 1, 1], [2, 2, 3, 3]])
    assert np.allclose(found, [[1 / 3, 1, 0]])


def test_the_overlap_of_two_is_that_of_many():
    boxes = np.random.default_rng(0).uniform(0, 10, (40, 4))  # some of them inside out
    found = [[overlap_of(first, second) for second in boxes] for first in boxes]
    np.testing.assert_allclose(found, overlap(boxes, boxes), rtol=1e-12)


def test_overlap_of_nothing_is_empty():
    assert overlap(np.zeros((0, 4)), [[0, 0, 1, 1]]).shape == (0, 1)


def test_a_box_within_another_is_covered_by_it():
    found = covered([[0, 0, 10, 10], [20, 20, 21, 21]], [[4, 4, 6, 6], [5, 0, 15, 10]])
    assert np.allclose(found, [[1, 0.5], [0, 0]])
    assert covered(np.zeros((0, 4)), [[0, 0, 1, 1]]).shape == (0, 1)


def test_suppress_keeps_the_best_of_a_heap():
    boxes = [[0, 0, 10, 10], [1, 1, 11, 11], [50, 50, 60, 60]]
    assert suppress(boxes, [0.5, 0.9, 0.7], 0.3) == [1, 2]


def test_match_takes_the_largest_overlap_first_and_each_row_once():
    first = [[0, 0, 10, 10], [4, 0, 14, 10]]
    second = [[3, 0, 13, 10], [100, 0, 110, 10]]
    assert match(first, second, 0.2) == [(1, 0)]
    assert match(first, np.zeros((0, 4)), 0.2) == []
