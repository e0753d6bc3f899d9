"""Pyramidal Lucas-Kanade optical flow of points in PyTorch, with a gradient to the points (Dong et al. 2018, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

DAMPING = 1e-3  # share of the mean gradient's square that keeps flat windows from blowing up
STEP = 1.0  # pixels of its level by which a point may move in one iteration


def follow(first: Tensor, second: Tensor, points: Tensor, *, window: int = 9, levels: int = 2, iterations: int = 8) -> Tensor:  # noqa: PLR0913 - keyword options of the method
    """Where points of one picture are in the next.

    Args:
        first: ``(B, H, W)`` grey values in which the points lie.
        second: ``(B, H, W)`` grey values in which they are looked for.
        points: ``(B, N, 2)`` pixels of ``first``; gradients flow through them.
        window: side of the window that is matched, odd, pixels of each level.
        levels: of the pyramid above the finest one.
        iterations: at each level.

    Returns:
        ``(B, N, 2)`` pixels of ``second``.
    """
    pyramid = [(first[:, None].to(points.dtype), second[:, None].to(points.dtype))]
    for _ in range(levels):
        pyramid.append((_halve(pyramid[-1][0]), _halve(pyramid[-1][1])))
    moved = torch.zeros_like(points)
    for level in range(levels, -1, -1):
        one, other = pyramid[level]
        at = (points + 0.5) / 2**level - 0.5
        moved = _refine(one, other, at, moved / 2**level, window, iterations) * 2**level
    return points + moved


def round_trip(first: Tensor, second: Tensor, points: Tensor, **options: int) -> tuple[Tensor, Tensor]:
    """:func:`follow`, and by how many pixels each point then misses itself on the way back ``(B, N)``, without gradient."""
    there = follow(first, second, points, **options)
    with torch.no_grad():
        back = follow(second, first, there.detach(), **options)
        missed = (back - points).norm(dim=-1)
    return there, missed


def _halve(picture: Tensor) -> Tensor:
    return functional.avg_pool2d(picture, 2, ceil_mode=True, count_include_pad=False)


def _refine(one: Tensor, other: Tensor, at: Tensor, moved: Tensor, window: int, iterations: int) -> Tensor:  # noqa: PLR0913 - keyword options of the method
    """Gauss-Newton on the difference of windows; the gradients are those of the first picture (inverse composition)."""
    r = window // 2
    line = torch.arange(-r - 1, r + 2, dtype=at.dtype, device=at.device)
    y, x = torch.meshgrid(line, line, indexing="ij")
    wide = _sample(one, at[:, :, None, None] + torch.stack([x, y], -1))
    template = wide[..., 1:-1, 1:-1]
    gx, gy = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2
    a, b, c = (gx * gx).mean((-1, -2)), (gx * gy).mean((-1, -2)), (gy * gy).mean((-1, -2))
    damping = DAMPING * (a + c) + 1e-3
    a, c = a + damping, c + damping
    inverse = 1 / (a * c - b * b)
    offsets = torch.stack([x, y], -1)[1:-1, 1:-1]
    for _ in range(iterations):
        left = template - _sample(other, (at + moved)[:, :, None, None] + offsets)
        p, q = (gx * left).mean((-1, -2)), (gy * left).mean((-1, -2))
        step = torch.stack([c * p - b * q, a * q - b * p], -1) * inverse[..., None]
        moved = moved + step.clamp(-STEP, STEP)
    return moved


def _sample(picture: Tensor, places: Tensor) -> Tensor:
    """``(B, 1, H, W)`` at ``(B, N, h, w, 2)`` pixels, bilinear, the border repeated: ``(B, N, h, w)``."""
    batch, n, h, w, _ = places.shape
    size = torch.tensor(picture.shape[:1:-1], dtype=places.dtype, device=places.device)
    grid = (2 * places + 1) / size - 1
    out = functional.grid_sample(picture, grid.reshape(batch, n * h, w, 2), padding_mode="border", align_corners=False)
    return out.reshape(batch, n, h, w)
