"""A fast arctangent for compiled loops, and the product of two vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles
from morph.compiled import compiled


@compiled
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


def cross(a: npt.ArrayLike, b: npt.ArrayLike) -> Doubles:
    """The vector product of two vectors ``(3,)``; ``np.cross`` takes ten times as long for them."""
    (ax, ay, az), (bx, by, bz) = np.asarray(a, np.float64).tolist(), np.asarray(b, np.float64).tolist()
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])
