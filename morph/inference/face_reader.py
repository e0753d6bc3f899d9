"""From pixels to coefficients: what the networks say of faces in pictures, and whether they can be faces."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from morph.arrays import Image, Reals
from morph.crop.face_crop import box_of, crop_of_box, cut, inverse, turned
from morph.crop.roll import next_turn
from morph.inference.agreement import LandmarkAgreement
from morph.inference.appearance import shrunk, thumbnail
from morph.inference.experts import Experts, name_experts
from morph.inference.expressions import ExpressionReader, name_expressions
from morph.inference.identity import IdentityReader, name_identity
from morph.model import Coefficients, Decoder
from morph.model.coefficients import midway, model_symmetry, stack
from morph.stopwatch import Stopwatch

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
    landmarks: Reals
    box: Reals
    error: float | None
    thumbnail: Reals
    small: Image
    turn: float = 0.0
    identified: bool = False

    @property
    def score(self) -> float | None:
        """0..1 from the expected error: 0.9 at 3 % of the crop, 0.5 at 9 %."""
        return None if self.error is None else score_of(self.error)

    def next_crop(self) -> tuple[Reals, float]:
        """Box and turn of the crop that this look asks for, see :func:`morph.crop.face_crop.crop_of_box`."""
        turn = next_turn(self.turn, self.coefficients.rotation)
        return box_of(turned(self.landmarks, turn)), turn


def first_look(coefficients: Coefficients, landmarks: Reals, crop: Image) -> Look:
    """A first look that was had elsewhere, as at a benchmark's own crops.

    Args:
        coefficients: of one face, in pixels of the picture.
        landmarks: ``(68, 2)`` pixels of the picture.
        crop: that the network saw, upright.
    """
    small = shrunk(crop)
    return Look(coefficients, landmarks, box_of(landmarks), None, thumbnail(small), small)


def score_of(error: float) -> float:
    """How sure a look is, 0..1, with a landmark error to expect of ``error`` shares of the crop's side."""
    return float(1.0 / (1.0 + (error / DOUBTFUL_ERROR) ** 2))


class CropRegressor(Protocol):
    """What is needed of :class:`morph.inference.regressor.Regressor`."""

    path: Path
    input_size: int

    def __call__(self, crops: Image) -> tuple[Coefficients, Reals | None]:
        """Coefficients of ``(N, S, S, 3)`` crops in their pixels, and the error to expect, or None."""
        ...


class Refinements(NamedTuple):
    """Networks of one model that look after the first one, in this order; None where there is none.

    Attributes:
        identity: reads the shape.
        experts: bound to the model; correct expressions of the eyes.
        expressions: reads the expression.
    """

    identity: IdentityReader | None = None
    experts: Experts | None = None
    expressions: ExpressionReader | None = None


class FaceReader:
    """Crops faces and asks the networks what they see: the one way from pixels to coefficients, for trackers and benchmarks.

    With two passes, the crop is cut once more about the landmarks of the first look, upright where the head leans, and shown
    in the mirror; the answer is half-way between the two looks. The identity network then reads the shape, experts look
    at the eyes and correct their expressions, and the expression network reads all expressions; landmarks stay near those of
    the first look, and the gap of the lids near what experts saw.

    Args:
        regressor: the network of the first look.
        landmarks: decoder of the 68 landmarks of its model.
        passes: 1 or 2 looks a face.
        refinements: what looks after that.
    """

    def __init__(
        self,
        regressor: CropRegressor,
        landmarks: Decoder,
        passes: int = 1,
        refinements: Refinements | None = None,
    ) -> None:
        self.regressor, self.landmarks, self.passes = regressor, landmarks, passes
        self.identity, self.experts, self.expressions = refinements or Refinements()
        self._symmetry = model_symmetry(landmarks.model) if passes == 2 else None
        self._agreement = None if self.expressions is None else LandmarkAgreement(landmarks)

    @property
    def names(self) -> dict[str, str]:
        """For reports: which networks look after the first one."""
        named = name_experts(self.experts), name_identity(self.identity), name_expressions(self.expressions)
        return dict(zip(("experts", "identity", "expressions"), named, strict=True))

    @property
    def refines(self) -> bool:
        """Whether a network looks after the first one."""
        return any(network is not None for network in (self.identity, self.expressions, self.experts))

    def __call__(
        self,
        images: Sequence[Image],
        boxes: Sequence[Reals],
        turns: Sequence[float],
        watch: Stopwatch,
        shapes: Sequence[Reals | None] | None = None,
    ) -> list[Look]:
        """Look at N faces, each by its box of 68 points.

        Args:
            images: N pictures ``(H, W, 3)`` uint8 RGB, one a face; the same one may come again.
            boxes: ``(4,)`` each, in its picture turned by its ``turns``.
            turns: radians clockwise.
            watch: times the stages.
            shapes: ``(S,)`` of people whose identity is known, None for others; without an identity network they do not count.
        """
        return self.look_on(images, self.look_once(images, boxes, turns, watch), watch, shapes)

    def look_on(
        self,
        images: Sequence[Image],
        looks: Sequence[Look],
        watch: Stopwatch,
        shapes: Sequence[Reals | None] | None = None,
        *,
        every: bool = False,
    ) -> list[Look]:
        """All that follows the first looks: the second ones where there are two passes, identity, expressions and experts.

        Args:
            images: N pictures, one a look.
            looks: at N faces, for the first time.
            watch: times the stages.
            shapes: as of :meth:`__call__`.
            every: look on where there seems to be no face, too, as a benchmark does that knows of one; else such first looks
                stay as they are.
        """
        out = list(looks)
        rows = [row for row, look in enumerate(out) if every or is_possible(look, images[row])]
        if self.passes == 2:
            chosen = self._look_again([images[row] for row in rows], [out[row] for row in rows], watch)
            for row, look in zip(rows, chosen, strict=True):
                out[row] = look
            rows = [row for row in rows if every or is_possible(out[row], images[row])]
        if rows and self.refines:
            known = [None if shapes is None else shapes[row] for row in rows]
            chosen = self._look_closer([images[row] for row in rows], [out[row] for row in rows], known, watch)
            for row, look in zip(rows, chosen, strict=True):
                out[row] = look
        return out

    def look_once(
        self,
        images: Sequence[Image],
        boxes: Sequence[Reals],
        turns: Sequence[float],
        watch: Stopwatch,
        *,
        mirrored: bool = False,
    ) -> list[Look]:
        """One look a face; ``mirrored`` shows the network the mirror image of each crop."""
        if not boxes:
            return []
        size = self.regressor.input_size
        with watch.stage("crop"):
            to_crop = [crop_of_box(box, size, turn) for box, turn in zip(boxes, turns, strict=True)]
            crops = np.stack([cut(image, one, size) for image, one in zip(images, to_crop, strict=True)])
            small = [shrunk(crop) for crop in crops]
            thumbnails = [thumbnail(copy) for copy in small]
        with watch.stage("network"):
            found, errors = self.regressor(np.ascontiguousarray(crops[:, :, ::-1]) if mirrored else crops)
        with watch.stage("landmarks"):
            if mirrored and self._symmetry is not None:
                found = found.mirror(self._symmetry, size)
            found = found.transform(np.stack([inverse(one) for one in to_crop]))
            landmarks = self.landmarks.project(found)[..., :2]
        expected = [None] * len(boxes) if errors is None else [float(error) for error in errors]
        return [
            Look(found[i], landmarks[i], box_of(landmarks[i]), expected[i], thumbnails[i], small[i], turns[i])
            for i in range(len(boxes))
        ]

    def _look_again(self, images: Sequence[Image], looks: Sequence[Look], watch: Stopwatch) -> list[Look]:
        """The second look, in the mirror, and what lies half-way between it and the first."""
        crops = [look.next_crop() for look in looks]
        seconds = self.look_once(images, [box for box, _ in crops], [turn for _, turn in crops], watch, mirrored=True)
        with watch.stage("landmarks"):
            return [self._join(first, second) for first, second in zip(looks, seconds, strict=True)]

    def _look_closer(
        self, images: Sequence[Image], looks: Sequence[Look], shapes: Sequence[Reals | None], watch: Stopwatch
    ) -> list[Look]:
        """What identity and expression networks and experts correct."""
        first = better = stack([look.coefficients for look in looks])
        unknown = [row for row, shape in enumerate(shapes) if shape is None] if self.identity is not None else []
        if self.identity is not None:
            known = [better.shape[row] if shape is None else shape for row, shape in enumerate(shapes)]
            if unknown:
                with watch.stage("identity"):
                    read = self.identity([images[row] for row in unknown], better[unknown])
                for row, shape in zip(unknown, read, strict=True):
                    known[row] = shape
            better = dataclasses.replace(better, shape=np.array(known))
        hidden: Reals = np.zeros((0, len(looks)))
        if self.experts is not None:
            with watch.stage("experts"):
                better, hidden = self.experts.look(images, better)
        if self.expressions is not None and self._agreement is not None:
            with watch.stage("expression"):
                read = self.expressions(images, first)
                seen = dataclasses.replace(first, expression=better.expression)
                better = dataclasses.replace(better, expression=self._agreement(read, seen, better.shape))
        if self.experts is not None:
            better = self.experts.hold(better, hidden)
        with watch.stage("landmarks"):
            points = [self.landmarks.project(better[row])[..., :2] for row in range(len(looks))]
        return [
            dataclasses.replace(
                look, coefficients=better[row], landmarks=points[row], box=box_of(points[row]), identified=row in unknown
            )
            for row, look in enumerate(looks)
        ]

    def _join(self, first: Look, second: Look) -> Look:
        both = midway(first.coefficients, second.coefficients)
        points = self.landmarks.project(both)[..., :2]
        error = None if first.error is None or second.error is None else (first.error + second.error) / 2
        return dataclasses.replace(first, coefficients=both, landmarks=points, box=box_of(points), error=error)


def is_possible(look: Look, image: Image) -> bool:
    """Whether there can be a face: of a sensible size, mostly in the picture, expected error below :data:`LOST_ERROR`."""
    side = float((look.box[2:] - look.box[:2]).max())
    height, width = image.shape[:2]
    shown = np.clip(look.box, 0, [width, height, width, height])
    inside = (shown[2:] - shown[:2]).prod() / max((look.box[2:] - look.box[:2]).prod(), 1e-9)
    sized = LEAST_SIDE <= side <= 2 * max(height, width)  # also False where side is not a number
    return bool(sized and inside >= LEAST_INSIDE and (look.error is None or look.error <= LOST_ERROR))
