"""Facts of the iBUG 68 landmarks, by 0-based number."""

from __future__ import annotations

import numpy as np

# where each of the 68 landmarks goes when the picture is mirrored
MIRRORED_68 = np.array(
    [
        *(*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)),
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
        *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65),
    ]
)

# Left and right are the subject's. In pairs, an upper point stands over the lower one.
JAW = tuple(range(17))
RIGHT_BROW, LEFT_BROW = tuple(range(17, 22)), tuple(range(22, 27))
BRIDGE, NOSTRILS = tuple(range(27, 31)), tuple(range(31, 36))
RIGHT_EYE, LEFT_EYE = tuple(range(36, 42)), tuple(range(42, 48))
EYES = RIGHT_EYE + LEFT_EYE
OUTER_LIPS, INNER_LIPS = tuple(range(48, 60)), tuple(range(60, 68))
EYE_CORNERS = ((36, 42), (39, 45))  # those at the left of a frontal picture, of both eyes, and those at the right
LEFT_EYE_CORNERS, OUTER_EYE_CORNERS = (42, 45), (36, 45)
MOUTH_CORNERS = (48, 54)
UPPER_LIDS, LOWER_LIDS = (37, 38, 43, 44), (41, 40, 47, 46)  # of the right eye, then of the left one, pair by pair
LEFT_UPPER_LID, LEFT_LOWER_LID = UPPER_LIDS[2:], LOWER_LIDS[2:]
# Edges of the lids with their corners: from the outer one to the inner one.
LEFT_UPPER_EDGE, RIGHT_UPPER_EDGE = (45, 44, 43, 42), (36, 37, 38, 39)
LEFT_LOWER_EDGE, RIGHT_LOWER_EDGE = (45, 46, 47, 42), (36, 41, 40, 39)
RIGHT_LIDS, LEFT_LIDS = (37, 38, 40, 41), (43, 44, 46, 47)
UPPER_INNER_LIP, LOWER_INNER_LIP = (61, 62, 63), (67, 66, 65)  # pair by pair
MIDDLE_OF_INNER_LIPS = (62, 66)

# Chains of points, and whether they close.
LINES = (
    *((line, False) for line in (JAW, RIGHT_BROW, LEFT_BROW, BRIDGE, NOSTRILS)),
    *((line, True) for line in (RIGHT_EYE, LEFT_EYE, OUTER_LIPS, INNER_LIPS)),
)


def ring(points: tuple[int, ...]) -> list[int]:
    """A closed chain as a list that ends where it begins."""
    return [*points, points[0]]
