"""Steady faces: pose and expression through 1 euro filters, one identity a person; as frames come, or later without lag."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Image, Reals
from morph.crop.face_crop import box_of
from morph.model import Coefficients, Decoder, landmark_decoder
from morph.model.coefficients import midway
from morph.tracking.face import Face
from morph.tracking.smoothing.flow_filter import FlowCutoffs, FlowFilter
from morph.tracking.smoothing.flow_pose import RigidPoints
from morph.tracking.smoothing.one_euro import Cutoffs, OneEuroFilter, RotationFilter

EYELIDS = ("eyeBlink", "eyeSquint", "eyeWide")  # beginnings of expression names
LEAST_DOUBT = 0.02  # keeps one frame that is very sure from being the whole identity


@dataclass(frozen=True)
class SmoothingConfig:
    """How much is smoothed.

    Rotation, position and scale were searched on three clips (``morph bench smoothing``) for the least jitter with which none
    comes more than a frame late: 0.98, 0.43 and 0.52 frames, with 0.42, 0.58 and 0.43 of the raw jitter. No setting of this
    filter brings that to a third: the true landmarks of the rendered one shake 0.35 times as much as the raw ones, because
    they move. Expressions were left as prompt as they are: the gap of the lips comes a frame late, with two thirds of its way.

    Attributes:
        rotation: speed in radians a second.
        position: of the head in the picture, speed in face sizes a second.
        scale: speed of the logarithm of the scale.
        expression: speed in standard deviations a second.
        eyelids: the same, for expressions whose names begin as :data:`EYELIDS`; a blink lasts a tenth of a second.
        box: of the next crop, speed in face sizes a second.
        online: filter coefficients as frames come; otherwise only the crop is, and a second pass may do the rest.
        flow: online, carry the pose by the picture's own motion, see
            :mod:`morph.tracking.smoothing.flow_filter`; None does not.

    Example:
        >>> SmoothingConfig(online=False).online  # for smooth_offline
        False
    """

    rotation: Cutoffs = field(default=Cutoffs(slow=0.6, gain=1.2, speed=2.0))
    position: Cutoffs = field(default=Cutoffs(slow=0.53, gain=3.0, speed=2.5))
    scale: Cutoffs = field(default=Cutoffs(slow=0.25, gain=2.2, speed=2.4))
    expression: Cutoffs = field(default=Cutoffs(slow=1.5, gain=0.2, speed=2.0))
    eyelids: Cutoffs = field(default=Cutoffs(slow=3.0, gain=0.8, speed=8.0))
    box: Cutoffs = field(default=Cutoffs(slow=1.5, gain=6.0, speed=2.0))
    online: bool = True
    flow: FlowCutoffs | None = None


class MotionFilter:
    """Filters pose and expression of one face; its shape goes through as it is.

    Args:
        config: the cut-offs.
        expression_names: tell which expressions are eyelids.
    """

    def __init__(self, config: SmoothingConfig, expression_names: Sequence[str]) -> None:
        self._eyelids = np.array([name.startswith(EYELIDS) for name in expression_names], bool)
        self._rotation = RotationFilter(config.rotation)
        self._position = OneEuroFilter(config.position, shared=True)
        self._scale = OneEuroFilter(config.scale)
        self._expression = OneEuroFilter(config.expression)
        self._lids = OneEuroFilter(config.eyelids)

    def __call__(self, raw: Coefficients, time: float, side: float) -> Coefficients:
        """Filtered coefficients.

        Args:
            raw: of one face.
            time: seconds.
            side: size of the face in pixels.
        """
        expression = np.array(raw.expression, np.float32)
        expression[~self._eyelids] = self._expression(raw.expression[~self._eyelids], time)
        expression[self._eyelids] = self._lids(raw.expression[self._eyelids], time)
        return Coefficients(
            raw.shape,
            expression,
            self._rotation(raw.rotation, time).astype(np.float32),
            np.exp(self._scale(np.log(np.asarray(raw.scale, np.float64)), time)).astype(np.float32),
            self._position(raw.translation, time, side).astype(np.float32),
        )


class BoxFilter:
    """Filters boxes ``(4,)``: centre and size."""

    def __init__(self, cutoffs: Cutoffs) -> None:
        self._filter = OneEuroFilter(cutoffs, shared=True)

    def __call__(self, box: Reals, time: float) -> Reals:
        """The filtered box at ``time`` (seconds)."""
        return self._filter(box, time, float((box[2:] - box[:2]).max()))


class IdentityPool:
    """The identity of one person: the mean shape of all frames so far, sure frames counting more."""

    def __init__(self) -> None:
        self._sum: Reals = np.zeros(())
        self._weight = 0.0

    def add(self, shape: npt.ArrayLike, score: float) -> Floats:
        """Take in the ``(S,)`` shape of a frame of which the tracker is ``score`` (0..1) sure; returns the mean."""
        weight = identity_weight(score)
        self._sum = self._sum + weight * np.asarray(shape, np.float64)
        self._weight += weight
        return (self._sum / self._weight).astype(np.float32)


def identity_weight(score: float) -> float:
    """What a frame counts: as the inverse of the square of its expected error."""
    return 1.0 / (1.0 / min(max(score, 1e-3), 1.0) - 1.0 + LEAST_DOUBT)


class FaceSmoother:
    """One tracked face as its frames come.

    Args:
        config: the cut-offs.
        expression_names: of the model.
        points: what optical flow follows; without them, or without pictures, there is none.

    Attributes:
        depth: distance of the head over that of the last coefficients. Flow carries the scale with every breath of the face,
            and a distance that shakes by half a per cent is millimetres; it has the scale of the 1 euro filter instead.
    """

    def __init__(self, config: SmoothingConfig, expression_names: Sequence[str], points: RigidPoints | None = None) -> None:
        self._config, self._names, self._points = config, tuple(expression_names), points
        self._pool, self.depth = IdentityPool(), 1.0
        self.restart()

    def restart(self) -> None:
        """After a gap: motion begins anew, the identity stays."""
        self._motion = MotionFilter(self._config, self._names)
        flow, points = self._config.flow, self._points
        self._flow = None if flow is None or points is None else FlowFilter(flow, points)
        self._box, self._turn = BoxFilter(self._config.box), 0.0

    def coefficients(
        self, raw: Coefficients, time: float, side: float, score: float, image: Image | None = None
    ) -> Coefficients:
        """Steady coefficients of a frame in which the face is ``side`` pixels large and the tracker ``score`` (0..1) sure."""
        pooled = dataclasses.replace(raw, shape=self._pool.add(raw.shape, score))
        steady = self._motion(pooled, time, side)
        self.depth = 1.0
        if self._flow is None or image is None:
            return steady
        carried = self._flow(pooled, steady, time, side, image)
        self.depth = float(carried.scale) / float(steady.scale)
        return carried

    def box(self, box: Reals, time: float, turn: float = 0.0) -> Reals:
        """The box from which the next crop is cut, in the picture turned by ``turn``; another turn begins anew."""
        if turn != self._turn:
            self._box, self._turn = BoxFilter(self._config.box), turn
        return self._box(box, time)


def smooth_offline(faces: Iterable[Face], config: SmoothingConfig | None = None) -> list[Face]:
    """Steady faces without lag, in the order given, from a whole track that was not smoothed.

    The identity of a person is the mean over all frames, sure ones counting more. Pose and expression go through the
    filters forwards and then backwards, and backwards and then forwards, and the two are averaged: played in reverse, the
    result is the same, so that nothing comes late. Motion is not carried over frames in which the face was not seen.

    Args:
        faces: of every frame, by growing frame numbers.
        config: None is the default.

    Example:
        >>> from morph.tracking import Tracker
        >>> from morph.cli.demo import demo_files
        >>> from morph.frames import open_source
        >>> source, tracker = open_source(demo_files()[1]), Tracker(level=0, smoothing=SmoothingConfig(online=False))
        >>> raw = [face for frame, _ in zip(source, range(3)) for face in tracker.process(frame.image, frame.time, frame.index)]
        >>> len(smooth_offline(raw)) == len(raw) == 3
        True
    """
    faces, config = list(faces), config or SmoothingConfig()
    step = min((b - a for a, b in itertools.pairwise(sorted({face.frame for face in faces}))), default=1)  # of every n-th
    out: list[Face | None] = [None] * len(faces)
    for person in sorted({face.id for face in faces}):
        rows = [row for row, face in enumerate(faces) if face.id == person]
        pool = IdentityPool()
        for row in rows:
            shape = pool.add(faces[row].coefficients.shape, faces[row].score)
        decoder = landmark_decoder(faces[rows[0]].model)
        starts = [0, *(i for i in range(1, len(rows)) if faces[rows[i]].frame > faces[rows[i - 1]].frame + step), len(rows)]
        for start, stop in itertools.pairwise(starts):
            part = [faces[row] for row in rows[start:stop]]
            for row, moved in zip(rows[start:stop], _without_lag(part, config), strict=True):
                out[row] = place(faces[row], dataclasses.replace(moved, shape=shape), decoder)
    return [face for face in out if face is not None]


def place(face: Face, coefficients: Coefficients, landmarks: Decoder) -> Face:
    """A face with other coefficients, and the landmarks and the box that follow from them."""
    points = landmarks.project(coefficients)[..., :2]
    return dataclasses.replace(face, coefficients=coefficients, landmarks=points, box=box_of(points), depth=1.0)


def _without_lag(faces: Sequence[Face], config: SmoothingConfig) -> list[Coefficients]:
    """Motion filtered both ways; one person, no gaps."""
    raw = [face.coefficients for face in faces]
    times = [face.time for face in faces]
    sides = [float((face.box[2:] - face.box[:2]).max()) for face in faces]
    names = faces[0].model.expression_names

    def onward(values: list[Coefficients]) -> list[Coefficients]:
        motion = MotionFilter(config, names)
        return [motion(*row) for row in zip(values, times, sides, strict=True)]

    def back(values: list[Coefficients]) -> list[Coefficients]:
        motion = MotionFilter(config, names)
        return [motion(c, -t, s) for c, t, s in zip(values[::-1], times[::-1], sides[::-1], strict=True)][::-1]

    return [midway(*pair) for pair in zip(back(onward(raw)), onward(back(raw)), strict=True)]
