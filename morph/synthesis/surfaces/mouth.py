"""Teeth and gums: two rows of single teeth that follow the skull and the jaw, and a tongue that lies low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from morph.arrays import Array, Floats, Ints
from morph.model import MorphableModel
from morph.synthesis.person.anatomy import TONGUE, Anatomy

# crown width and height (mm) from the middle to the back, after textbook means of adult teeth
UPPER = ((8.5, 10.5), (6.6, 9.2), (7.6, 10.2), (7.0, 8.6), (6.9, 7.8), (10.2, 7.4), (9.8, 7.0))
LOWER = ((5.3, 8.8), (5.8, 9.2), (6.8, 10.4), (7.0, 8.6), (7.1, 8.0), (10.8, 7.4), (10.4, 7.0))


@dataclass(frozen=True, eq=False)
class Denture:
    """Teeth of the mean face and how they follow a face's own helper teeth.

    Attributes:
        vertices: ``(N, 3)`` in the frame of the mean; those before ``upper`` sit in the skull, the others in the jaw.
        triangles: ``(F, 3)``.
        gum: ``(N,)`` 1 where a vertex is gum, 0 where it is tooth.
        upper: how many vertices belong to the upper row.
        guides: vertices of the model that carry the upper and the lower row.
        solvers: ``(4, n)`` least-squares affine maps from the guides.
        tongue: vertices of the tongue and where they lie in the mean's mouth.
        out: ``(T, 3)`` how far they move when the tongue is put out.
    """

    vertices: Floats
    triangles: Ints
    gum: Floats
    upper: int
    guides: tuple[Ints, Ints]
    solvers: tuple[Array, Array]
    tongue: tuple[Ints, Floats]
    out: Floats

    def follow(self, vertices: Floats, tongue_out: float = 0.0) -> tuple[Floats, Floats]:
        """Teeth ``(N, 3)`` and tongue ``(T, 3)`` of a face with ``vertices`` ``(V, 3)``, the tongue put out by a weight."""
        maps = [solver @ vertices[guide] for guide, solver in zip(self.guides, self.solvers, strict=True)]
        whole = np.concatenate([self.vertices, np.ones((len(self.vertices), 1), np.float32)], 1)
        teeth = np.concatenate([whole[: self.upper] @ maps[0], whole[self.upper :] @ maps[1]])
        rest = self.tongue[1]
        rest = rest + np.float32(tongue_out) * self.out
        tongue = np.concatenate([rest, np.ones((len(rest), 1), np.float32)], 1) @ maps[1]
        return teeth.astype(np.float32), tongue.astype(np.float32)


def build_denture(model: MorphableModel, anatomy: Anatomy) -> Denture | None:
    """Fit two dental arches to the model's helper teeth; None where it has none."""
    names = [i for i, name in enumerate(model.region_names) if "teeth" in name]
    used = np.unique(model.triangles[np.isin(model.regions, names)])
    if not len(used):
        return None
    moves = model.expression_basis[used][:, 1, model.expression_names.index("jawOpen")]
    is_lower = np.abs(moves) > 0.5 * np.abs(moves).max()
    upper, lower = used[~is_lower], used[is_lower]
    lm = anatomy.landmarks
    width = float(np.abs(model.mean[upper, 0]).max()) * 0.94
    front = float(min(model.mean[upper, 2].max(), lm[62, 2] - 2.5))
    bite = float(lm[62, 1]) - 1.6
    top = _row(UPPER, width, front, bite, up=True)
    bottom = _row(LOWER, width - 2.0, front - 1.8, bite + 0.4, up=False)
    vertices = np.concatenate([top[0], bottom[0]])
    triangles = np.concatenate([top[1], bottom[1] + len(top[0])])
    gum = np.concatenate([top[2], bottom[2]])
    solvers = []
    for guide in (upper, lower):
        whole = np.concatenate([model.mean[guide].astype(np.float64), np.ones((len(guide), 1))], 1)
        solvers.append(np.linalg.solve(whole.T @ whole + 1e-3 * np.eye(4), whole.T))
    index = anatomy.part_vertices(TONGUE)
    rest = model.mean[index].copy()
    if len(index):
        rest[:, 1] = np.minimum(rest[:, 1], rest[:, 1]) * 1.0 - 4.5
        rest[:, 2] -= 7.0
    out = model.expression_basis[index][:, :, model.expression_names.index("tongueOut")] + np.array([0, 4.5, 7.0], np.float32)
    return Denture(vertices, triangles, gum, len(top[0]), (upper, lower), (solvers[0], solvers[1]), (index, rest), out)


def _row(
    sizes: tuple[tuple[float, float], ...], width: float, front: float, bite: float, *, up: bool
) -> tuple[Floats, Ints, Floats]:
    depth = 1.45 * width
    theta = np.linspace(0, np.pi / 2, 400)
    x, z = width * np.sin(theta) ** 0.9, front - depth * (1 - np.cos(theta))
    along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    vertices, triangles, gum, count = [], [], [], 0
    sign = 1.0 if up else -1.0
    position = 0.0
    for number, (w, h) in enumerate(sizes):
        at = position + w / 2
        position += w
        cx, cz = np.interp(at, along, x), np.interp(at, along, z)
        ahead, behind = at + 0.5, at - 0.5
        tangent = np.array(
            [
                np.interp(ahead, along, x) - np.interp(behind, along, x),
                0,
                np.interp(ahead, along, z) - np.interp(behind, along, z),
            ]
        )
        tangent /= np.linalg.norm(tangent)
        outward = np.array([-tangent[2], 0, tangent[0]])
        uneven = 0.35 if number in (1, 3) else 0.0
        for side in (1, -1):
            flip = np.array([side, 1, 1])
            centre = np.array([cx, bite + sign * (h / 2 - 0.3 + uneven), cz]) * flip
            size = (w * 0.97, h, 4.2 if number < 3 else 7.0)
            v, t = _crown(_Crown(centre, tangent * flip * side, outward * flip, size, sign))
            vertices.append(v)
            triangles.append(t + count)
            gum.append(np.zeros(len(v)))
            count += len(v)
    v, t = _gums(x, z, along, position, bite + sign * 8.0)
    vertices.append(v)
    triangles.append(t + count)
    gum.append(np.ones(len(v)))
    return (
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate(gum).astype(np.float32),
    )


class _Crown(NamedTuple):
    """Where a tooth stands: its middle, directions along the row and outwards, width, height and depth in mm, 1 if upper."""

    centre: Array
    along: Array
    out: Array
    size: tuple[float, float, float]
    sign: float


def _crown(tooth: _Crown) -> tuple[Array, Array]:
    centre, along, out, (w, h, d), sign = tooth
    rows, columns = 7, 12
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rows)[:, None]
    longitude = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]

    def power(value: Array, p: float) -> Array:
        return np.sign(value) * np.abs(value) ** p

    ring = power(np.cos(latitude), 0.45)
    a, b, c = ring * power(np.cos(longitude), 0.5), power(np.sin(latitude), 0.6), ring * power(np.sin(longitude), 0.7)
    taper = 1 - 0.10 * (b * sign + 1) / 2  # narrower at the gum
    v = (
        centre
        + (0.5 * w * a * taper)[..., None] * along
        + (0.5 * h * b + 0 * a)[..., None] * np.array([0, 1, 0])
        + (0.5 * d * c)[..., None] * out
    )
    return v.reshape(-1, 3), _wrap(rows, columns, flip=bool(np.dot(np.cross(along, [0, 1, 0]), out) < 0))


def _gums(x: Array, z: Array, along: Array, length: float, y: float) -> tuple[Array, Array]:
    place = np.linspace(-length, length, 41)
    px, pz = np.interp(np.abs(place), along, x) * np.sign(place), np.interp(np.abs(place), along, z)
    normal = np.stack([px / (x.max() ** 2), np.zeros_like(px), (pz - z.min()) / (np.ptp(z) ** 2)], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    ring = normal[:, None] * (3.4 * np.cos(turn))[None, :, None] + np.array([0, 1, 0]) * (4.2 * np.sin(turn))[None, :, None]
    v = np.stack([px, np.full_like(px, y), pz], 1)[:, None] + ring
    return v.reshape(-1, 3), _wrap(len(place), len(turn), flip=True)


def _wrap(rows: int, columns: int, *, flip: bool) -> Array:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    quads = np.stack([a, b, b + columns, a + columns], -1).reshape(-1, 4)
    if flip:
        quads = quads[:, ::-1]
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
