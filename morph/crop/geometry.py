"""Affine maps between pictures and crops, for 0-based pixel centres."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Reals
from morph.errors import MorphError


def box_to_crop(boxes: npt.ArrayLike, size: int) -> Doubles:
    """The affine from picture to crop that cutting ``[y0:y1, x0:x1]`` and resizing to ``size`` is, for 0-based pixel centres.

    Args:
        boxes: ``(..., 4)`` x0, y0, x1, y1; a box that is not square is stretched, as in the published crops.
        size: side of the crop in pixels.

    Returns:
        ``(..., 2, 3)``: ``x' = (x - x0 + 0.5) size / (x1 - x0) - 0.5``.

    Raises:
        MorphError: a box without width or height.
    """
    boxes = np.asarray(boxes, np.float64)
    extent = boxes[..., 2:] - boxes[..., :2]
    if not (extent > 0).all():
        raise MorphError("a crop box has no width or height; check the boxes (x0, y0, x1, y1)")
    matrix = np.zeros((*boxes.shape[:-1], 2, 3))
    for axis in range(2):
        k = size / extent[..., axis]
        matrix[..., axis, axis] = k
        matrix[..., axis, 2] = (0.5 - boxes[..., axis]) * k - 0.5
    return matrix


def apply_affine(matrix: npt.ArrayLike, points: npt.ArrayLike) -> Reals:
    """``(..., N, 2)`` points through ``(..., 2, 3)`` affines."""
    matrix = np.asarray(matrix)
    return np.asarray(np.asarray(points) @ np.swapaxes(matrix[..., :2], -1, -2) + matrix[..., None, :, 2])


def invert_affine(matrix: npt.ArrayLike) -> Reals:
    """The inverses of ``(..., 2, 3)`` affines."""
    matrix = np.asarray(matrix, np.float64)
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


def crop_similarity(
    landmarks: Reals,
    size: int,
    *,
    angle: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    zoom: float = 1.0,
) -> Doubles:
    """The similarity from picture pixels to a ``size`` square crop: the published crop, turned, shifted and zoomed.

    Args:
        landmarks: ``(68, 2)`` pixels; the crop is centred on their box with side sqrt(2) x its longer side.
        size: side of the crop in pixels.
        angle: radians, positive turns the picture's content clockwise.
        shift: of the crop's centre, in shares of its side.
        zoom: factor on the crop's side.

    Returns:
        ``(2, 3)``, for 0-based pixel centres.
    """
    low, high = landmarks.min(0).astype(np.float64), landmarks.max(0).astype(np.float64)
    side = float(np.sqrt(2.0) * (high - low).max() * zoom)
    centre = (low + high) / 2 + np.asarray(shift) * side
    scale, c, s = size / side, np.cos(angle), np.sin(angle)
    linear = scale * np.array([[c, -s], [s, c]])
    return np.concatenate([linear, ((size - 1) / 2 - linear @ centre)[:, None]], axis=1)


def resize_similarity(old: int, new: int) -> Doubles:
    """Pixels of an ``old`` square picture to those of its ``new`` sized copy, for 0-based pixel centres."""
    k = new / old
    return np.array([[k, 0, (k - 1) / 2], [0, k, (k - 1) / 2]])


def compose(second: Doubles, first: Doubles) -> Doubles:
    """``(2, 3)`` affine that does ``first``, then ``second``."""
    return np.concatenate([second[:, :2] @ first[:, :2], (second[:, :2] @ first[:, 2] + second[:, 2])[:, None]], axis=1)
