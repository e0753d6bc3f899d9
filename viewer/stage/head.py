"""The head as a part of a scene: its colours, the shade in its folds, and its vertices for one frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Indices, Ints
from morph.model import Decoder, MorphableModel
from morph.rendering import rasterise, vertex_normals
from morph.rendering.sphere import fibonacci_sphere
from viewer.draw.lighting import Material
from viewer.draw.scene import MeshPart

SKIN = Material(roughness=0.52, reflectance=0.04, softness=(0.35, 0.16, 0.10))
SKIN_COLOUR = (0.82, 0.63, 0.55)
REGION_COLOURS = {
    "eye": (0.90, 0.88, 0.86),
    "teeth": (0.88, 0.85, 0.78),
    "tongue": (0.72, 0.40, 0.38),
    "gum": (0.70, 0.42, 0.40),
    "mouth": (0.48, 0.24, 0.22),
    "lash": (0.16, 0.12, 0.10),
}
MASK_COLOURS = {"lips": (0.72, 0.43, 0.41), "mouth": (0.48, 0.24, 0.22), "inside_mouth": (0.48, 0.24, 0.22)}
IRIS, PUPIL = (0.34, 0.42, 0.44), (0.04, 0.04, 0.05)


class Head:
    """Decodes a morphable model into parts of a scene.

    Args:
        model: the model whose coefficients will come.
    """

    def __init__(self, model: MorphableModel) -> None:
        self.model = model
        self.decoder = Decoder(model)
        self.albedo = head_colours(model)
        self.occlusion = sky_share(model.mean, model.triangles)

    def vertices(self, shape: npt.ArrayLike, expression: npt.ArrayLike) -> Floats:
        """``(V, 3)`` in the model's frame."""
        return self.decoder(shape, expression)

    def part(self, vertices: Floats, *, holdout: bool = False) -> MeshPart:
        """The head as a part; ``vertices`` are in the frame of the scene."""
        normals = vertex_normals(vertices, self.model.triangles)
        return MeshPart(vertices, self.model.triangles, self.albedo, normals, self.occlusion, SKIN, holdout)


def head_colours(model: MorphableModel) -> Floats:
    """``(V, 4)`` display RGB and alpha from the names of the model's regions and masks; skin where nothing is said."""
    colours = np.ones((model.n_vertices, 4), np.float32)
    colours[:, :3] = SKIN_COLOUR
    for name, mask in model.vertex_masks.items():
        if name in MASK_COLOURS:
            share = np.clip(mask, 0, 1)[:, None] * 0.8
            colours[:, :3] += share * (np.asarray(MASK_COLOURS[name], np.float32) - colours[:, :3])
    for index, name in enumerate(model.region_names):
        key = next((key for key in REGION_COLOURS if key in name and "skin" not in name), None)
        vertices = np.unique(model.triangles[model.regions == index])
        if key is None or not len(vertices):
            continue
        colours[vertices, :3] = REGION_COLOURS[key]
        if key == "eye" and "lash" not in name:
            _paint_iris(colours, model.mean, vertices)
    return colours


def _paint_iris(colours: Floats, mean: Floats, vertices: Indices) -> None:
    """Iris and pupil of an eyeball that looks along +z in the mean; sizes are shares of its radius."""
    points = mean[vertices]
    centre = 0.5 * (points.min(axis=0) + points.max(axis=0))
    radius = 0.5 * np.ptp(points, axis=0).max()
    off = np.hypot(points[:, 0] - centre[0], points[:, 1] - centre[1]) / radius
    front = points[:, 2] > centre[2]
    for colour, edge in ((IRIS, 0.52), (PUPIL, 0.20)):
        share = np.clip((edge - off) / 0.06 + 0.5, 0, 1)[:, None] * front[:, None]
        colours[vertices, :3] += (share * (np.asarray(colour, np.float32) - colours[vertices, :3])).astype(np.float32)


def sky_share(vertices: Floats, triangles: Ints, directions: int = 48, size: int = 144) -> Floats:
    """``(V,)`` how much of the sky above each vertex is open, 0..1: nostrils, ears and the mouth come out dark.

    The mesh is drawn from directions spread evenly over the sphere (a Fibonacci lattice); a vertex sees the sky in a
    direction when nothing drawn lies before it.
    """
    normals = vertex_normals(vertices, triangles)
    extent = float(np.ptp(vertices, axis=0).max()) * 1.8
    centre = 0.5 * (vertices.min(axis=0) + vertices.max(axis=0))
    seen, total = np.zeros(len(vertices), np.float32), np.zeros(len(vertices), np.float32)
    scale = size / extent
    for ray in fibonacci_sphere(directions).astype(np.float32):
        across = np.cross(ray, [0.0, 1.0, 0.0] if abs(ray[1]) < 0.9 else [1.0, 0.0, 0.0]).astype(np.float32)
        across /= np.linalg.norm(across)
        frame = np.stack([across, np.cross(ray, across), ray])
        points = (vertices - centre) @ frame.T * scale
        points[:, :2] = points[:, :2] * np.array([1, -1], np.float32) + size / 2
        depth = rasterise(points, triangles, size, size).depth
        x, y = (np.clip(np.rint(points[:, k]).astype(int), 0, size - 1) for k in (0, 1))
        weight = np.maximum(normals @ ray, 0)
        seen += weight * (depth[y, x] < points[:, 2] + 1.6)
        total += weight
    return np.clip(seen / np.maximum(total, 1e-6), 0.08, 1).astype(np.float32)
