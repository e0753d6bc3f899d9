"""Sparse matrices against dense ones."""

import numpy as np
import pytest

from morph.model.sparse_rows import SparseRows, below, diagonal


def dense(matrix: SparseRows) -> np.ndarray:
    out = np.zeros(matrix.shape)
    out[matrix.rows, matrix.columns] = matrix.values
    return out


@pytest.fixture
def pair():
    """Two matrices of 7 x 5 and 5 x 9 with empty rows, from places that come twice."""
    rng, made = np.random.default_rng(4), []
    for height, width in ((7, 5), (5, 9)):
        rows, columns, values = rng.integers(0, height - 1, 12), rng.integers(0, width, 12), rng.normal(size=12)
        want = np.zeros((height, width))
        np.add.at(want, (rows, columns), values)
        made.append((SparseRows.of(rows, columns, values, (height, width)), want))
    return made


def test_places_that_come_twice_are_added_up(pair):
    for matrix, want in pair:
        np.testing.assert_allclose(dense(matrix), want, atol=1e-15)
        assert len(matrix.values) < 12
        np.testing.assert_allclose(matrix.sum(), want.sum(1), atol=1e-15)


def test_sums_products_and_factors(pair):
    (first, want_first), (second, want_second) = pair
    np.testing.assert_allclose(dense(first @ second), want_first @ want_second, atol=1e-15)
    np.testing.assert_allclose(
        dense(first + first.times_rows(np.arange(7.0))), want_first * (1 + np.arange(7))[:, None], atol=1e-14
    )
    np.testing.assert_allclose(dense(first.times_columns(np.arange(5.0))), want_first * np.arange(5), atol=1e-15)
    np.testing.assert_allclose(
        dense(below([first, diagonal(np.arange(5.0))])), np.concatenate([want_first, np.diag(np.arange(5))])
    )


def test_applied_to_numbers(pair):
    matrix, want = pair[0]
    numbers = np.random.default_rng(5).normal(size=(5, 3))
    np.testing.assert_allclose(matrix.apply(numbers), want @ numbers, atol=1e-6)
    assert matrix.apply(numbers).dtype == np.float32


def test_an_empty_matrix_is_all_zeros():
    empty = SparseRows.of([], [], [], (3, 4))
    np.testing.assert_array_equal(dense(empty + empty), np.zeros((3, 4)))
