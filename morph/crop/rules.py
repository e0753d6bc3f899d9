"""The two crops that networks look at: the published one, and a closer one in which heads stand upright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles, Image, Reals
from morph.crop.face_crop import cut, turned
from morph.crop.geometry import compose, crop_similarity
from morph.crop.roll import lean

PUBLISHED = "box68-sqrt2"  # square about the 68 points' box: same centre, side = sqrt(2) x its longer side
CLOSE = "upright68-1.2"  # the same with 1.2 x, about the box in the picture turned so that the head does not lean
RULES = (PUBLISHED, CLOSE)


@dataclass(frozen=True)
class CropRule:
    """How large a network's crops are, and how they are cut.

    Attributes:
        size: side in pixels.
        name: one of :data:`RULES`.
    """

    size: int
    name: str = PUBLISHED

    def similarity(
        self,
        landmarks: Reals,
        rotation: Reals,
        *,
        angle: float = 0.0,
        shift: tuple[float, float] = (0.0, 0.0),
        zoom: float = 1.0,
    ) -> Doubles:
        """The ``(2, 3)`` similarity from picture pixels to the crop of one face, turned, shifted and zoomed besides.

        Args:
            landmarks: ``(68, 2)`` pixels.
            rotation: ``(3, 3)`` of the head in the picture.
            angle: radians, positive turns the picture's content clockwise.
            shift: of the crop's centre, in shares of its side.
            zoom: factor on the crop's side.
        """
        if self.name == PUBLISHED:
            return crop_similarity(landmarks, self.size, angle=angle, shift=shift, zoom=zoom)
        leaning = lean(rotation)
        turn = 0.0 if np.isnan(leaning) else -leaning
        upright = crop_similarity(
            turned(landmarks, turn), self.size, angle=angle, shift=shift, zoom=zoom * 1.2 / float(np.sqrt(2.0))
        )
        c, s = np.cos(turn), np.sin(turn)
        return compose(upright, np.array([[c, -s, 0.0], [s, c, 0.0]]))


def close_crops(images: Sequence[Image], points: Reals, rotations: Reals, size: int) -> Image:
    """The ``(N, size, size, 3)`` close crops of N faces.

    Args:
        images: N pictures ``(H, W, 3)`` uint8 RGB, one a face; the same one may come again.
        points: ``(N, 68, 2)`` landmarks in pixels of the pictures.
        rotations: ``(N, 3, 3)`` of the heads.
        size: side in pixels.
    """
    rule = CropRule(size, CLOSE)
    crops = np.empty((len(images), size, size, 3), np.uint8)
    for row, (image, face) in enumerate(zip(images, points, strict=True)):
        crops[row] = cut(image, rule.similarity(np.asarray(face), np.asarray(rotations[row])), size)
    return crops
