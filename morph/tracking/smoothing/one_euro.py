"""The 1 euro filter: a low pass whose cut-off frequency grows with speed (Casiez, Roussel and Vogel, CHI 2012).

A still value is held still, a fast one is followed closely. All is in seconds and hertz, so that uneven frames are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.model.rotation import rotation_exp, rotation_log

FIRST_RATE = 30.0  # frames a second that are assumed where two values have one and the same time


@dataclass(frozen=True)
class Cutoffs:
    """The three numbers of a 1 euro filter.

    Attributes:
        slow: hertz at rest; less is steadier.
        gain: hertz for each unit a second of speed; more is prompter.
        speed: hertz of the low pass on the speed.
    """

    slow: float = 1.0
    gain: float = 0.0
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not (self.slow > 0 and self.speed > 0 and self.gain >= 0):
            raise MorphError(f"cut-offs must be above 0 Hz and the gain not negative, got {self}")


def share_of_new(cutoff: npt.ArrayLike, step: float) -> Reals:
    """The share (0..1) of the new value in a first-order low pass of ``cutoff`` hertz after ``step`` seconds."""
    return np.asarray(1.0 / (1.0 + 1.0 / (2.0 * np.pi * np.asarray(cutoff, np.float64) * step)))


class Clock:
    """Seconds between values; a time that does not grow counts as the step before."""

    def __init__(self) -> None:
        self.step = 1.0 / FIRST_RATE
        self._last: float | None = None

    def tick(self, time: float) -> float:
        if self._last is not None and time > self._last:
            self.step = time - self._last
        self._last = time
        return self.step


class OneEuroFilter:
    """Filters vectors, each number by its own speed, or all by the speed of the vector.

    Args:
        cutoffs: see :class:`Cutoffs`; their numbers may also be arrays of the vector's shape.
        shared: one cut-off for the whole vector, from the length of its velocity.
    """

    def __init__(self, cutoffs: Cutoffs, *, shared: bool = False) -> None:
        self.cutoffs, self.shared = cutoffs, shared
        self.reset()

    def reset(self) -> None:
        """Forget all: the next value comes out as it went in."""
        self._clock = Clock()
        self._value: Reals | None = None
        self._velocity: Reals = np.zeros(())

    def __call__(self, value: npt.ArrayLike, time: float, unit: float = 1.0) -> Reals:
        """The filtered value.

        Args:
            value: a number or an array, of the same shape in every call.
            time: seconds.
            unit: what speed is measured in, such as the size of the face for pixels.
        """
        value = np.asarray(value, np.float64)
        step = self._clock.tick(time)
        if self._value is None:
            self._value, self._velocity = value, np.zeros_like(value)
            return value
        velocity = (value - self._value) / step
        self._velocity = self._velocity + share_of_new(self.cutoffs.speed, step) * (velocity - self._velocity)
        speed = np.linalg.norm(self._velocity) if self.shared else np.abs(self._velocity)
        share = share_of_new(self.cutoffs.slow + self.cutoffs.gain * speed / unit, step)
        self._value = self._value + share * (value - self._value)
        return self._value


class RotationFilter:
    """The 1 euro filter on the rotation group: steps are axis-angle vectors from the filtered rotation to the new one.

    There is no angle that could jump, and the answer does not depend on the frame in which rotations are written.

    Args:
        cutoffs: the unit of speed is radians a second.
    """

    def __init__(self, cutoffs: Cutoffs) -> None:
        self.cutoffs = cutoffs
        self.reset()

    def reset(self) -> None:
        """Forget all: the next rotation comes out as it went in."""
        self._clock = Clock()
        self._rotation: Reals | None = None
        self._velocity: Reals = np.zeros(3)

    def __call__(self, rotation: npt.ArrayLike, time: float) -> Reals:
        """The filtered ``(3, 3)`` rotation at ``time`` (seconds)."""
        rotation = np.asarray(rotation, np.float64)
        step = self._clock.tick(time)
        if self._rotation is None:
            self._rotation, self._velocity = rotation, np.zeros(3)
            return rotation
        turn = rotation_log(rotation @ self._rotation.T)  # in the frame of the camera, which stands still
        self._velocity = self._velocity + share_of_new(self.cutoffs.speed, step) * (turn / step - self._velocity)
        share = share_of_new(self.cutoffs.slow + self.cutoffs.gain * float(np.linalg.norm(self._velocity)), step)
        self._rotation = rotation_exp(share * turn) @ self._rotation
        return self._rotation
