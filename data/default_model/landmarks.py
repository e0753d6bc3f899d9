"""The 68 iBUG landmarks as vertices of MakeHuman's base mesh; the right half is the mirror image of the left."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from head import Head
from scipy import sparse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# iBUG number: vertex of the base mesh, for the midline and the subject's left side (x > 0).
MIDLINE = {8: 5225, 27: 132, 28: 131, 29: 201, 30: 5054, 33: 343, 51: 455, 57: 492, 62: 474, 66: 523}
LEFT = {
    **{9: 11832, 10: 11902, 11: 7457, 12: 7597, 13: 7614, 14: 11713, 15: 7573, 16: 7575},  # jaw
    **{22: 7006, 23: 6997, 24: 6996, 25: 6999, 26: 7024},  # brow
    **{34: 7120, 35: 7119},  # nostrils
    **{42: 13365, 43: 13359, 44: 13353, 45: 13377, 46: 13372, 47: 13368},  # margins of the lids
    **{52: 7210, 53: 7170, 54: 7182, 55: 7166, 56: 7241},  # border of the red of the lips
    **{63: 7228, 64: 7195, 65: 7264},  # where the lips meet
}
# The mesh is coarser than people annotate: these vertices slide along an edge, this share of the way to that vertex.
SLIDES = {
    **{8: (5171, 0.5), 10: (10366, 0.5), 12: (11850, 0.4), 13: (7574, 0.6), 14: (7574, 0.5), 15: (7572, 0.45)},
    **{16: (12001, 0.6), 22: (6983, 0.6), 24: (6998, 0.5), 25: (6998, 0.45), 27: (133, 0.6), 34: (7077, 0.6)},
    **{42: (6851, 0.5), 43: (13371, 0.35), 44: (13358, 0.6), 46: (13373, 0.55), 47: (13367, 0.45)},
    **{51: (466, 0.5), 52: (7215, 0.4), 55: (7235, 0.35), 56: (7235, 0.6), 63: (7227, 0.6), 65: (7265, 0.5)},
}
# On the once subdivided mesh these lie closer still (an old vertex, or the middle of an edge or a face): what
# landmark_study.py proposes from the photographs of AFLW, wherever that is nearer by more than 0.3 mm.
FINER = {
    **{
        8: (732, 747),
        9: (7616,),
        10: (7593, 10365, 10366, 7619),
        11: (7595,),
        12: (7459, 7597),
        13: (7613, 7571, 7574, 7614),
        14: (11712,),
        15: (12347, 12360, 12010, 7564),
        16: (12161, 12001, 12351, 12366),
    },
    **{22: (6983, 7006)},
    **{27: (132, 133), 33: (317, 343), 34: (7054, 7076, 7077, 7120), 35: (7055,)},
    **{42: (6851, 6854), 43: (6839, 6842), 44: (7747, 13353), 46: (7759, 7760)},
    **{
        51: (455, 466),
        53: (7170, 7207),
        54: (7183, 7182, 7249, 7250),
        55: (7166, 7233),
        62: (474, 509),
        63: (7228, 7256),
        64: (10375, 7204, 7252, 10373),
    },
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
    place = {int(source): i for i, source in enumerate(head.source)}
    found = np.full(68, -1)
    mirror = ibug_mirror()
    for number, vertex in (MIDLINE | LEFT).items():
        if vertex not in place:
            raise AssertionError(f"landmark {number} lies on an edge loop that was thinned away")
        found[number] = place[vertex]
        found[mirror[number]] = head.mirror[place[vertex]]
    if (found < 0).any() or len(np.unique(found)) != 68:
        raise AssertionError("the table of landmarks is incomplete")
    return found


def finer_landmark_vertices(head: Head) -> Ints:
    """``(68,)`` vertices of the once subdivided head: old vertices come first, then one an edge, then one a face."""
    found, mirror = landmark_vertices(head), ibug_mirror()
    place = {int(source): i for i, source in enumerate(head.source)}
    n = len(head.source)
    ends = np.stack([head.quads, np.roll(head.quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges = np.unique(np.sort(ends, axis=1), axis=0).tolist()
    rows = {tuple(sorted(corners)): n + i for i, corners in enumerate([*edges, *head.quads.tolist()])}
    rows |= {(v,): v for v in range(n)}
    for number, corners in FINER.items():
        middle = np.array([place[v] for v in corners])
        found[number] = rows[tuple(sorted(middle.tolist()))]
        found[mirror[number]] = rows[tuple(sorted(head.mirror[middle].tolist()))]
    return found


def slide(head: Head) -> tuple[sparse.csr_array, Floats]:
    """Move landmark vertices to where annotators click.

    Returns:
        ``(V, V)`` matrix that makes the new vertices from the old ones (mean and modes alike), and the ``(T, 2)`` texture
        coordinates that go with them.
    """
    place = {int(source): i for i, source in enumerate(head.source)}
    vertex = MIDLINE | LEFT
    weights = sparse.lil_array(sparse.eye_array(len(head.source)))
    uv = head.uv.copy()
    for number, (towards, share) in SLIDES.items():
        pair = np.array([place[vertex[number]], place[towards]])
        for one, other in {tuple(pair.tolist()), tuple(head.mirror[pair].tolist())}:
            weights[one, one], weights[one, other] = 1.0 - share, share
            faces = np.flatnonzero((head.quads == one).any(axis=1) & (head.quads == other).any(axis=1))
            if not len(faces):
                raise AssertionError(f"landmark {number} cannot slide: no edge to vertex {towards} of the base mesh")
            corner = [int(head.uv_quads[faces[0]][head.quads[faces[0]] == v][0]) for v in (one, other)]
            uv[corner[0]] = (1.0 - share) * head.uv[corner[0]] + share * head.uv[corner[1]]
    return weights.tocsr(), uv
