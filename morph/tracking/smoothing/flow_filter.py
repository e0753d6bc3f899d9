"""Steady head poses that come in time: the picture's own motion carries the pose, and the network holds it in place.

A complementary filter. From frame to frame the pose goes on by what the optical flow of the face says, which is exact over a
moment and drifts over seconds; the network, which shakes from frame to frame and does not drift, pulls it back slowly, and
faster the farther the two are apart. What comes out of that is low-passed once more while the face hardly moves: the 1 euro
law, with the speed that the flow saw. Where nothing can be followed, the pose goes on as the 1 euro filter's does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from morph.arrays import Image, Reals
from morph.model import Coefficients
from morph.tracking.smoothing.flow_pose import FLIP, GreyWindow, KnownHead, PoseChange, RigidPoints, pose_change, project
from morph.tracking.smoothing.one_euro import Clock, Cutoffs, share_of_new

LEVERS = np.array([0.3, 0.3, 0.3, 0.4, 1.0, 1.0])  # face sizes by which a turn of a radian, log scale and shift move points
KINDS = np.array([0, 0, 0, 1, 2, 2])  # turn, log scale, shift
APART = np.array([0.6, 0.3, 0.2])  # radians, logarithm and face sizes from which what was followed is not the network's head


@dataclass(frozen=True)
class FlowCutoffs:
    """How much of the network's pose, and of the flow's small motions, is taken.

    Searched on twelve rendered clips with known landmarks and two real ones for the least error and jitter with which still
    moments of the real ones shake at most 1.3 times as much as through the 1 euro filters.

    Attributes:
        rotation: of the pull towards the network: hertz, more for each radian that they are apart, hertz of the low pass on
            that difference.
        position: the same, in face sizes.
        scale: the same, in the logarithm.
        rest: of the low pass on what comes out: hertz at rest, more for each face size a second that the flow sees, hertz of
            the low pass on that speed.
        rest_turns: so many times those hertz for the rotation,
        rest_scale: and for the scale.

    Example:
        >>> from morph.tracking import SmoothingConfig
        >>> SmoothingConfig(flow=FlowCutoffs()).flow is None
        False
    """

    rotation: Cutoffs = field(default=Cutoffs(slow=0.5, gain=60.0, speed=3.0))
    position: Cutoffs = field(default=Cutoffs(slow=2.3, gain=250.0, speed=4.0))
    scale: Cutoffs = field(default=Cutoffs(slow=2.5))
    rest: Cutoffs = field(default=Cutoffs(slow=0.25, gain=24.0, speed=2.2))
    rest_turns: float = 2.4
    rest_scale: float = 0.45


@dataclass(frozen=True, eq=False)
class HeadPose:
    """A head by its rotation ``(3, 3)``, the logarithm of its scale, and the pixel ``(2,)`` of the middle of its face."""

    rotation: Reals
    log_scale: float
    place: Reals

    @classmethod
    def of(cls, head: Coefficients, middle: Reals) -> HeadPose:
        rotation, scale = np.asarray(head.rotation, np.float64), float(head.scale)
        return cls(rotation, float(np.log(scale)), scale * (rotation @ middle)[:2] * FLIP + head.translation)

    def head(self, shape: Reals, expression: Reals, middle: Reals) -> Coefficients:
        scale = np.exp(self.log_scale)
        translation = self.place - scale * (self.rotation @ middle)[:2] * FLIP
        return Coefficients(
            shape, expression, self.rotation.astype(np.float32), np.float32(scale), translation.astype(np.float32)
        )

    def after(self, change: PoseChange, middle: Reals) -> HeadPose:
        """Moved as the flow says."""
        arm = middle - change.centre
        rotation, log_scale = cv2.Rodrigues(change.turn)[0] @ self.rotation, self.log_scale + change.log_scale
        before, now = (np.exp(g) * (r @ arm)[:2] * FLIP for g, r in ((self.log_scale, self.rotation), (log_scale, rotation)))
        return HeadPose(rotation, log_scale, self.place + change.shift + now - before)

    def beside(self, first: HeadPose, second: HeadPose) -> HeadPose:
        """Moved as another head did from ``first`` to ``second``."""
        return HeadPose(
            second.rotation @ first.rotation.T @ self.rotation,
            self.log_scale + second.log_scale - first.log_scale,
            self.place + second.place - first.place,
        )

    def difference_to(self, other: HeadPose, side: float) -> Reals:
        """``(6,)`` turn (radians), log scale, shift (face sizes)."""
        turn = cv2.Rodrigues(other.rotation @ self.rotation.T)[0][:, 0]
        return np.array([*turn, other.log_scale - self.log_scale, *((other.place - self.place) / side)])

    def moved(self, difference: Reals, side: float) -> HeadPose:
        """The inverse of :meth:`difference_to`."""
        return HeadPose(
            cv2.Rodrigues(difference[:3])[0] @ self.rotation,
            self.log_scale + float(difference[3]),
            self.place + side * difference[4:],
        )


class FlowFilter:
    """The pose of one face by optical flow; shape and expression go through as they are.

    Args:
        cutoffs: how it is mixed.
        points: what is followed, see :func:`morph.tracking.smoothing.flow_pose.rigid_points`.
    """

    def __init__(self, cutoffs: FlowCutoffs, points: RigidPoints) -> None:
        pulls = (cutoffs.rotation, cutoffs.scale, cutoffs.position)
        self._pull = np.array([(pull.slow, pull.gain, pull.speed) for pull in pulls]).T
        self._rest, self._promptness = cutoffs.rest, np.array([cutoffs.rest_turns, cutoffs.rest_scale, 1.0])
        self._points, self._clock = points, Clock()
        self._window: GreyWindow | None = None

    def __call__(self, raw: Coefficients, steady: Coefficients, time: float, side: float, image: Image) -> Coefficients:
        """The head in the next frame.

        Args:
            raw: what the network says of it.
            steady: the same through 1 euro filters; its shape and expression are taken, and its motion where none can be seen.
            time: seconds.
            side: size of the face in pixels.
            image: ``(H, W, 3)`` uint8 RGB; the size may change from frame to frame.
        """
        middle, step = self._points.middle, self._clock.tick(time)
        seen, safe = HeadPose.of(raw, middle), HeadPose.of(steady, middle)
        window = self._window
        if window is None or window.shape != image.shape[:2]:
            self._begin(safe)
        else:
            window = window.next(image)
            self._follow(seen, safe, self._change(window.grey, seen, side), side, step)
        self._seen, self._safe = seen, safe
        self._head = self._carried.head(steady.shape, steady.expression, middle)
        self._vertices = self._points.decoder(self._head.shape, self._head.expression).astype(np.float64)
        points = project(self._vertices, self._head)
        self._window = window if window is not None and window.fits(image, points) else GreyWindow.about(image, points)
        return self._out.head(steady.shape, steady.expression, middle)

    def _begin(self, pose: HeadPose) -> None:
        self._carried = self._out = pose
        self._gap, self._speed = np.zeros(6), np.zeros(6)

    def _change(self, grey: Image, seen: HeadPose, side: float) -> PoseChange | None:
        """What the flow says, looked for where the network saw the head go."""
        assert self._window is not None
        guess = self._carried.beside(self._seen, seen).head(self._head.shape, self._head.expression, self._points.middle)
        return pose_change(KnownHead(self._window, self._points, self._vertices, self._head), grey, guess)

    def _follow(self, seen: HeadPose, safe: HeadPose, change: PoseChange | None, side: float, step: float) -> None:
        """Carry the pose on, pull it to what the network saw, and low-pass what comes out where it is at rest."""
        before = self._carried
        moved = before.beside(self._safe, safe) if change is None else before.after(change, self._points.middle)
        velocity = before.difference_to(moved, side) * LEVERS / step
        self._speed = self._speed + share_of_new(self._rest.speed, step) * (velocity - self._speed)
        difference = moved.difference_to(seen, side)
        if (_lengths(difference) > APART).any():
            self._begin(safe)
            return
        slow, gain, speed = self._pull
        self._gap = self._gap + share_of_new(speed[KINDS], step) * (difference - self._gap)
        shares = share_of_new(slow + gain * _lengths(self._gap), step)[KINDS]
        self._carried, self._gap = moved.moved(shares * difference, side), (1 - shares) * self._gap
        hertz = self._rest.slow + self._rest.gain * float(np.linalg.norm(self._speed))
        shares = share_of_new(hertz * self._promptness, step)[KINDS]
        self._out = self._out.moved(shares * self._out.difference_to(self._carried, side), side)


def _lengths(difference: Reals) -> Reals:
    """``(3,)`` of its turn, log scale and shift."""
    return np.sqrt(np.add.reduceat(difference * difference, (0, 3, 4)))
