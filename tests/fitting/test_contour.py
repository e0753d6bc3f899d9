"""Contour lines on a sphere, where everything is known."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.fitting.contour import contour_lines
from morph.model import MorphableModel

RADIUS = 80.0


@pytest.fixture(scope="module")
def ball() -> MorphableModel:
    """A sphere; its jaw is the lower half of the rim x² + y² = R²."""
    ring, level = 64, 33
    angle = np.linspace(0, 2 * np.pi, ring, endpoint=False)
    depth = np.linspace(-RADIUS, RADIUS, level)[1:-1]  # rings about the z axis, the middle one is the rim
    radius = np.sqrt(RADIUS**2 - depth**2)
    mean = np.stack(
        [
            radius[:, None] * np.cos(angle),
            radius[:, None] * np.sin(angle),
            np.broadcast_to(depth[:, None], (len(depth), ring)),
        ],
        -1,
    ).reshape(-1, 3)
    index = np.arange(len(mean)).reshape(len(depth), ring)
    right = np.roll(index, -1, axis=1)
    a, b, c, d = index[:-1], right[:-1], right[1:], index[1:]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    rim = len(depth) // 2
    jaw = index[rim, (ring // 2 + np.arange(17) * 2) % ring]
    landmarks = np.concatenate([jaw, np.full(51, index[-1, 0])])
    zeros = np.zeros((len(mean), 3, 1))
    return MorphableModel("ball", "mm", "CC0-1.0", mean, zeros, zeros, np.ones(1), np.ones(1), triangles, landmarks)


def test_lines_start_at_the_landmark_and_run_forward_on_the_surface(ball: MorphableModel) -> None:
    lines = contour_lines(ball, samples=12, reach=0.5)
    points = lines.sample(ball.mean)
    np.testing.assert_allclose(points[:, 0], ball.mean[ball.landmarks[:17]], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(points, axis=2), RADIUS, rtol=0.02)
    assert (np.diff(points[..., 2], axis=1) >= -1e-4).all()
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1)
    np.testing.assert_allclose(length, 0.5 * 2 * RADIUS, rtol=0.1)


def test_outward_is_the_normal_of_the_outline(ball: MorphableModel) -> None:
    lines = contour_lines(ball)
    np.testing.assert_allclose(lines.outward, ball.mean[ball.landmarks[:17]] / RADIUS, atol=0.12)
    np.testing.assert_allclose(np.linalg.norm(lines.outward, axis=1), 1.0, rtol=1e-5)


def test_lines_stay_in_their_plane(ball: MorphableModel) -> None:
    lines = contour_lines(ball)
    points = lines.sample(ball.mean)
    across = np.cross(lines.outward, [0.0, 0.0, 1.0])
    height = np.einsum("lki,li->lk", points - points[:, :1], across)
    assert np.abs(height).max() < 1e-3


def test_sampling_is_linear_in_the_values(ball: MorphableModel) -> None:
    lines = contour_lines(ball)
    matrix = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
    np.testing.assert_allclose(lines.sample(ball.mean @ matrix), lines.sample(ball.mean) @ matrix, atol=1e-3)


def test_one_sample_is_too_few(ball: MorphableModel) -> None:
    with pytest.raises(MorphError, match="at least 2 samples"):
        contour_lines(ball, samples=1)
