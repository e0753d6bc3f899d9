"""Layers of a picture put over each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from morph.arrays import Floats
from morph.compiled import compiled


@compiled
def weigh(image: Any, cover: Any) -> None:
    """Multiply a picture ``(H, W, 3)`` in place by how much of each pixel it covers, ``(H, W)`` 0..1."""
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            share = cover[y, x]
            if share < np.float32(1.0):
                for c in range(3):
                    image[y, x, c] *= share


def lay_over(head: Floats, gain: Floats, cover: Floats, background: Floats) -> Floats:
    """``gain * head + (1 - cover) * background``, ``(H, W, 3)``; ``head`` is changed to it.

    Args:
        head: ``(H, W, 3)`` light, weighed by ``cover``.
        gain: ``(3,)``.
        cover: ``(H, W)``.
        background: ``(H, W, 3)``.
    """
    _lay_over(head, gain, cover, np.ascontiguousarray(background, np.float32))
    return head


@compiled
def _lay_over(head: Any, gain: Any, cover: Any, background: Any) -> None:
    for y in range(head.shape[0]):
        for x in range(head.shape[1]):
            left = np.float32(1.0) - cover[y, x]
            for c in range(3):
                head[y, x, c] = head[y, x, c] * gain[c] + left * background[y, x, c]
