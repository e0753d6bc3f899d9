"""The light that a prop keeps from the head below it, and the head from the prop."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Ints
from morph.model import MorphableModel
from morph.rendering import Fragments, interpolate, rasterise, vertex_normals
from morph.rendering.harmonics import COSINE_LOBE, FACTORS, harmonic_basis
from morph.rendering.sphere import fibonacci_sphere
from viewer.draw.lighting import Lighting
from viewer.draw.scene import MeshPart
from viewer.props import Placement, Wearer, Wearing

DIRECTIONS = 64  # all round the head
SIZE = 160  # pixels of the map that is drawn from each of them
REACH, SOFT_REACH = 55.0, 35.0  # millimetres round a prop in which skin is looked at, and of those over which shadow ends
BIAS = 0.6  # millimetres and
CELLS = 1.2  # pixels of the map that a surface must lie behind another to be in its shadow
STRENGTH = 0.9  # some light creeps through skin
DARKEST = 0.25  # share of light that always arrives
LEFT_OUT = {"neck": 1.0, "scalp": 0.6, "inner_mouth": 1.0}  # masks, and how far shadow fades there: hair is not on the mesh


class Contact:
    """What a prop shades, measured once with the prop on the mean head.

    For every vertex of the head near the prop, and for directions spread over the sphere, it is drawn whether the head
    itself leaves them open and whether the prop is in the way. Under any light that gives shadow and occlusion at once,
    they stay with the skin as the face moves, and nothing is measured anew that could tremble.

    Args:
        model: of the heads.
        wearing: what they wear; pieces with a texture lie on the skin and shade nothing.

    Attributes:
        occlusion: of every piece without a texture, in order, ``(V,)``: share of the sky that head and prop leave open.
    """

    def __init__(self, model: MorphableModel, wearing: Wearing) -> None:
        mean = Wearer(np.zeros(model.n_shape, np.float32), np.zeros(model.n_expression, np.float32))
        pieces = [p for p in wearing.parts(mean, Placement(np.eye(3), np.zeros(3))) if p.texture is None]
        self.rays = fibonacci_sphere(DIRECTIONS).astype(np.float32)
        self.rows = np.zeros(0, np.int64)
        self._through = np.zeros((0, DIRECTIONS), np.float32)
        self._blocked = self._through
        self.occlusion: list[Floats] = []
        self._n = model.n_vertices
        if pieces:
            self._measure(model, pieces)

    def _measure(self, model: MorphableModel, pieces: list[MeshPart]) -> None:
        unit = model.average_millimetre
        points = np.concatenate([piece.vertices for piece in pieces])
        away = np.maximum(points.min(axis=0) - model.mean, model.mean - points.max(axis=0)).max(axis=1)  # from its box
        normals = vertex_normals(model.mean, model.triangles)
        near = away < REACH * unit
        fade = _fade(model) * np.clip((REACH * unit - away) / (SOFT_REACH * unit), 0, 1)
        rows = np.flatnonzero(near & (fade > 0.02) & (np.abs(normals).sum(axis=1) > 0))
        head = np.ascontiguousarray(model.triangles[near[model.triangles].any(axis=1)])
        starts = np.cumsum([0] + [len(piece.vertices) for piece in pieces])
        triangles = np.concatenate([p.triangles + s for p, s in zip(pieces, starts[:-1], strict=True)]).astype(np.int32)
        density = np.concatenate([_density(piece) for piece in pieces])
        own_normals = np.concatenate(
            [p.normals if p.normals is not None else vertex_normals(p.vertices, p.triangles) for p in pieces]
        )
        through = np.zeros((len(rows), DIRECTIONS), np.float32)
        blocked = np.zeros_like(through)
        seen, total = np.zeros(len(points), np.float32), np.zeros(len(points), np.float32)
        for k, ray in enumerate(self.rays):
            frame, scale, middle = _view(ray, points, REACH * unit)

            def look(vertices: Floats, frame: Floats = frame, scale: float = scale, middle: Floats = middle) -> Floats:
                out = (vertices @ frame.T - middle) * np.float32(scale)
                out[:, :2] += SIZE / 2
                return np.asarray(out, np.float32)

            bias = BIAS * unit * scale + CELLS
            skull, prop = look(model.mean), look(points)
            head_depth = rasterise(skull, head, SIZE, SIZE).depth
            fragments = rasterise(prop, triangles, SIZE, SIZE, cull=False)
            cosine = np.maximum(normals[rows] @ ray, 0)
            lit = cosine > 0.02
            there = skull[rows[lit]]
            open_ = _clear(head_depth, there, bias + CELLS)
            cover = _cover(fragments, triangles, density, there, bias)
            through[lit, k] = cosine[lit] * open_
            blocked[lit, k] = cosine[lit] * open_ * cover
            cosine = np.maximum(own_normals @ ray, 0)
            both = np.maximum(
                head_depth, np.where(density[triangles].min(axis=1)[fragments.triangle_id] > 0.5, fragments.depth, -np.inf)
            )
            seen += cosine * _clear(both, prop, bias + CELLS)
            total += cosine
        touched = blocked.max(axis=1) > 0
        self.rows = rows[touched]
        self._through = through[touched]
        self._blocked = (blocked * fade[rows, None])[touched]
        whole = np.clip(seen / np.maximum(total, 1e-6), 0.15, 1).astype(np.float32)
        self.occlusion = [whole[a:b] for a, b in itertools.pairwise(starts)]

    def share(self, light: Lighting, rotation: npt.ArrayLike) -> Floats:
        """``(V, 3)`` share of linear light that still arrives at every vertex of the head, 1 away from the prop.

        Args:
            light: in the frame of the scene.
            rotation: ``(3, 3)`` of the head, from the model's frame to that of the scene.
        """
        out = np.ones((self._n, 3), np.float32)
        if len(self.rows):
            sky = _radiance(light, self.rays @ np.asarray(rotation, np.float32).T)
            kept = (self._blocked @ sky) / np.maximum(self._through @ sky, 1e-6)
            out[self.rows] = np.clip(1 - STRENGTH * kept, DARKEST, 1)
        return out

    def shaded(self, piece: MeshPart, number: int) -> MeshPart:
        """A piece of the prop with its share of the sky; ``number`` counts those without a texture."""
        return dataclasses.replace(piece, occlusion=self.occlusion[number])


def _radiance(light: Lighting, rays: Floats) -> Floats:
    """``(K, 3)`` light that comes from directions: what the harmonics say, never less than a tenth of their mean."""
    basis = harmonic_basis(rays)
    if light.harmonics is None:
        up = 0.5 + 0.5 * rays[:, 1:2]
        out = light.ground + (light.sky - light.ground) * up
        lobes = np.maximum(rays @ light.directions.T, 0) ** 8 * (9 / 2)  # a lamp, spread over 40 degrees, of the same flux
        return np.asarray(out + 2 * lobes @ light.colours, np.float32)
    sky = basis @ (light.harmonics / COSINE_LOBE[:, None])
    mean = FACTORS[0] * light.harmonics[0]
    return np.asarray(np.maximum(sky, 0.1 * np.maximum(mean, 1e-3)), np.float32)


def _density(piece: MeshPart) -> Floats:
    """``(V,)`` share of the light that a piece keeps: glass a little, all else everything."""
    return np.asarray(piece.albedo[:, 3] if piece.see_through else np.ones(len(piece.vertices)), np.float32)


def _fade(model: MorphableModel) -> Floats:
    """``(V,)`` how far shadow is drawn, 0..1."""
    fade = np.ones(model.n_vertices, np.float32)
    for name, share in LEFT_OUT.items():
        if name in model.vertex_masks:
            fade *= 1 - share * np.clip(model.vertex_masks[name], 0, 1)
    return fade


def _view(ray: Floats, points: Floats, margin: float) -> tuple[Floats, float, Floats]:
    """Rotation, scale and middle of a view along ``-ray`` that shows ``points`` and ``margin`` round them.

    Its y points down, so that triangles turn the way that the rasteriser expects.
    """
    across = np.cross(ray, [0.0, 1.0, 0.0] if abs(ray[1]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    frame = np.stack([across, -np.cross(ray, across), ray]).astype(np.float32)
    turned = points @ frame.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = (SIZE - 2) / (float((high - low)[:2].max()) + 2 * margin)
    return frame, scale, np.array([*(0.5 * (low + high))[:2], 0.0], np.float32)


def _clear(depth: Floats, points: Floats, bias: float) -> Floats:
    """``(N,)`` 1 where nothing lies before a point, softly."""
    column, row = (np.rint(points[:, k]).astype(int) for k in (0, 1))
    inside = (column >= 0) & (column < SIZE) & (row >= 0) & (row < SIZE)
    found = np.where(inside, depth[np.clip(row, 0, SIZE - 1), np.clip(column, 0, SIZE - 1)], -np.inf)
    return np.asarray(np.clip(1 - (found - points[:, 2] - bias) / CELLS, 0, 1), np.float32)


def _cover(fragments: Fragments, triangles: Ints, density: Floats, points: Floats, bias: float) -> Floats:
    """``(N,)`` how much of the light a prop keeps from points: the mean over the four cells round each."""
    thick = interpolate(fragments, triangles, density[:, None])[..., 0]
    out = np.zeros(len(points), np.float32)
    base = np.floor(points[:, :2]).astype(int)
    part = points[:, :2] - base
    for dx in (0, 1):
        for dy in (0, 1):
            column, row = base[:, 0] + dx, base[:, 1] + dy
            inside = (column >= 0) & (column < SIZE) & (row >= 0) & (row < SIZE)
            column, row = np.clip(column, 0, SIZE - 1), np.clip(row, 0, SIZE - 1)
            before = np.clip((fragments.depth[row, column] - points[:, 2] - BIAS) / bias, 0, 1) * inside
            weight = (part[:, 0] if dx else 1 - part[:, 0]) * (part[:, 1] if dy else 1 - part[:, 1])
            out += weight * before * thick[row, column]
    return out
