"""Where the experts look: upright crops of an eye with its brow and of the mouth, cut about the resting face of a first look.

The rule "upright-part-1": the middle of some landmarks of the resting face (identity without expression), plus an offset,
goes through the head's pose to the centre of the crop; the head's up axis points up in the crop; one unit of the model is
``resolution`` pixels. The eye of the subject's right is seen in the mirror, so that both eyes look like left ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.crop.face_crop import cut
from morph.crop.roll import LEAST_UP
from morph.errors import MorphError
from morph.model import Coefficients
from morph.model.ibug68 import (
    LEFT_EYE_CORNERS,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    LOWER_INNER_LIP,
    MIRRORED_68,
    MOUTH_CORNERS,
    UPPER_INNER_LIP,
)

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]
FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class FacePart:
    """A part of the face that an expert looks at; sides are those of the subject's left.

    Attributes:
        width, height: of the crop in pixels; the height is not larger.
        resolution: pixels a unit of the model.
        anchor: landmarks whose middle on the resting face, moved by ``offset`` ``(3,)`` in the model's unit, is the centre.
        facing: unit vector ``(3,)`` in the model frame, out of the face; where it turns away from the camera, so that its
            cosine falls from ``fade[1]`` to ``fade[0]``, the expert's word fades away.
        upper, lower: landmarks between which the part opens.
        expressions: names of the expressions that the expert corrects.
    """

    width: int
    height: int
    resolution: float
    anchor: tuple[int, ...]
    offset: tuple[float, float, float]
    facing: tuple[float, float, float]
    fade: tuple[float, float]
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    expressions: tuple[str, ...]

    def names(self, mirrored: bool) -> tuple[str, ...]:
        """The expressions by their names on the side that is seen: in the mirror, left and right change places."""
        swap = {"Left": "Right", "Right": "Left"}
        return self.expressions if not mirrored else tuple(_replace(name, swap) for name in self.expressions)

    def columns(self, names: tuple[str, ...], mirrored: bool) -> npt.NDArray[np.int64]:
        """Where :meth:`names` stand among the expressions ``names`` of a model.

        Raises:
            MorphError: the model lacks one of them.
        """
        missing = [name for name in self.names(mirrored) if name not in names]
        if missing:
            raise MorphError(f"the model has no expression {missing[0]!r}; experts need one with ARKit's names")
        return np.array([names.index(name) for name in self.names(mirrored)])

    def opening(self, points: Floats, mirrored: bool) -> Floats:
        """``(N,)`` mean height of the upper over the lower landmarks of ``(N, 68, 3)`` points in the model frame."""
        upper, lower = (_side(rows, mirrored) for rows in (self.upper, self.lower))
        return np.asarray((points[:, upper, 1] - points[:, lower, 1]).mean(1))

    def weight(self, rotation: Floats, mirrored: bool) -> Floats:
        """``(N,)`` 0..1, how well the part can be seen by heads of ``(N, 3, 3)`` rotations; without a kink."""
        cosine = _towards(rotation, mirrored) @ np.asarray(self.facing)
        share = np.clip((cosine - self.fade[0]) / (self.fade[1] - self.fade[0]), 0.0, 1.0)
        return np.asarray(share * share * (3.0 - 2.0 * share))

    def affines(self, resting: Floats, coefficients: Coefficients, mirrored: bool) -> npt.NDArray[np.float64]:
        """``(N, 2, 3)`` picture pixels to crop pixels; with a reflection where ``mirrored``.

        Args:
            resting: ``(N, 68, 3)`` landmarks without expression, model frame.
            coefficients: of N faces; their pose is used.
            mirrored: the other side of the face, in the mirror.
        """
        flip = FLIP if mirrored else np.ones(3)
        anchor = resting[:, _side(self.anchor, mirrored)].mean(1) + np.asarray(self.offset) * flip
        centre = coefficients.camera.project(anchor[:, None].astype(np.float64))[:, 0, :2]
        right, up = (np.asarray(coefficients.rotation[:, row, 1], np.float64) for row in (0, 1))
        length = np.hypot(right, up)
        known = length >= LEAST_UP
        cosine, sine = (np.where(known, value / np.maximum(length, LEAST_UP), other) for value, other in ((up, 1), (-right, 0)))
        turn = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
        linear = turn * flip[:2, None] * (self.resolution / np.asarray(coefficients.scale, np.float64))[:, None, None]
        middle = (np.array([self.width, self.height]) - 1) / 2
        return np.concatenate([linear, (middle - np.einsum("nij,nj->ni", linear, centre))[..., None]], -1)

    def cut(self, image: Image, affine: npt.NDArray[np.float64]) -> Image:
        """The ``(height, width, 3)`` crop of a picture, black beyond its border."""
        above = (self.width - self.height) // 2
        square = affine + np.array([[0.0, 0.0, 0.0], [0.0, 0.0, above]])
        return cut(image, square, self.width)[above : above + self.height]

    def context(self, coefficients: Coefficients, columns: npt.NDArray[np.int64], resting: Floats, mirrored: bool) -> Floats:
        """``(N, C + 4)`` of what the first look knows: its expressions, where the camera is, how far the part opens at rest."""
        rest = self.opening(resting, mirrored)[:, None]
        parts = [coefficients.expression[:, columns], _towards(coefficients.rotation, mirrored), rest]
        return np.concatenate(parts, 1).astype(np.float32)


def _towards(rotation: Floats, mirrored: bool) -> Floats:
    """``(N, 3)`` the direction to the camera in the model frame, mirrored where the part is."""
    return np.asarray(rotation)[:, 2] * (FLIP if mirrored else 1.0)


def _side(landmarks: tuple[int, ...], mirrored: bool) -> npt.NDArray[np.int64]:
    rows = np.asarray(landmarks)
    return MIRRORED_68[rows] if mirrored else rows


def _replace(name: str, swap: dict[str, str]) -> str:
    for side, other in swap.items():
        if side in name:
            return name.replace(side, other)
    return name


EYE = FacePart(
    width=40,
    height=32,
    resolution=0.8,
    anchor=LEFT_EYE_CORNERS,
    offset=(0.0, 6.0, 0.0),
    facing=(float(np.sin(np.radians(20))), 0.0, float(np.cos(np.radians(20)))),
    fade=(0.17, 0.42),  # yaws of 60 and 45 degrees to the other side
    upper=LEFT_UPPER_LID,
    lower=LEFT_LOWER_LID,
    expressions=(
        *("eyeBlinkLeft", "eyeSquintLeft", "eyeWideLeft"),
        *("eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft"),
        *("browDownLeft", "browInnerUp", "browOuterUpLeft", "cheekSquintLeft"),
    ),
)
MOUTH = FacePart(
    width=56,
    height=48,
    resolution=0.7,
    anchor=MOUTH_CORNERS,
    offset=(0.0, -8.0, 0.0),
    facing=(0.0, 0.0, 1.0),
    fade=(0.17, 0.5),  # yaws of 80 and 60 degrees
    upper=UPPER_INNER_LIP,
    lower=LOWER_INNER_LIP,
    expressions=(
        *("jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight"),
        *("mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight"),
        *("mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper"),
        *("mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft"),
        *("mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "tongueOut", "cheekPuff"),
        *("noseSneerLeft", "noseSneerRight"),
    ),
)
