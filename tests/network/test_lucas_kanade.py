"""Differentiable flow: known translations, OpenCV's answer, gradients."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'morph-face[train]'")

import torch

from morph.datasets.optical_flow import follow_points
from morph.network.lucas_kanade import follow, round_trip


def pictures(shift: tuple[float, float]) -> np.ndarray:
    """Smooth noise and its copy moved by ``shift`` pixels, ``(2, 100, 120)`` uint8."""
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(size=(100, 120)).astype(np.float32), (0, 0), 2.0)
    moved = cv2.warpAffine(noise, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (120, 100), borderMode=cv2.BORDER_REFLECT)
    return np.clip(128 + 500 * np.stack([noise, moved]), 0, 255).astype(np.uint8)


POINTS = np.array([[60.0, 50.0], [80.5, 60.25], [40.0, 30.0]], np.float32)


@pytest.mark.parametrize("shift", [(1.3, -0.8), (0.0, 0.0), (5.5, 3.0)])
def test_translation_is_found_as_opencv_finds_it(shift: tuple[float, float]) -> None:
    both = pictures(shift)
    one, other = torch.from_numpy(both).float()[:, None]
    there, missed = round_trip(one, other, torch.from_numpy(POINTS)[None], window=11)
    assert torch.allclose(there[0], torch.from_numpy(POINTS + np.float32(shift)), atol=0.1)
    assert missed.max() < 0.1
    colour = np.repeat(both[..., None], 3, 3)
    flow, trusted = follow_points(colour[0], colour[1], POINTS, window=11)
    assert trusted.all()
    assert np.abs(there[0].numpy() - POINTS - flow).max() < 0.1


def test_covered_point_misses_itself() -> None:
    both = pictures((1.0, 0.5))
    both[1, 35:67, 45:77] = np.random.default_rng(1).integers(0, 256, (4, 4)).repeat(8, 0).repeat(8, 1)
    one, other = torch.from_numpy(both).float()[:, None]
    _, missed = round_trip(one, other, torch.from_numpy(POINTS)[None], window=11)
    assert missed[0, 0] > 1.0
    assert missed[0, 1:].max() < 0.5


def test_gradient_to_the_points() -> None:
    zoom = cv2.getRotationMatrix2D((60, 50), 0, 1.1)  # things move away from the middle
    first = pictures((0.0, 0.0))[0]
    both = np.stack([first, cv2.warpAffine(first, zoom, (120, 100))]).astype(np.float64)
    one, other = torch.from_numpy(both)[:, None]
    points = torch.tensor(POINTS, dtype=torch.float64)[None].requires_grad_()
    there = follow(one, other, points, window=11)
    (slope,) = torch.autograd.grad(there[..., 0].sum(), points)
    step = torch.tensor([0.5, 0.0], dtype=torch.float64)
    measured = (follow(one, other, points + step, window=11) - follow(one, other, points - step, window=11))[..., 0].detach()
    assert (slope[..., 0] - 1.1).abs().max() < 0.3
    assert (measured - 1.1).abs().max() < 0.3
