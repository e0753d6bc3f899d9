"""The published crops of AFLW2000-3D, cut once and kept, and the way back from crop pixels to picture pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from morph.datasets.aflw2000 import Aflw2000
from morph.datasets.augmentation import warp
from morph.errors import MorphError

Array = npt.NDArray[np.floating]


def box_to_crop(boxes: npt.ArrayLike, size: int) -> npt.NDArray[np.float64]:
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


def apply_affine(matrix: npt.ArrayLike, points: npt.ArrayLike) -> Array:
    """``(..., N, 2)`` points through ``(..., 2, 3)`` affines."""
    matrix = np.asarray(matrix)
    return np.einsum("...ij,...nj->...ni", matrix[..., :2], np.asarray(points)) + matrix[..., None, :, 2]


def invert_affine(matrix: npt.ArrayLike) -> Array:
    """The inverses of ``(..., 2, 3)`` affines."""
    matrix = np.asarray(matrix, np.float64)
    linear = np.linalg.inv(matrix[..., :2])
    return np.concatenate([linear, -linear @ matrix[..., 2:]], axis=-1)


@dataclass(frozen=True, eq=False)
class BenchmarkCrops:
    """Crops of a benchmark's faces.

    Attributes:
        images: ``(N, size, size, 3)`` uint8 RGB.
        matrices: ``(N, 2, 3)`` picture pixels to crop pixels.
        heights: ``(N,)`` of the pictures, in pixels.
    """

    images: npt.NDArray[np.uint8]
    matrices: Array
    heights: npt.NDArray[np.int64]

    def to_picture(self, points: npt.ArrayLike) -> Array:
        """``(N, P, 2)`` crop pixels to picture pixels."""
        return apply_affine(invert_affine(self.matrices), points)


def cut_benchmark(benchmark: Aflw2000, size: int) -> BenchmarkCrops:
    """Cut the published crop of every face: ``roi_box`` resized to ``size`` (about 3 s for 1000 pictures).

    Raises:
        MorphError: a picture is missing or damaged.
    """
    matrices = box_to_crop(benchmark.boxes, size)
    images = np.empty((len(benchmark), size, size, 3), np.uint8)
    heights = np.empty(len(benchmark), np.int64)
    for i in range(len(benchmark)):
        picture = benchmark.picture(i)
        heights[i] = picture.shape[0]
        images[i] = warp(picture, matrices[i], size, cv2.BORDER_CONSTANT)
    return BenchmarkCrops(images, matrices, heights)
