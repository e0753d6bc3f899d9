"""Boxes ``x0, y0, x1, y1`` in pixels: overlap, suppression and matching."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals


def overlap(first: npt.ArrayLike, second: npt.ArrayLike) -> Reals:
    """Intersection over union of ``(n, 4)`` with ``(m, 4)`` boxes, ``(n, m)``; two unit boxes half a side apart give 1/3."""
    shared, mine, others = _areas(first, second)
    return shared / np.maximum(mine + others - shared, 1e-12)


def overlap_of(first: Reals, second: Reals) -> float:
    """The same of two boxes ``(4,)``, in a tenth of the time."""
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = first.tolist(), second.tolist()
    shared = max(min(ax1, bx1) - max(ax0, bx0), 0.0) * max(min(ay1, by1) - max(ay0, by0), 0.0)
    both = max(ax1 - ax0, 0.0) * max(ay1 - ay0, 0.0) + max(bx1 - bx0, 0.0) * max(by1 - by0, 0.0)
    return float(shared / max(both - shared, 1e-12))


def covered(first: npt.ArrayLike, second: npt.ArrayLike) -> Reals:
    """Intersection of ``(n, 4)`` with ``(m, 4)`` boxes over the smaller of the two, ``(n, m)``."""
    shared, mine, others = _areas(first, second)
    return shared / np.maximum(np.minimum(mine, others), 1e-12)


def _areas(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Reals, Reals, Reals]:
    """``(n, m)`` shared areas, ``(n, 1)`` and ``(1, m)`` areas of each."""
    a = np.asarray(first, np.float64).reshape(-1, 1, 4)
    b = np.asarray(second, np.float64).reshape(1, -1, 4)
    shared = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None).prod(-1)
    return shared, *(np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(-1) for boxes in (a, b))


def suppress(boxes: npt.ArrayLike, scores: npt.ArrayLike, limit: float) -> list[int]:
    """Rows of boxes that overlap no better box by ``limit`` or more, best first (non-maximum suppression)."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    shared = overlap(np.asarray(boxes)[order], np.asarray(boxes)[order])
    kept: list[int] = []
    for i in range(len(order)):
        if not kept or shared[i, kept].max() < limit:
            kept.append(i)
    return [int(order[i]) for i in kept]


def match(first: npt.ArrayLike, second: npt.ArrayLike, least: float) -> list[tuple[int, int]]:
    """Pairs of rows of two sets of boxes that overlap by at least ``least``, the largest overlap first, each row once."""
    shared = overlap(first, second)
    pairs: list[tuple[int, int]] = []
    while shared.size and shared.max() >= least:
        i, j = np.unravel_index(int(shared.argmax()), shared.shape)
        pairs.append((int(i), int(j)))
        shared[i, :] = -1.0
        shared[:, j] = -1.0
    return pairs
