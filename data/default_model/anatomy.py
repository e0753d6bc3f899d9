"""Places on the base mesh that corrections measure at, and the eyeballs' centres; lengths are those of the mesh given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from head import Head

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Vertices of the base mesh, left eye, inner to outer: margin of the upper lid, and the vertex of the lower lid below each.
UPPER_LID = (13371, 13359, 13352, 13353, 13358, 13357, 13356)
LOWER_LID = (13378, 13368, 13370, 13372, 13373, 13374, 13366)
# Left half of the line where the lips meet, middle to corner.
UPPER_LIP = (474, 7228, 7226, 7225, 7178, 7193, 10400, 7191)
LOWER_LIP = (493, 7242, 7236, 7230, 7197, 7204, 10375, 7192)


@dataclass(frozen=True)
class Anatomy:
    """Rows of the head's vertices.

    Attributes:
        upper_lid, lower_lid: ``(2, 7)`` left eye then right eye, inner to outer.
        lip_line: ``(2, 15)`` edge of the upper lip and of the lower lip, the same columns.
        eyes: vertices of the left and of the right eyeball.
    """

    upper_lid: Ints
    lower_lid: Ints
    lip_line: Ints
    eyes: tuple[Ints, Ints]

    @classmethod
    def of(cls, head: Head) -> Anatomy:
        """Find the places on the cut-out head."""
        place = {int(source): i for i, source in enumerate(head.source)}
        lids = [np.array([place[v] for v in row]) for row in (UPPER_LID, LOWER_LID)]
        both = [np.stack([row, head.mirror[row]]) for row in lids]
        lips = np.array([[place[v] for v in row] for row in (UPPER_LIP, LOWER_LIP)])
        lips = np.concatenate([lips, head.mirror[lips[:, 1:]]], axis=1)
        return cls(both[0], both[1], lips, (head.part("left_eye"), head.part("right_eye")))

    def lid_gap(self, vertices: Floats) -> Floats:
        """Height of the opening: ``(..., V, 3)`` to ``(..., 2, 7)``, left eye then right eye."""
        return vertices[..., self.upper_lid, 1] - vertices[..., self.lower_lid, 1]

    def opening(self, vertices: Floats) -> Floats:
        """Height of the middle of each eye: ``(..., V, 3)`` to ``(..., 2)``."""
        return self.lid_gap(vertices)[..., 1:5].mean(axis=-1)

    def lip_gap(self, vertices: Floats) -> Floats:
        """Height between the lips in the middle: ``(..., V, 3)`` to ``(...)``."""
        return vertices[..., self.lip_line[0, 0], 1] - vertices[..., self.lip_line[1, 0], 1]


def fit_sphere(points: Floats) -> tuple[Floats, float]:
    """Centre ``(3,)`` and radius of the sphere through ``(N, 3)`` points, by linear least squares."""
    design = np.concatenate([2 * points, np.ones((len(points), 1))], axis=1)
    solution = np.linalg.lstsq(design, np.square(points).sum(axis=1), rcond=None)[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def keep_spherical(modes: Floats, mean: Floats, eyes: tuple[Ints, Ints]) -> Floats:
    """Replace what ``(V, 3, S)`` modes do to each eyeball by the shift and growth that come nearest to it."""
    modes = modes.copy()
    for rows in eyes:
        centre, _ = fit_sphere(mean[rows])
        offset = mean[rows] - centre
        middle = offset.mean(axis=0)
        shift = modes[rows].mean(axis=0)
        spread = offset - middle
        growth = np.einsum("vi,vis->s", spread, modes[rows] - shift) / np.square(spread).sum()
        modes[rows] = shift + spread[:, :, None] * growth
    return modes
