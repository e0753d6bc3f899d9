"""Losses against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'morph-face[train]'")

from morph.network.losses import parameter_loss, vertex_loss, wing_loss  # noqa: E402


def test_wing_known_values() -> None:
    error = torch.tensor([[[0.0, 2.0]]])
    assert wing_loss(error).item() == pytest.approx(10 * math.log(2))
    error = torch.tensor([[[30.0, 0.0]]])
    assert wing_loss(error).item() == pytest.approx(30 - (10 - 10 * math.log(6)))


def test_wing_is_continuous_at_w() -> None:
    below, above = (wing_loss(torch.tensor([[[x]]])).item() for x in (10 - 1e-4, 10 + 1e-4))
    assert abs(below - above) < 1e-3


def test_wing_leaves_out_points_without_label() -> None:
    error = torch.tensor([[[1.0, 1.0], [100.0, 100.0]]])
    weight = torch.tensor([[1.0, 0.0]])
    assert wing_loss(error, weight).item() == pytest.approx(2 * 10 * math.log(1.5))


def test_wing_gradient() -> None:
    error = torch.randn(2, 5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda e: wing_loss(e), error)


def test_parameter_loss_known_value() -> None:
    predicted, target = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 0.0]])
    assert parameter_loss(predicted, target, torch.tensor([1.0, 0.5])).item() == pytest.approx((1 + 2) / 2)


def test_vertex_loss_is_mean_distance() -> None:
    a, b = torch.zeros(1, 2, 3), torch.tensor([[[3.0, 4.0, 0.0], [0.0, 0.0, 1.0]]])
    assert vertex_loss(a, b).item() == pytest.approx(3.0, abs=1e-3)
    assert vertex_loss(a, b, torch.tensor([2.0, 0.0])).item() == pytest.approx(5.0, abs=1e-3)
