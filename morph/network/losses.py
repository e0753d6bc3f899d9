"""Losses of the regressor; each returns one number, the mean over the batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def wing_loss(error: Tensor, weight: Tensor | None = None, *, w: float = 10.0, epsilon: float = 2.0) -> Tensor:
    """Wing loss (Feng et al. 2018): ``w ln(1 + |x| / epsilon)`` below ``w``, ``|x| - C`` above, continuous at ``w``.

    Args:
        error: ``(B, N, D)`` differences in pixels.
        weight: ``(B, N)``, 0 where a point has no label.
        w: pixels up to which the loss is logarithmic; ``wing(w) = w ln(1 + w / epsilon)``, about 17.9 for 10 and 2.
        epsilon: pixels; how steep it is at 0.

    Returns:
        The loss summed over coordinates, divided by the weighted number of points, averaged over the batch.
    """
    size = error.abs()
    offset = w - w * math.log(1.0 + w / epsilon)
    value = torch.where(size < w, w * torch.log1p(size / epsilon), size - offset).sum(-1)
    if weight is None:
        return value.mean()
    return ((value * weight).sum(-1) / weight.sum(-1).clamp_min(1e-6)).mean()


def parameter_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean square of whitened coefficient errors.

    Args:
        predicted: ``(B, K)`` whitened coefficients of the network.
        target: ``(B, K)`` true ones, whitened.
        weight: ``(K,)`` weight of each coefficient, or ``(B, K)``, or ``(1,)``.
    """
    return (weight * (predicted - target).square()).mean()


def vertex_loss(predicted: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean distance between vertices ``(B, K, 3)``, in the unit they are given in; ``weight`` is ``(K,)`` with mean 1."""
    distance = (predicted - target).square().sum(-1).add(1e-8).sqrt()
    return distance.mean() if weight is None else (distance * weight).mean()
