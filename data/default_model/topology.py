"""Cuts the head out of the base mesh and thins its densest edge loops, the same on both sides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from makehuman import BaseMesh

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REGIONS = {
    "skin": "body",
    "left_eye": "helper-l-eye",
    "right_eye": "helper-r-eye",
    "upper_teeth": "helper-upper-teeth",
    "lower_teeth": "helper-lower-teeth",
    "tongue": "helper-tongue",
}
NECK_HEIGHT = 600.0  # mm of the base mesh: everything above is head
SHOULDER_RINGS = 8  # rings of faces below that height
SOCKET_DEPTH = 126.0  # mm of the base mesh: the orbit behind this is never seen


@dataclass(frozen=True)
class Cut:
    """Faces that stay, still with the indices of the base mesh.

    Attributes:
        quads, uv_quads: ``(Q, 4)``.
        regions: ``(Q,)`` rows of ``REGIONS``.
    """

    quads: Ints
    uv_quads: Ints
    regions: Ints


def neighbours(quads: Ints) -> dict[int, set[int]]:
    """The vertices that share an edge with each vertex."""
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in zip(quads.ravel().tolist(), np.roll(quads, -1, axis=1).ravel().tolist(), strict=True):
        if one != other:
            found[one].add(other)
            found[other].add(one)
    return found


def rings(quads: Ints, start: Ints, n_vertices: int) -> Ints:
    """``(V,)`` number of edges from each vertex to the nearest one of ``start``; a large number where there is no way."""
    around = neighbours(quads)
    distance = np.full(n_vertices, 1_000_000)
    front = set(start.tolist())
    step = 0
    while front:
        distance[list(front)] = step
        step += 1
        front = {v for u in front for v in around[u] if distance[v] > step}
    return distance


def cut_head(mesh: BaseMesh) -> Cut:
    """Head, neck and shoulders along edge loops, eyeballs, teeth and tongue; without the depths of the eye sockets."""
    quads, vertices = mesh.quads, mesh.vertices
    parts = []
    for region, group in enumerate(REGIONS.values()):
        rows = np.flatnonzero(mesh.groups == group)
        if group == "body":
            used = np.unique(quads[rows])
            distance = rings(quads[rows], used[vertices[used, 1] > NECK_HEIGHT], len(vertices))
            rows = rows[(distance[quads[rows]] <= SHOULDER_RINGS).all(axis=1)]
            for side in ("helper-l-eye", "helper-r-eye"):
                rows = rows[~_in_socket(mesh, rows, side)]
        parts.append((quads[rows], mesh.uv_quads[rows], np.full(len(rows), region)))
    return Cut(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _in_socket(mesh: BaseMesh, rows: Ints, eye: str) -> npt.NDArray[np.bool_]:
    """Faces of the orbit behind the eyeball: those joined to its rear wall without coming forward of ``SOCKET_DEPTH``."""
    ball = mesh.vertices[np.unique(mesh.quads[mesh.groups == eye])]
    centre = 0.5 * (ball.min(axis=0) + ball.max(axis=0))
    radius = 0.5 * np.ptp(ball[:, 1])
    quads = mesh.quads[rows]
    offset = mesh.vertices - centre
    near = (np.linalg.norm(offset, axis=1) < 1.6 * radius) & (mesh.vertices[:, 2] < SOCKET_DEPTH)
    candidates = near[quads].all(axis=1)
    rear = np.unique(quads[candidates])
    rear = rear[[np.argmin(np.linalg.norm(mesh.vertices[rear] - centre + [0, 0, radius], axis=1))]]
    reached = rings(quads[candidates], rear, len(mesh.vertices)) < 1_000_000
    return candidates & reached[quads].all(axis=1)


class _Mesh:
    """Faces around edges and vertices of a quad mesh."""

    def __init__(self, quads: Ints) -> None:
        self.faces: dict[tuple[int, int], list[int]] = defaultdict(list)
        for face, corners in enumerate(quads.tolist()):
            for k in range(4):
                self.faces[_edge(corners[k], corners[(k + 1) % 4])].append(face)
        self.quads = quads.tolist()
        self.around = neighbours(quads)
        self.rim = {v for edge, faces in self.faces.items() if len(faces) != 2 for v in edge}

    def ahead(self, one: int, two: int) -> int | None:
        """The vertex straight on after the edge ``one`` to ``two``; None at a rim or an irregular vertex."""
        if two in self.rim or len(self.around[two]) != 4:
            return None
        beside = {v for face in self.faces[_edge(one, two)] for v in self.quads[face]}
        straight = self.around[two] - beside
        return straight.pop() if len(straight) == 1 else None

    def closed_loops(self) -> list[list[int]]:
        """Edge loops that close without crossing themselves."""
        seen: set[tuple[int, int]] = set()
        loops = []
        for first in sorted(self.faces):
            if first in seen or len(self.faces[first]) != 2:
                continue
            path = list(first)
            while (following := self.ahead(path[-2], path[-1])) is not None and following not in path:
                path.append(following)
            if following == path[0] and self.ahead(path[-1], path[0]) == path[1]:
                loops.append(path)
                seen.update(_edge(a, b) for a, b in zip(path, path[1:] + path[:1], strict=True))
        return loops


def _edge(one: int, two: int) -> tuple[int, int]:
    return (one, two) if one < two else (two, one)


def thin(cut: Cut, vertices: Floats, mirror: Ints, width: Floats) -> Cut:
    """Remove closed edge loops, narrowest first, while the strip that takes their place is narrower than ``width``.

    A loop goes together with its mirror image. Loops along texture seams stay.

    Args:
        cut: the mesh.
        vertices: ``(V, 3)`` millimetres.
        mirror: ``(V,)`` mirror table.
        width: ``(V,)`` millimetres across the two strips beside a loop; the mean over the loop counts.
    """
    while True:
        mesh = _Mesh(cut.quads)
        best: tuple[float, list[int]] | None = None
        for loop in mesh.closed_loops():
            if not _removable(mesh, cut, loop):
                continue
            share = _strip_width(mesh, loop, vertices) / float(width[loop].mean())
            if share < 1 and (best is None or share < best[0] - 1e-9):
                best = (share, loop)
        if best is None:
            return cut
        loop = best[1]
        image = mirror[loop].tolist()
        cut = _dissolve(mesh, cut, loop)
        if set(image) != set(loop):
            cut = _dissolve(_Mesh(cut.quads), cut, image)


def _strip_width(mesh: _Mesh, loop: list[int], vertices: Floats) -> float:
    total = 0.0
    for before, here, after in zip(loop[-1:] + loop[:-1], loop, loop[1:] + loop[:1], strict=True):
        sides = sorted(mesh.around[here] - {before, after})
        total += float(np.linalg.norm(vertices[sides] - vertices[here], axis=1).sum())
    return total / len(loop)


def _removable(mesh: _Mesh, cut: Cut, loop: list[int]) -> bool:
    faces: list[int] = []
    for a, b in zip(loop, loop[1:] + loop[:1], strict=True):
        one, other = mesh.faces[_edge(a, b)]
        faces += [one, other]
        for v in (a, b):  # both faces must use the same texture coordinate, else the loop is a seam
            if _corner(cut, one, v) != _corner(cut, other, v):
                return False
    return len(faces) == len(set(faces))


def _corner(cut: Cut, face: int, vertex: int) -> int:
    return int(cut.uv_quads[face][cut.quads[face].tolist().index(vertex)])


def _dissolve(mesh: _Mesh, cut: Cut, loop: list[int]) -> Cut:
    """Merge the faces on both sides of a loop."""
    quads, uv_quads, dead = cut.quads.copy(), cut.uv_quads.copy(), []
    for a, b in zip(loop, loop[1:] + loop[:1], strict=True):
        one, other = sorted(mesh.faces[_edge(a, b)])
        halves = [_far_side(cut.quads[face], cut.uv_quads[face], a, b) for face in (one, other)]
        quads[one] = np.concatenate([half[0] for half in halves])
        uv_quads[one] = np.concatenate([half[1] for half in halves])
        dead.append(other)
    stay = np.setdiff1d(np.arange(len(quads)), dead)
    return Cut(quads[stay], uv_quads[stay], cut.regions[stay])


def _far_side(quad: Ints, uv_quad: Ints, a: int, b: int) -> tuple[Ints, Ints]:
    """The two corners of a face opposite the edge ``a``, ``b``, in the face's own order."""
    for k in range(4):
        if {int(quad[k]), int(quad[(k + 1) % 4])} == {a, b}:
            far = [(k + 2) % 4, (k + 3) % 4]
            return quad[far], uv_quad[far]
    raise AssertionError("the edge is not one of the face's")
