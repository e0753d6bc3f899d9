import numpy as np
import pytest

from viewer.plate.motion import blur_matrix, longest_blur, streak

STEP = np.array([8.0, 2.0])
POINTS = np.random.default_rng(1).uniform(0, 100, (68, 2))


def test_way_of_points_that_move_together():
    matrix = blur_matrix(POINTS - STEP, POINTS, POINTS + STEP)
    np.testing.assert_allclose(matrix, [[0, 0, 4], [0, 0, 1]], atol=1e-9)  # half of the 8 pixels a frame
    assert longest_blur(matrix, (0, 0, 10, 10)) == pytest.approx(np.hypot(4, 1))
    np.testing.assert_allclose(blur_matrix(None, POINTS, POINTS + STEP), matrix, atol=1e-9)
    np.testing.assert_allclose(blur_matrix(POINTS - STEP, POINTS, None), matrix, atol=1e-9)
    assert not blur_matrix(None, POINTS, None).any()


def test_way_of_a_head_that_rolls():
    middle, angle = np.array([50.0, 50.0]), 0.1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = blur_matrix((POINTS - middle) @ turn + middle, POINTS, (POINTS - middle) @ turn.T + middle)
    at_middle, right = matrix @ [50, 50, 1], matrix @ [90, 50, 1]
    np.testing.assert_allclose(at_middle, 0, atol=1e-6)
    np.testing.assert_allclose(right, [0, 40 * np.sin(angle) / 2], atol=1e-6)


def test_streak_spreads_along_the_way():
    layer = np.zeros((21, 41, 4), np.float32)
    layer[10, 20] = 1.0
    out = streak(layer, np.array([[0, 0, 8.0], [0, 0, 0]]))
    assert out.sum() == pytest.approx(layer.sum(), rel=1e-4)
    assert (out[10, 17:24, 3] > 0.08).all()
    assert out[10, :15].sum() == 0
    assert out[:10].sum() == out[11:].sum() == 0


def test_short_ways_change_nothing_and_long_ones_end():
    layer = np.random.default_rng(0).random((9, 9, 4)).astype(np.float32)
    assert streak(layer, np.array([[0, 0, 0.7], [0, 0, 0.5]])) is layer
    assert np.isfinite(streak(layer, np.array([[0, 0, 1e6], [0, 0, 0]]))).all()


def test_way_is_that_of_the_place_in_the_picture():
    layer = np.ones((5, 5, 4), np.float32)
    growing = np.array([[0.1, 0, -2.0], [0, 0, 0]])  # still at column 20
    assert streak(layer, growing, (18, 0)) is layer
    assert streak(layer, growing, (60, 0)) is not layer
