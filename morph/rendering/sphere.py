"""Directions spread over the sphere."""

from __future__ import annotations

import numpy as np

from morph.arrays import Doubles


def fibonacci_sphere(count: int) -> Doubles:
    """``(count, 3)`` unit vectors spread evenly (a Fibonacci lattice), y from 1 down to -1."""
    index = np.arange(count) + 0.5
    height, angle = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(angle), height, flat * np.sin(angle)], axis=1)
