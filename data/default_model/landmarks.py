"""The 68 iBUG landmarks as vertices of MakeHuman's base mesh; the right half is the mirror image of the left."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from head import Head

Ints = npt.NDArray[np.int64]

# iBUG number: vertex of the base mesh, for the midline and the subject's left side (x > 0).
MIDLINE = {8: 5171, 27: 132, 28: 131, 29: 201, 30: 5054, 33: 343, 51: 455, 57: 492, 62: 474, 66: 523}
LEFT = {
    **{9: 11832, 10: 10366, 11: 7457, 12: 7597, 13: 11851, 14: 11713, 15: 7573, 16: 7575},  # jaw
    **{22: 7006, 23: 6997, 24: 6996, 25: 6998, 26: 7024},  # brow
    **{34: 7120, 35: 7119},  # nostrils
    **{42: 13365, 43: 13359, 44: 13353, 45: 13377, 46: 13372, 47: 13368},  # margins of the lids
    **{52: 7210, 53: 7170, 54: 7182, 55: 7166, 56: 7241},  # border of the red of the lips
    **{63: 7228, 64: 7195, 65: 7264},  # where the lips meet
}


def ibug_mirror() -> dict[int, int]:
    """iBUG number of each landmark's mirror image."""
    pairs = [(i, 16 - i) for i in range(8)]
    pairs += [(17, 26), (18, 25), (19, 24), (20, 23), (21, 22), (31, 35), (32, 34)]
    pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
    table = {i: i for i in MIDLINE}
    for one, other in pairs:
        table |= {one: other, other: one}
    return table


def landmark_vertices(head: Head) -> Ints:
    """``(68,)`` vertices of the head."""
    mirror = ibug_mirror()
    place = {int(source): i for i, source in enumerate(head.source)}
    found = np.full(68, -1)
    for number, vertex in (MIDLINE | LEFT).items():
        if vertex not in place:
            raise AssertionError(f"landmark {number} lies on an edge loop that was thinned away")
        found[number] = place[vertex]
        found[mirror[number]] = head.mirror[place[vertex]]
    if (found < 0).any() or len(np.unique(found)) != 68:
        raise AssertionError("the table of landmarks is incomplete")
    return found
