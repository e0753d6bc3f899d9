"""A person's resting face, and weights counted from there: what they rest at, and how far they go.

Geometry stays as it is seen: a face is ``rest + reach * weight`` of each expression, whatever ``rest`` and ``reach`` are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Reals

QUIET = 0.40  # share of the moments below whose value brows, squints, cheeks and nose rest: they do so most of the time
BUSY = 0.10  # and of jaw, mouth and tongue, which in speech seldom do, and of blinks: eyes that stay shut do not rest open
ARE_BUSY = ("jaw", "mouth", "tongue", "eyeBlink")  # beginnings of their names
GAZE = "eyeLook"  # where eyes look is no resting face
FULL = 0.98  # share of the moments below whose value a weight is at its full
MOVES = 0.1  # full over rest from which a weight is stretched
REACHES = (1 / 3, 1.5)  # least and most that becomes 1
LEAST_SCORE = 0.5  # of a face that counts
MOST_TURN = 45.0  # degrees by which a head that counts is turned from the camera
MEMORY = 1500  # moments, of the last minute
APART = 0.04  # seconds between two of them, at the least
OFTEN = 40  # moments after each of which all is looked at again
SELDOM = 25  # and then after so many
GLIDE = 0.15  # share of the way to what was found last that is gone in a frame
FEW, ENOUGH = 5, 25  # moments up to which nothing is taken off, and from which all is


@dataclass(frozen=True, eq=False)
class RestingFace:
    """What is taken off raw weights, and what they are divided by.

    Attributes:
        rest: ``(E,)`` raw weights of the resting face.
        reach: ``(E,)`` how far raw weights go from there to what is called 1.

    Example:
        >>> face = RestingFace(np.array([0.4, 0.0]), np.array([0.5, 1.0]))
        >>> face.weights([0.65, 0.2])
        array([0.5, 0.2])
        >>> face.raw([0.5, 0.2])
        array([0.65, 0.2 ])
    """

    rest: Doubles
    reach: Doubles

    @classmethod
    def of(cls, raw: npt.ArrayLike, names: Sequence[str]) -> RestingFace:
        """The resting face that one picture shows; gaze is left as it is.

        Args:
            raw: ``(E,)`` weights in it.
            names: of the E weights.
        """
        rest = np.array(raw, np.float64)
        rest[_begin(names, GAZE)] = 0.0
        return cls(rest, np.ones(len(rest)))

    def weights(self, raw: npt.ArrayLike) -> Doubles:
        """``(..., E)`` weights counted from the resting face, of raw ones; not clipped."""
        return (np.asarray(raw, np.float64) - self.rest) / self.reach

    def raw(self, weights: npt.ArrayLike) -> Doubles:
        """The inverse of :meth:`weights`."""
        return self.rest + self.reach * np.asarray(weights, np.float64)


def counts(score: float, rotation: Reals) -> bool:
    """Whether a face is seen well enough to say how it rests.

    Args:
        score: 0..1, how sure the tracker is.
        rotation: ``(3, 3)`` of the head, model to camera.
    """
    return score >= LEAST_SCORE and float(rotation[2, 2]) >= np.cos(np.radians(MOST_TURN))


def estimate(raw: npt.ArrayLike, names: Sequence[str], *, gains: bool = False, rest: Doubles | None = None) -> RestingFace:
    """The resting face of a person from all moments in which they were seen well.

    Each weight rests at a low quantile: of brows, squints, cheeks and nose below the middle of what they mostly are, of jaw and
    mouth near their least, since who speaks moves them all the time, and of blinks, too. A few moments say little, and take
    off little.

    Args:
        raw: ``(N, E)`` raw weights.
        names: of the E weights.
        gains: stretch each weight so that what the person does at the most is 1, both sides alike.
        rest: ``(E,)`` raw weights that the person is known to rest at; None finds them.

    Example:
        >>> moments = np.column_stack([0.5 + 0.1 * np.sin(np.arange(200)), np.maximum(np.sin(np.arange(200) / 9), 0.0)])
        >>> estimate(moments, ["browDownLeft", "jawOpen"]).rest.round(2)
        array([0.47, 0.  ])
    """
    raw = np.asarray(raw, np.float64).reshape(-1, len(names))
    none = np.ones(len(names))
    known = float(np.clip((len(raw) - FEW) / (ENOUGH - FEW), 0.0, 1.0))
    if not known:
        return RestingFace(np.zeros(len(names)) if rest is None else rest, none)
    quiet, busy, full = np.quantile(raw, [QUIET, BUSY, FULL], axis=0)
    if rest is None:
        rest = RestingFace.of(known * np.where(_begin(names, *ARE_BUSY), busy, quiet), names).rest
    if not gains:
        return RestingFace(rest, none)
    way = full - rest
    way = np.maximum(way, way[_other_sides(names)])
    reach = np.where((way >= MOVES) & ~_begin(names, GAZE), np.clip(way, *REACHES), 1.0)
    return RestingFace(rest, 1.0 + known * (reach - 1.0))


class RestingEstimator:
    """The resting face of one person as frames come: of the last :data:`MEMORY` moments, one every :data:`APART` seconds.

    Args:
        names: of the weights.
        gains: as of :func:`estimate`.
        rest: as of :func:`estimate`.
    """

    def __init__(self, names: Sequence[str], *, gains: bool = False, rest: Doubles | None = None) -> None:
        self._names, self._gains, self._rest = tuple(names), gains, rest
        self._moments: Doubles = np.zeros((0, len(self._names)))
        self._count = 0
        self._last = -np.inf
        self._wanted = self._now = estimate(self._moments, self._names, rest=rest)

    def see(self, raw: npt.ArrayLike, time: float, *, good: bool) -> RestingFace:
        """Take in a frame; returns what is known now, which glides to what was found last.

        Args:
            raw: ``(E,)`` raw weights.
            time: seconds.
            good: the face is seen well, see :func:`counts`.
        """
        if good and not 0 <= time - self._last < APART:
            self._last = time
            self._keep(np.asarray(raw, np.float64))
            if self._count <= OFTEN or self._count % SELDOM == 0:
                seen = self._moments[: min(self._count, MEMORY)]
                self._wanted = estimate(seen, self._names, gains=self._gains, rest=self._rest)
        share = 1.0 if self._count <= FEW else GLIDE
        now, wanted = self._now, self._wanted
        self._now = RestingFace(now.rest + share * (wanted.rest - now.rest), now.reach + share * (wanted.reach - now.reach))
        return self._now

    def _keep(self, raw: Doubles) -> None:
        if self._count >= len(self._moments) < MEMORY:
            grown = np.zeros((min(max(2 * len(self._moments), 64), MEMORY), len(self._names)))
            grown[: len(self._moments)] = self._moments
            self._moments = grown
        self._moments[self._count % MEMORY] = raw
        self._count += 1


def _begin(names: Sequence[str], *words: str) -> npt.NDArray[np.bool_]:
    return np.array([name.startswith(words) for name in names], bool)


def _other_sides(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Column of the other side of each weight; its own where it has none."""
    swapped = [name[:-4] + "Right" if name.endswith("Left") else name.removesuffix("Right") + "Left" for name in names]
    rows = {name: column for column, name in enumerate(names)}
    return np.array([rows.get(other, column) for column, other in enumerate(swapped)], np.int64)
