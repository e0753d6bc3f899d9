"""What the network says of one face in one frame, and whether that can be a face."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.crop.face_crop import box_of, crop_of_box, cut, inverse, turned
from morph.crop.roll import next_turn
from morph.inference.appearance import shrunk, thumbnail
from morph.inference.experts import Experts
from morph.inference.identity import IdentityReader
from morph.inference.regressor import Regressor
from morph.model import Coefficients, Decoder
from morph.model.coefficients import midway, model_symmetry
from morph.stopwatch import Stopwatch

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

DOUBTFUL_ERROR = 0.09  # expected landmark error, in shares of the crop, above which the detector is asked
LOST_ERROR = 0.20  # and above which there is no face
LEAST_SIDE = 8.0  # pixels; a smaller face is none
LEAST_INSIDE = 0.3  # share of a face's box that must lie in the picture


@dataclass(eq=False)
class Look:
    """What the network says of one face in one frame.

    Attributes:
        coefficients, landmarks, box: in pixels of the frame.
        error: landmark error to expect, as a share of the crop's side; None where the network does not say.
        thumbnail: of the crop.
        small: the crop itself, ``(16, 16, 3)``.
        turn: radians by which the crop turned the picture clockwise.
        identified: whether the shape was read by the identity network in this look.
    """

    coefficients: Coefficients
    landmarks: Floats
    box: Floats
    error: float | None
    thumbnail: Floats
    small: Image
    turn: float = 0.0
    identified: bool = False

    @property
    def score(self) -> float | None:
        """0..1 from the expected error: 0.9 at 3 % of the crop, 0.5 at 9 %."""
        return None if self.error is None else score_of(self.error)

    def next_crop(self) -> tuple[Floats, float]:
        """Box and turn of the crop that this look asks for, see :func:`morph.crop.face_crop.crop_of_box`."""
        turn = next_turn(self.turn, self.coefficients.rotation)
        return box_of(turned(self.landmarks, turn)), turn


def score_of(error: float) -> float:
    """How sure a look is, 0..1, with a landmark error to expect of ``error`` shares of the crop's side."""
    return float(1.0 / (1.0 + (error / DOUBTFUL_ERROR) ** 2))


class FaceReader:
    """Crops faces and asks the network what it sees.

    With two passes, the crop is cut once more about the landmarks of the first look, upright where the head leans, and shown
    in the mirror; the answer is half-way between the two looks. The identity network then reads the shape, and experts look at
    eyes and mouth and correct expressions.

    Args:
        regressor: the network.
        landmarks: decoder of the 68 landmarks of its model.
        passes: 1 or 2 looks a face.
        experts: bound to the same model; None for none.
        identity: of the same model; None for none.
    """

    def __init__(
        self,
        regressor: Regressor,
        landmarks: Decoder,
        passes: int = 1,
        experts: Experts | None = None,
        identity: IdentityReader | None = None,
    ) -> None:
        self.regressor, self.landmarks, self.passes = regressor, landmarks, passes
        self.experts, self.identity = experts, identity
        self._symmetry = model_symmetry(landmarks.model) if passes == 2 else None

    def __call__(
        self,
        image: Image,
        boxes: Sequence[Floats],
        turns: Sequence[float],
        watch: Stopwatch,
        shapes: Sequence[Floats | None] | None = None,
    ) -> list[Look]:
        """Look at each box of 68 points.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            boxes: ``(4,)`` each, in the picture turned by their ``turns``.
            turns: radians clockwise.
            watch: times the stages.
            shapes: ``(S,)`` of people whose identity is known, None for others; without an identity network they do not count.
        """
        looks = self.look_once(image, boxes, turns, watch)
        if self.passes == 2:
            looks = self.look_again(image, looks, watch)
        if self.experts is None and self.identity is None:
            return looks
        return self.look_closer(image, looks, shapes or [None] * len(looks), watch)

    def look_once(
        self, image: Image, boxes: Sequence[Floats], turns: Sequence[float], watch: Stopwatch, *, mirrored: bool = False
    ) -> list[Look]:
        """One pass; ``mirrored`` shows the network the mirror image of each crop."""
        if not boxes:
            return []
        size = self.regressor.input_size
        with watch.stage("crop"):
            ways = [crop_of_box(box, size, turn) for box, turn in zip(boxes, turns, strict=True)]
            crops = np.stack([cut(image, way, size) for way in ways])
            small = [shrunk(crop) for crop in crops]
            thumbnails = [thumbnail(copy) for copy in small]
        with watch.stage("network"):
            found, errors = self.regressor(np.ascontiguousarray(crops[:, :, ::-1]) if mirrored else crops)
        with watch.stage("landmarks"):
            if mirrored and self._symmetry is not None:
                found = found.mirror(self._symmetry, size)
            found = found.transform(np.stack([inverse(way) for way in ways]))
            landmarks = self.landmarks.project(found)[..., :2]
        expected = [None] * len(boxes) if errors is None else [float(error) for error in errors]
        return [
            Look(found[i], landmarks[i], box_of(landmarks[i]), expected[i], thumbnails[i], small[i], turns[i])
            for i in range(len(boxes))
        ]

    def look_again(self, image: Image, looks: list[Look], watch: Stopwatch) -> list[Look]:
        """The second pass; a first look that can be no face stays as it is."""
        rows = [row for row, look in enumerate(looks) if is_possible(look, image)]
        crops = [looks[row].next_crop() for row in rows]
        seconds = self.look_once(image, [box for box, _ in crops], [turn for _, turn in crops], watch, mirrored=True)
        out = list(looks)
        with watch.stage("landmarks"):
            for row, second in zip(rows, seconds, strict=True):
                out[row] = self._join(looks[row], second)
        return out

    def look_closer(self, image: Image, looks: list[Look], shapes: Sequence[Floats | None], watch: Stopwatch) -> list[Look]:
        """What identity network and experts correct; a look that can be no face stays as it is."""
        out = list(looks)
        for row, look in enumerate(looks):
            if not is_possible(look, image):
                continue
            better, shape = look.coefficients, shapes[row]
            read = self.identity is not None and shape is None
            if self.identity is not None:
                if shape is None:
                    with watch.stage("identity"):
                        shape = self.identity([image], better[None])[0]
                better = dataclasses.replace(better, shape=shape)
            if self.experts is not None:
                with watch.stage("experts"):
                    better = self.experts([image], better[None])[0]
            with watch.stage("landmarks"):
                points = self.landmarks.project(better)[..., :2]
            out[row] = dataclasses.replace(look, coefficients=better, landmarks=points, box=box_of(points), identified=read)
        return out

    def _join(self, first: Look, second: Look) -> Look:
        both = midway(first.coefficients, second.coefficients)
        points = self.landmarks.project(both)[..., :2]
        error = None if first.error is None or second.error is None else (first.error + second.error) / 2
        return dataclasses.replace(first, coefficients=both, landmarks=points, box=box_of(points), error=error)


def is_possible(look: Look, image: Image) -> bool:
    """Whether there can be a face: of a sensible size, mostly in the picture, and the network does not deny it."""
    side = float((look.box[2:] - look.box[:2]).max())
    height, width = image.shape[:2]
    shown = np.clip(look.box, 0, [width, height, width, height])
    inside = (shown[2:] - shown[:2]).prod() / max((look.box[2:] - look.box[:2]).prod(), 1e-9)
    sized = LEAST_SIDE <= side <= 2 * max(height, width)  # also False where side is not a number
    return bool(sized and inside >= LEAST_INSIDE and (look.error is None or look.error <= LOST_ERROR))
