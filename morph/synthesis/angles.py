"""A fast arctangent for compiled loops."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def angle(y: Any, x: Any) -> Any:
    """arctan2 to a ten thousandth of a radian (a polynomial of Hastings 1955), several times as fast."""
    f = np.float32
    ax, ay = abs(x), abs(y)
    t = min(ax, ay) / max(max(ax, ay), f(1e-20))
    s = t * t
    r = t * (f(0.9998660) + s * (f(-0.3302995) + s * (f(0.1801410) + s * (f(-0.0851330) + s * f(0.0208351)))))
    if ay > ax:
        r = f(0.5 * np.pi) - r
    if x < 0:
        r = f(np.pi) - r
    return -r if y < 0 else r
