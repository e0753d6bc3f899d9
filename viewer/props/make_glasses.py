"""Makes the mesh of the glasses: ``python -m viewer.props.make_glasses`` writes ``glasses/glasses.glb``.

All sizes are millimetres, in the frame of the default model's mean head, from which the places of eyes, temples and ears
are taken.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path
from morph.model import MorphableModel, load_default_model

Array = npt.NDArray[np.float64]
LENS_WIDTH, LENS_HEIGHT, BRIDGE = 50.0, 38.0, 17.0
RIM = 3.2
FRAME = dict(baseColorFactor=(0.012, 0.010, 0.010, 1.0), metallicFactor=0.0, roughnessFactor=0.28)
GLASS = dict(baseColorFactor=(0.05, 0.07, 0.06, 0.22), metallicFactor=0.1, roughnessFactor=0.12)


def outline(count: int) -> Array:
    """``(count, 2)`` edge of a lens about its middle, anticlockwise; the outer (+x) upper corner is the squarest."""
    angle = np.arange(count) / count * 2 * np.pi
    x, y = np.cos(angle), np.sin(angle)
    power = 2 / 3.0
    x, y = np.sign(x) * np.abs(x) ** power, np.sign(y) * np.abs(y) ** power
    x = x * (1 + 0.05 * y)
    y = y * (1 - 0.04 * x) + 0.05 * x * (y > 0)
    return np.stack([x * LENS_WIDTH / 2, y * LENS_HEIGHT / 2], axis=1)


def sweep(path: Array, up: Array, width: Array, height: Array, *, closed: bool, corners: int = 12) -> tuple[Array, Array]:
    """A tube along a path: vertices and triangles, anticlockwise seen from outside.

    Args:
        path: ``(N, 3)``.
        up: ``(N, 3)`` or ``(3,)`` direction of the section's height.
        width, height: ``(N,)`` or numbers, full size of the section across and along ``up``.
        closed: the path's end meets its start; otherwise both ends get a cap.
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
        k = np.arange(corners)
        after = (k + 1) % corners
        top = (n - 1) * corners
        caps = [
            np.stack([np.full(corners, first), after, k], -1),
            np.stack([np.full(corners, last), top + k, top + after], -1),
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


def disc(edge: Array, rings: int) -> tuple[Array, Array]:
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


def glasses(model: MorphableModel) -> dict[str, tuple[Array, Array, dict[str, object]]]:
    """Pieces by name: vertices, triangles and material, in the frame of the model's mean."""
    mean = model.mean.astype(np.float64)
    marks = mean[model.landmarks]
    eye_y = 0.5 * (marks[36:42, 1].mean() + marks[42:48, 1].mean())
    middle = np.array([(BRIDGE + LENS_WIDTH) / 2, eye_y - 1.5])
    front = max(marks[[36, 39, 42, 45], 2].mean() + 15.5, marks[17:27, 2].max() + 2.5, marks[27, 2] + 3.0)

    def bend(points: Array, lift: float = 0.0) -> Array:
        """The front is bent round the face."""
        return np.stack([points[:, 0], points[:, 1], front + lift - 0.0022 * points[:, 0] ** 2], axis=1)

    ears = mean[(model.vertex_masks["ears"] > 0.5) & (mean[:, 0] > 0)]
    ear = ears[ears[:, 1].argmax()]
    beside = np.abs(mean[(np.abs(mean[:, 1] - ear[1]) < 5) & (np.abs(mean[:, 2] - 0.5 * (front + ear[2])) < 25)][:, 0]).max()
    edge = outline(72) + middle
    corner = edge[(edge[:, 0] + edge[:, 1]).argmax()]
    hinge = np.array([beside + 0.5, ear[1] - 0.5, front - 13.0])
    start = bend(np.array([[corner[0] - 1.0, corner[1] - 4.0]]))[0]
    path = [
        start,
        0.5 * (start + hinge) + np.array([1.5, 0.0, 3.0]),
        hinge,
        [0.5 * (beside + ear[0]), ear[1] + 1.0, 0.5 * (hinge[2] + ear[2])],
        [ear[0] - 4.0, ear[1] + 2.6, ear[2] + 3.0],
        [ear[0] - 6.0, ear[1] - 0.5, ear[2] - 6.0],
        [ear[0] - 9.5, ear[1] - 14.0, ear[2] - 14.0],
        [ear[0] - 11.5, ear[1] - 28.0, ear[2] - 18.0],
    ]
    pieces: dict[str, tuple[Array, Array, dict[str, object]]] = {}
    for name, side in (("left", 1.0), ("right", -1.0)):
        flip = np.array([side, 1.0, 1.0])

        def put(piece: str, vertices: Array, triangles: Array, material: dict[str, object], name=name, flip=flip, side=side) -> None:
            pieces[f"{name}_{piece}"] = (vertices * flip, triangles if side > 0 else triangles[:, ::-1], material)

        put("rim", *sweep(bend(edge), np.array([0, 0, 1.0]), RIM, 3.6, closed=True), FRAME)
        flat, lens = disc(outline(48) * 0.97 + middle, 6)
        put("lens", bend(flat, -0.2), lens, GLASS)
        along = np.linspace(0, 1, 40)
        thick = np.interp(along, [0, 0.15, 0.3, 1], [3.4, 3.0, 2.4, 2.8])
        tall = np.interp(along, [0, 0.15, 0.6, 0.8, 1], [7.0, 6.0, 4.0, 4.0, 5.0])
        put("temple", *sweep(curve(path, 40), np.array([0, 1.0, 0.25]), thick, tall, closed=False), FRAME)
    high = middle[1] + LENS_HEIGHT * 0.24
    arch = curve([[-BRIDGE / 2 - 0.4, high, 0], [0, high + 2.6, 0], [BRIDGE / 2 + 0.4, high, 0]], 17)
    pieces["bridge"] = (*sweep(bend(arch[:, :2], 0.4), np.array([0, 1.0, 0]), 3.2, 4.4, closed=False), FRAME)
    return pieces


def main() -> None:
    """Write the mesh beside its ``prop.yaml``."""
    import trimesh
    from trimesh.visual.material import PBRMaterial

    scene = trimesh.Scene()
    for name, (vertices, triangles, material) in glasses(load_default_model(1)).items():
        clear = material is GLASS
        surface = PBRMaterial(name="glass" if clear else "frame", doubleSided=clear, alphaMode="BLEND" if clear else "OPAQUE", **material)
        mesh = trimesh.Trimesh(vertices, triangles, process=False, visual=trimesh.visual.TextureVisuals(material=surface))
        scene.add_geometry(mesh, node_name=name, geom_name=name)
    with atomic_path(Path(__file__).parent / "glasses" / "glasses.glb") as path:
        path.write_bytes(scene.export(file_type="glb", include_normals=True))


if __name__ == "__main__":
    main()
