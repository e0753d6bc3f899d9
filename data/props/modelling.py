"""Shapes that props are made of, and the file that they are written to; millimetres, anticlockwise from outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path

PROPS = Path(__file__).resolve().parents[2] / "viewer" / "props"  # where props ship

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Finish:
    """Surface of a piece: linear RGB and alpha, 0 matt to 1 metal, 0 mirror to 1 rough; glass is seen from both sides."""

    colour: tuple[float, float, float, float]
    metal: float = 0.0
    roughness: float = 0.5
    glass: bool = False


@dataclass(frozen=True, eq=False)
class Shape:
    """A piece: ``(V, 3)`` vertices, ``(F, 3)`` triangles, a finish, and if wanted ``(V, 3)`` linear RGB of its own."""

    vertices: Array
    triangles: Ints
    finish: Finish
    colours: Array | None = None

    def mirrored(self) -> Shape:
        """The same on the other side of the face."""
        return Shape(self.vertices * np.array([-1.0, 1.0, 1.0]), self.triangles[:, ::-1], self.finish, self.colours)


def write_glb(path: Path, shapes: dict[str, Shape]) -> None:
    """Write named shapes as one binary glTF with normals; needs trimesh."""
    import trimesh
    from trimesh.visual.material import PBRMaterial

    scene = trimesh.Scene()
    for name, shape in shapes.items():
        finish = shape.finish
        surface = PBRMaterial(
            name=name,
            baseColorFactor=finish.colour,
            metallicFactor=finish.metal,
            roughnessFactor=finish.roughness,
            doubleSided=finish.glass,
            alphaMode="BLEND" if finish.glass else "OPAQUE",
        )
        mesh = trimesh.Trimesh(shape.vertices, shape.triangles, process=False)
        visual = trimesh.visual.TextureVisuals(material=surface)
        if shape.colours is not None:
            rgba = np.concatenate([np.clip(shape.colours, 0, 1), np.ones((len(shape.colours), 1))], axis=1)
            visual.vertex_attributes["color"] = np.rint(rgba * 255).astype(np.uint8)
        mesh.visual = visual
        scene.add_geometry(mesh, node_name=name, geom_name=name)
    with atomic_path(path) as temporary:
        temporary.write_bytes(scene.export(file_type="glb", include_normals=True))


def blob(
    middle: npt.ArrayLike, radii: npt.ArrayLike, power: float = 1.0, rows: int = 24, columns: int = 36
) -> tuple[Array, Ints]:
    """An ellipsoid, boxier for a power below one: vertices row by row from its bottom (-y), and triangles."""
    v, u = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, rows), np.arange(columns) / columns * 2 * np.pi, indexing="ij")
    parts = [np.cos(v) * np.sin(u), np.sin(v), np.cos(v) * np.cos(u)]
    points = np.stack([np.sign(p) * np.abs(p) ** power for p in parts], axis=-1).reshape(-1, 3)
    return points * np.asarray(radii) + np.asarray(middle), grid_triangles(rows, columns)


def grid_triangles(rows: int, columns: int) -> Ints:
    """Triangles of rings of ``columns`` points that run anticlockwise seen from the end where the last row is."""
    i, k = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = i * columns + k, i * columns + (k + 1) % columns
    c, d = (i + 1) * columns + k, (i + 1) * columns + (k + 1) % columns
    return np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])


def sweep(  # noqa: PLR0913 - a path and its section
    path: Array, up: Array, width: Array | float, height: Array | float, *, closed: bool, corners: int = 12
) -> tuple[Array, Ints]:
    """A tube along a path: vertices and triangles, anticlockwise seen from outside.

    Args:
        path: ``(N, 3)``.
        up: ``(N, 3)`` or ``(3,)`` direction of the section's height.
        width: ``(N,)`` or a number, full size of the section across ``up``.
        height: ``(N,)`` or a number, its full size along ``up``.
        closed: the path's end meets its start; otherwise both ends get a cap.
        corners: of the section.
    """
    n = len(path)
    tangent = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    up = np.broadcast_to(up, path.shape)
    up = up - np.sum(up * tangent, axis=1, keepdims=True) * tangent
    up = up / np.linalg.norm(up, axis=1, keepdims=True)
    side = np.cross(up, tangent)
    angle = np.arange(corners) / corners * 2 * np.pi
    c, s = np.cos(angle), np.sin(angle)
    section = np.stack([np.sign(c) * np.abs(c) ** 0.7, np.sign(s) * np.abs(s) ** 0.7], axis=1) / 2
    sizes = np.stack([np.broadcast_to(width, n), np.broadcast_to(height, n)], axis=1)
    scaled = section[None] * sizes[:, None]
    points = path[:, None] + scaled[..., :1] * side[:, None] + scaled[..., 1:] * up[:, None]
    rows = n if closed else n - 1
    i, k = np.meshgrid(np.arange(rows), np.arange(corners), indexing="ij")
    a, b = i * corners + k, i * corners + (k + 1) % corners
    d, e = (i + 1) % n * corners + k, (i + 1) % n * corners + (k + 1) % corners
    triangles = np.concatenate([np.stack([a, b, e], -1).reshape(-1, 3), np.stack([a, e, d], -1).reshape(-1, 3)])
    vertices = points.reshape(-1, 3)
    if not closed:
        first, last = n * corners, n * corners + 1
        corner = np.arange(corners)
        after = (corner + 1) % corners
        top = (n - 1) * corners
        caps = [
            np.stack([np.full(corners, first), after, corner], -1),
            np.stack([np.full(corners, last), top + corner, top + after], -1),
        ]
        vertices = np.concatenate([vertices, path[:1], path[-1:]])
        triangles = np.concatenate([triangles, *caps])
    return vertices, triangles


def curve(points: npt.ArrayLike, count: int) -> Array:
    """``(count, 3)`` points evenly spaced along a Catmull–Rom curve through ``points``."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([[2 * p[0] - p[1]], p, [2 * p[-1] - p[-2]]])
    t = np.linspace(0, 1, 40, endpoint=False)[:, None]
    dense = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        dense.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    line = np.concatenate([*dense, p[-2:-1]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    wanted = np.linspace(0, length[-1], count)
    return np.stack([np.interp(wanted, length, line[:, i]) for i in range(3)], axis=1)


def disc(edge: Array, rings: int) -> tuple[Array, Ints]:
    """``(V, 2)`` points and triangles of a filled outline, anticlockwise."""
    n = len(edge)
    middle = edge.mean(axis=0)
    points = np.concatenate([[middle], *(middle + (edge - middle) * r / rings for r in range(1, rings + 1))])
    k = np.arange(n)
    after = (k + 1) % n
    triangles = [np.stack([np.zeros(n, int), 1 + k, 1 + after], -1)]
    for ring in range(rings - 1):
        inner, outer = 1 + ring * n, 1 + (ring + 1) * n
        triangles.append(np.stack([inner + k, outer + k, outer + after], -1))
        triangles.append(np.stack([inner + k, outer + after, inner + after], -1))
    return points, np.concatenate(triangles)
