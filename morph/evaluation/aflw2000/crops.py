"""The published crops of AFLW2000-3D, cut once and kept, and the way back from crop pixels to picture pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Indices, Reals
from morph.crop.face_crop import cut
from morph.crop.geometry import apply_affine, box_to_crop, invert_affine
from morph.datasets.published.aflw2000 import Aflw2000


@dataclass(frozen=True, eq=False)
class BenchmarkCrops:
    """Crops of a benchmark's faces.

    Attributes:
        images: ``(N, size, size, 3)`` uint8 RGB.
        matrices: ``(N, 2, 3)`` picture pixels to crop pixels.
        heights: ``(N,)`` of the pictures, in pixels.
    """

    images: Image
    matrices: Reals
    heights: Indices

    def to_picture(self, points: npt.ArrayLike) -> Reals:
        """``(N, P, 2)`` crop pixels to picture pixels."""
        return apply_affine(invert_affine(self.matrices), points)


def cut_benchmark(benchmark: Aflw2000, size: int) -> BenchmarkCrops:
    """Cut the published crop of every face: ``roi_box`` resized to ``size`` (about 1.5 s for 1000 pictures).

    Raises:
        MorphError: a picture is missing or damaged.
    """
    matrices = box_to_crop(benchmark.boxes, size)
    images = np.empty((len(benchmark), size, size, 3), np.uint8)
    heights = np.empty(len(benchmark), np.int64)
    for i in range(len(benchmark)):
        picture = benchmark.picture(i)
        heights[i] = picture.shape[0]
        images[i] = cut(picture, matrices[i], size)
    return BenchmarkCrops(images, matrices, heights)
