"""Crops of faces that a first look found, turned upright."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from morph.arrays import Image, Reals
from morph.crop.face_crop import box_of, crop_of_box, cut, turned
from morph.crop.roll import next_turn


def upright_crops(images: Sequence[Image], points: Reals, rotations: Reals, size: int) -> Image:
    """The ``(N, size, size, 3)`` published crops of N faces, turned so that the heads stand upright.

    Args:
        images: N pictures ``(H, W, 3)`` uint8 RGB, one a face; the same one may come again.
        points: ``(N, 68, 2)`` landmarks in pixels of the pictures.
        rotations: ``(N, 3, 3)`` of the heads.
        size: side in pixels.
    """
    crops = np.empty((len(images), size, size, 3), np.uint8)
    for row, (image, face) in enumerate(zip(images, points, strict=True)):
        turn = next_turn(0.0, np.asarray(rotations[row]))
        crops[row] = cut(image, crop_of_box(box_of(turned(face, turn)), size, turn), size)
    return crops
