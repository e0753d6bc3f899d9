"""What is known of a rendered clip."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from morph.arrays import Doubles
from morph.errors import MorphError, reading
from morph.npz import open_npz


def read_truth(path: str | os.PathLike[str]) -> Doubles:
    """``(T, 68, 2)`` known landmarks of every frame, in pixels, from the ``landmarks`` of an ``.npz``.

    Such a file comes from ``data/demo/render_clip.py``.

    Raises:
        MorphError: missing, damaged, or without such landmarks.
    """
    path = Path(path)
    with reading(path, "an npz with `landmarks`", "data/demo/render_clip.py writes one"), open_npz(path) as archive:
        points = np.asarray(archive["landmarks"], np.float64)
    if points.ndim != 3 or points.shape[1:] != (68, 2) or not np.isfinite(points).all():
        raise MorphError(f"landmarks in {path} must be (T, 68, 2) numbers, got {points.shape}")
    return points
