"""How far a head leans to one side in the picture, and how far its crop is turned to set it upright."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LEAN = np.radians(15.0)  # a head may lean this far in its crop; chosen on AFLW2000-3D among 0, 10, 15, 20, 25 and 30 degrees
FIVE_POINTS_LEAN = np.radians(30.0)  # the same for a detector's five points, which are 10 to 40 degrees off
LEAST_UP = 0.3  # share of the head's up axis that must lie in the picture for the lean to be known


def lean(rotation: npt.ArrayLike) -> float:
    """Radians by which a head's up axis leans clockwise from the picture's, -pi..pi; NaN where it points at the viewer.

    Args:
        rotation: ``(3, 3)`` model to camera. A head that lies with its crown to the right of the picture gives pi/2.
    """
    right, up = np.asarray(rotation, np.float64)[:2, 1]
    return float(np.arctan2(right, up)) if np.hypot(right, up) >= LEAST_UP else float("nan")


def lean_of_five_points(points: npt.ArrayLike) -> float:
    """The same from a detector's ``(5, 2)`` pixels: eyes, nose, mouth corners; NaN where eyes and mouth fall together."""
    points = np.asarray(points, np.float64)
    right, down = points[3:].mean(0) - points[:2].mean(0)
    return float(np.arctan2(-right, down)) if np.hypot(right, down) > 1e-6 else float("nan")


def next_turn(turn: float, rotation: npt.ArrayLike) -> float:
    """The turn of a face's next crop: the last one, until the head leans more than :data:`LEAN` in the crop.

    Args:
        turn: radians by which the last crop turned the picture clockwise.
        rotation: ``(3, 3)`` of the head, in the picture.
    """
    return _turn(turn, lean(rotation), LEAN)


def first_turn(five_points: npt.ArrayLike) -> float:
    """The turn of the first crop of a face with these ``(5, 2)`` points of a detector."""
    return _turn(0.0, lean_of_five_points(five_points), FIVE_POINTS_LEAN)


def _turn(turn: float, leaning: float, limit: float) -> float:
    left = np.remainder(leaning + turn + np.pi, 2 * np.pi) - np.pi  # how far it leans in the crop
    return -leaning if abs(left) > limit else turn  # also the old turn where the lean is not known
