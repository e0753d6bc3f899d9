"""Which face of a picture is which person: where they were going, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.tracking.detection.boxes import overlap
from morph.tracking.pairing import cheapest_pairs

ALIKE = 0.3  # unlikeness up to which a face that comes back anywhere, and late, is the same person
NEAR = 0.55  # and one that comes back at once where it was lost
REACH = 1.5  # face sizes from there, over which the first takes the place of the second
MEMORY = 1.0  # seconds that count as at once
RECALL = 30.0  # seconds for which a lost face is remembered
HIDING = 3.0  # seconds for which somebody may be behind somebody else
COAST = 0.4  # seconds for which a face that is not seen is taken to go on as it went
STEADY = 0.2  # seconds over which its speed is averaged
CLOSE = 0.15  # faces with a gap of less than this share of their size may hide each other


@dataclass(frozen=True, eq=False)
class Appearance:
    """What tells a person from others.

    Attributes:
        tone: ``(3,)`` logarithm of the mean colour of the face, see :func:`morph.inference.appearance.tone`.
        shape: ``(S,)`` as the identity network read it; None where there is none.
    """

    tone: Reals
    shape: Reals | None = None

    def unlike(self, other: Appearance) -> float:
        """0 for the same person in the same light; of pairs within clips 95 % are below 0.26, of pairs of people 4 %.

        Without a shape the colour counts twice.
        """
        apart = float(np.linalg.norm(self.tone - other.tone))
        if self.shape is None or other.shape is None:
            return 2 * apart
        lengths = float(np.linalg.norm(self.shape) * np.linalg.norm(other.shape))
        return apart + 1.0 - (float(self.shape @ other.shape) / lengths if lengths > 1e-9 else 1.0)

    def blend(self, other: Appearance) -> Appearance:
        """Half-way to a newer one."""
        if self.shape is None or other.shape is None:
            return Appearance((self.tone + other.tone) / 2, self.shape if other.shape is None else other.shape)
        return Appearance((self.tone + other.tone) / 2, (self.shape + other.shape) / 2)


class Motion:
    """Where a face is expected: it goes on as it went.

    Args:
        box: ``(4,)`` x0, y0, x1, y1 in pixels where it was seen first.
        time: seconds.
    """

    def __init__(self, box: Reals, time: float) -> None:
        self._box, self._time, self._speed = box, time, np.zeros(4)

    def see(self, box: Reals, time: float) -> None:
        """It was seen here."""
        past = time - self._time
        if past > 0:
            moved = box - self._box
            middle = (moved[:2] + moved[2:]) / (2 * past)
            self._speed += (1.0 - np.exp(-past / STEADY)) * (np.tile(middle, 2) - self._speed)
        self._box, self._time = box, time

    def restart(self, box: Reals, time: float) -> None:
        """It was found again here, and how it came there is not known."""
        self.__init__(box, time)  # type: ignore[misc]

    def box(self, time: float) -> Reals:
        """``(4,)`` where it is expected at ``time`` (seconds)."""
        return self._box + self._speed * min(max(time - self._time, 0.0), COAST)


def assign(cost: Reals, limit: Reals | float) -> list[tuple[int, int]]:
    """Pairs of rows and columns with the least cost in all, as many as there can be, none dearer than its limit.

    Args:
        cost: ``(n, m)`` finite.
        limit: ``(n, m)`` or a number.
    """
    allowed = cost <= limit
    if not allowed.any():
        return []
    if cost.size == 1:
        return [(0, 0)]
    return [(i, j) for i, j in cheapest_pairs(np.where(allowed, cost, 1e6)) if allowed[i, j]]


def misplaced(boxes: npt.ArrayLike, expected: npt.ArrayLike, found: npt.ArrayLike) -> tuple[Reals, Reals]:
    """How n faces overlap with m that were found, from where the network saw them and from where they were going.

    Returns:
        ``(n, m)`` one less the mean of the two overlaps, and ``(n, m)`` the larger of them.
    """
    seen, going = overlap(boxes, found), overlap(expected, found)
    return 1.0 - (seen + going) / 2, np.maximum(seen, going)


class Lost(Protocol):
    """What is remembered of a person who is not seen."""

    @property
    def motion(self) -> Motion: ...
    @property
    def appearance(self) -> Appearance: ...
    @property
    def time(self) -> float: ...
    @property
    def was_cut(self) -> bool: ...


def recalled(lost: Sequence[Lost], who: Sequence[Appearance], boxes: Sequence[Reals], time: float) -> dict[int, int]:
    """Which of the faces that appear is which of the lost ones: numbers of faces to numbers of lost ones.

    Args:
        lost: people; with ``was_cut`` the scene has changed since, so that places tell nothing.
        who: what the faces that appear look like.
        boxes: ``(4,)`` each, where they are.
        time: seconds.
    """
    if not lost or not who:
        return {}
    cost = np.array([[one.appearance.unlike(face) for one in lost] for face in who])
    return dict(assign(cost, np.array([[_return_limit(one, box, time) for one in lost] for box in boxes])))


def _return_limit(one: Lost, box: Reals, time: float) -> float:
    """How unlike a lost person a face may be that appears, to be taken for them."""
    if one.was_cut or time - one.time > MEMORY:
        return ALIKE
    place = one.motion.box(time)
    between = np.linalg.norm(place[:2] + place[2:] - box[:2] - box[2:]) / 2
    side = max(float((place[2:] - place[:2]).max()), 1.0)
    return ALIKE + (NEAR - ALIKE) * max(0.0, 1.0 - float(between) / (REACH * side))


def crowded(boxes: npt.ArrayLike, others: npt.ArrayLike, reach: float = CLOSE) -> bool:
    """Whether any of ``(n, 4)`` boxes touches another one or one of ``(m, 4)`` others, or nearly: by ``reach`` of its size."""
    wide, beside = (_widened(part, reach) for part in (boxes, others))
    return bool((np.triu(overlap(wide, wide), 1) > 0).any() or (overlap(wide, beside) > 0).any())


def _widened(boxes: npt.ArrayLike, reach: float) -> Reals:
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    margin = reach / 2 * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], 1)
