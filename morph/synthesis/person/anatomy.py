"""What the renderer knows of a head model beyond its mesh: parts, skin regions, where hair and brows grow."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Floats, Ints
from morph.compiled import compiled
from morph.errors import MorphError
from morph.model import Decoder, MorphableModel, ibug68
from morph.rendering import rasterise, vertex_normals

SKIN, LEFT_EYE, RIGHT_EYE, TEETH, TONGUE, CLOTH, ENAMEL = range(7)  # materials
FEATURES = ("occlusion", "lips", "mouth", "ears", "cheeks", "nose", "sockets", "lids", "moustache", "chin", "jaw", "lash_line")
# brow hair in mm from the centre of the eyeball (x outwards, y up): along the orbital ridge, highest over the outer iris
BROW = ((-14.5, 19.5), (-5.0, 20.9), (4.5, 21.3), (14.0, 19.3), (24.0, 12.8))


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A model prepared for rendering; everything is in the frame of the model's mean, in its unit (millimetres).

    Attributes:
        model: the morphable model.
        decoder: of all its vertices.
        triangles, material: ``(F, 3)`` without the helper teeth, and ``(F,)`` one of the materials of this module.
        coarse: ``(n, 3)`` triangles for shadows.
        features: ``(V, len(FEATURES))`` weights 0..1 of regions of the skin.
        skull: ``(3,)`` centre of the cranium.
        eye_height, top: y of the eyes and of the vertex.
        root_triangle, root_weight: scalp points ``(R,)`` and ``(R, 3)`` from which hair may grow.
        surface_triangle, surface_weight: ``(A, B)`` and ``(A, B, 3)``: the outermost point of the skin in each direction
            from the skull: azimuth -180..180 degrees (0 is the front), elevation -90..90.
        brow_line: ``(n, 2)`` x (from the middle outwards) and y of the left brow's hair, on the orbital ridge.
        brow_depth: brows lie before this z.
    """

    model: MorphableModel
    decoder: Decoder
    triangles: Ints
    material: Ints
    coarse: Ints
    features: Floats
    skull: Floats
    eye_height: float
    top: float
    root_triangle: Ints
    root_weight: Floats
    surface_triangle: Ints
    surface_weight: Floats
    brow_line: Floats
    brow_depth: float

    @functools.cached_property
    def landmarks(self) -> Floats:
        """``(68, 3)`` landmarks of the mean."""
        return self.model.mean[self.model.landmarks]

    def part_vertices(self, material: int) -> Ints:
        """Vertices of one part."""
        return np.unique(self.triangles[self.material == material])

    @functools.cached_property
    def root_place(self) -> Floats:
        """``(R, 3)`` points of the mean from which hair may grow."""
        corners = self.model.mean[self.model.triangles[self.root_triangle]]
        return np.asarray(np.einsum("nk,nkc->nc", self.root_weight, corners).astype(np.float32))

    @functools.cached_property
    def root_azimuth(self) -> Floats:
        """``(R,)`` azimuth of the roots in degrees."""
        return self.angles(self.root_place)[0]

    @functools.cached_property
    def root_elevation(self) -> Floats:
        """``(R,)`` elevation of the roots in degrees."""
        return self.angles(self.root_place)[1]

    @functools.cached_property
    def eyes(self) -> tuple[Ints, Ints]:
        """Vertices of the left and of the right eyeball."""
        return self.part_vertices(LEFT_EYE), self.part_vertices(RIGHT_EYE)

    def angles(self, points: Floats) -> tuple[Floats, Floats]:
        """Azimuth and elevation in degrees of points ``(N, 3)`` seen from the skull's centre."""
        q = points - self.skull
        flat = np.sqrt(q[:, 0] ** 2 + q[:, 2] ** 2)
        return np.degrees(np.arctan2(q[:, 0], q[:, 2])), np.degrees(np.arctan2(q[:, 1], flat))

    def azimuth(self, points: Floats) -> Floats:
        """The azimuth of :meth:`angles` alone, in degrees."""
        return np.asarray(np.arctan2(points[:, 0] - self.skull[0], points[:, 2] - self.skull[2]) * np.float32(180 / np.pi))

    def skin_radius(self, vertices: Floats) -> Floats:
        """``(A, B)`` distance of a person's skin from the skull's centre by azimuth and elevation."""
        out = np.empty(self.surface_triangle.shape, np.float32)
        _radius(vertices, self.model.triangles, (self.surface_triangle, self.surface_weight), self.skull, out)
        return out

    def hair_distance(
        self, points: Floats, recession: float = 0.0, lift: float = 0.0, peak: float = 0.0, azimuth: Floats | None = None
    ) -> Floats:
        """How far (mm, roughly) points of the mean's skin lie above the hairline; negative is bare skin.

        Args:
            points: ``(N, 3)`` on the mean.
            recession: mm by which the temples recede.
            lift: mm by which the whole forehead line is raised.
            peak: mm by which the middle of the forehead line comes down.
            azimuth: ``(N,)`` of the points in degrees, where it is known already.
        """
        azimuth = np.abs(self.azimuth(points) if azimuth is None else azimuth)
        base, stretch = self.hair_scale
        angle, line = self.hairline(recession, lift, peak)
        return ((points[:, 1] - base) * stretch - np.interp(azimuth, angle, line)).astype(np.float32)

    @property
    def hair_scale(self) -> tuple[np.float32, np.float32]:
        """The y at which heights of the hairline count from zero, and mm of such a height for one mm of the head."""
        return np.float32(self.eye_height), np.float32(105.0 / (self.top - self.eye_height))

    def hairline(self, recession: float = 0.0, lift: float = 0.0, peak: float = 0.0) -> tuple[Floats, Floats]:
        """Azimuths (degrees) and heights (see :attr:`hair_scale`) of the hairline; arguments as :meth:`hair_distance`."""
        angle = np.array([0, 12, 28, 40, 50, 58, 66, 74, 80, 86, 100, 112, 124, 140, 180.0])
        line = np.array([64, 64, 62, 54, 40, 24, 14, -4, -16, 16, 24, 0, -38, -56, -62.0])
        line[:3] += lift + np.array([-peak, 0, 0.5 * recession])
        line[3:6] += np.array([0.8 * lift + 0.9 * recession, 0.5 * lift + 0.6 * recession, 0.3 * recession])
        return angle.astype(np.float32), line.astype(np.float32)


@compiled
def _radius(vertices: Any, triangles: Any, surface: Any, centre: Any, out: Any) -> None:
    triangle, weight = surface
    for a in range(out.shape[0]):
        for b in range(out.shape[1]):
            total = np.float32(0.0)
            for c in range(3):
                place = -centre[c]
                for k in range(3):
                    place += weight[a, b, k] * vertices[triangles[triangle[a, b], k], c]
                total += place * place
            out[a, b] = np.sqrt(total)


def prepare_anatomy(model: MorphableModel, brow_line: npt.ArrayLike | None = None, coarse: Ints | None = None) -> Anatomy:
    """Work out an :class:`Anatomy` from a subdivided head model with named regions and masks.

    Args:
        model: the head model.
        brow_line: ``(n, 2)`` x and y in mm from the centre of the left eyeball of points along the left brow's hair,
            inner end first; None takes :data:`BROW`.
        coarse: ``(n, 3)`` triangles that are fine enough for shadows; None takes all.

    Raises:
        MorphError: the model has no regions for skin and eyes, or the brow's line is not ``(n, 2)``.
    """
    offsets = np.asarray(BROW if brow_line is None else brow_line, np.float32)
    if offsets.ndim != 2 or offsets.shape[1] != 2 or len(offsets) < 2:
        raise MorphError(f"brow_line must be (n, 2) with two points at least, got {offsets.shape}")
    material = _materials(model)
    skin = material == SKIN
    ball = model.mean[np.unique(model.triangles[material == LEFT_EYE])]
    eyeball = (ball.min(0) + ball.max(0)) / 2
    keep = material != TEETH
    mean, lm = model.mean, model.mean[model.landmarks]
    body = np.zeros(model.n_vertices, bool)
    body[model.triangles[skin]] = True
    top = float(mean[body, 1].max())
    eye_height = float(lm[list(ibug68.EYES), 1].mean())
    temples = body & (np.abs(mean[:, 1] - (0.6 * top + 0.4 * eye_height)) < 12)
    skull = np.array(
        [0, eye_height + 0.12 * (top - eye_height), (mean[temples, 2].max() + mean[temples, 2].min()) / 2], np.float32
    )
    normals = vertex_normals(mean, model.triangles)
    ears = _mask(model, "ear")
    inner = np.clip(_mask(model, "mouth"), 0, 1)
    features = _features(model, normals, body, skull)
    surface = _surface(model, skin & (ears[model.triangles].max(1) < 0.5) & (inner[model.triangles].max(1) < 0.5), skull)
    anatomy = Anatomy(
        model=model,
        decoder=Decoder(model),
        triangles=model.triangles[keep],
        material=material[keep],
        coarse=model.triangles[keep] if coarse is None else coarse,
        features=features,
        skull=skull,
        eye_height=eye_height,
        top=top,
        root_triangle=np.zeros(0, np.int32),
        root_weight=np.zeros((0, 3), np.float32),
        surface_triangle=surface[0],
        surface_weight=surface[1],
        brow_line=offsets + eyeball[:2],
        brow_depth=float(eyeball[2] - 15),
    )
    bare = (features[:, FEATURES.index("ears")] > 0.3) | ~body
    roots = _scatter_roots(anatomy, skin, bare)
    object.__setattr__(anatomy, "root_triangle", roots[0])
    object.__setattr__(anatomy, "root_weight", roots[1])
    return anatomy


def _materials(model: MorphableModel) -> Ints:
    kinds = np.full(max(len(model.region_names), 1), SKIN)
    for i, name in enumerate(model.region_names):
        for word, kind in (("teeth", TEETH), ("tongue", TONGUE)):
            if word in name:
                kinds[i] = kind
        if "eye" in name and "lash" not in name and "brow" not in name:
            kinds[i] = LEFT_EYE if "left" in name or name.endswith("_l") else RIGHT_EYE
    if not {LEFT_EYE, RIGHT_EYE} <= set(kinds.tolist()) or not len(model.regions):
        raise MorphError(f"model {model.name!r} has no regions for skin and eyes; pictures are rendered with the default model")
    return kinds[model.regions].astype(np.int32)


def _mask(model: MorphableModel, word: str) -> Floats:
    found = [mask for name, mask in model.vertex_masks.items() if word in name]
    return found[0] if found else np.zeros(model.n_vertices, np.float32)


def _features(model: MorphableModel, normals: Floats, body: Bools, skull: Floats) -> Floats:
    ears, inner = _mask(model, "ear"), np.clip(_mask(model, "mouth"), 0, 1)
    mean, lm = model.mean, model.mean[model.landmarks]
    x, y, z = np.abs(mean[:, 0]), mean[:, 1], mean[:, 2]

    def near(centre: Floats, *sigma: float) -> Floats:
        offset = (np.stack([x, y, z], 1) - np.abs(centre) * [1, 0, 0] - centre * [0, 1, 1]) / np.array(sigma)
        return np.asarray(np.exp(-0.5 * (offset**2).sum(1)).astype(np.float32))

    def step(value: Floats, width: float) -> Floats:
        return np.asarray(np.clip(value / width + 0.5, 0, 1))

    eye = lm[list(ibug68.LEFT_EYE)].mean(0)
    outside = body & (inner < 0.5)
    mouth_y, nose_y, chin_y = lm[list(ibug68.MOUTH_CORNERS), 1].mean(), lm[33, 1], lm[8, 1]
    cheek = 0.45 * lm[13] + 0.55 * lm[35]
    lips = np.clip(_mask(model, "lip") * 1.1, 0, 1)
    under_nose = (
        step(nose_y - 1 - y, 4) * step(y - lm[62, 1] + 2, 5) * step(lm[54, 0] * 1.12 - x, 8) * step(z - lm[54, 2] + 14, 8)
    )
    chin = step(mouth_y + 3 - y, 6) * step(lm[54, 0] * 1.05 - x, 9) * step(y - chin_y + 14, 8) * step(z - lm[8, 2] + 35, 12)
    azimuth = np.degrees(np.arctan2(x, z - skull[2]))
    ear = float(np.degrees(np.arctan2(lm[16, 0], lm[16, 2] - skull[2])))
    rise = np.interp(azimuth / ear, [0, 0.3, 0.5, 0.72, 0.86, 0.95], [-2, 2, 4, 14, 40, lm[16, 1] - mouth_y + 12])
    floor = np.interp(azimuth / ear, [0, 0.4, 0.8, 1.0], [chin_y - 24, chin_y - 16, lm[13, 1] - 14, lm[15, 1]])
    jaw = step(mouth_y + rise - y, 9) * step(y - floor, 14) * step(1.02 - azimuth / ear, 0.1)
    lash = np.zeros_like(x)
    for a, b in itertools.pairwise(ibug68.LEFT_UPPER_EDGE[::-1]):
        for t in np.linspace(0, 1, 4):
            lash = np.maximum(lash, near(lm[a] * (1 - t) + lm[b] * t, 1.3, 1.1, 3))
    return np.stack(
        [
            _occlusion(model, normals),
            lips * outside,
            inner,
            ears,
            near(cheek, 15, 12, 22),
            near(lm[30], 11, 9, 12) + 0.7 * near(lm[35], 7, 7, 10),
            near(eye - np.array([0, 9, 0]), 13, 6, 16),
            near(eye + np.array([0, 7, 0]), 14, 6, 14),
            under_nose * outside * (1 - 0.8 * lips),
            chin * outside * (1 - lips),
            jaw * outside * (1 - lips) * (1 - ears),
            lash * outside,
        ],
        axis=1,
    ).astype(np.float32)


def _occlusion(model: MorphableModel, normals: Floats) -> Floats:
    """How much of the sky each vertex of the mean sees, cosine weighted, by depth maps from 72 directions."""
    size = 192
    k = np.arange(72) + 0.5
    z = 1 - 2 * k / 72
    turn = k * np.pi * (3 - np.sqrt(5))
    seen, total = np.zeros(model.n_vertices), np.full(model.n_vertices, 1e-6)
    head = model.mean - model.mean[model.landmarks].mean(0)
    for direction in np.stack([np.sqrt(1 - z**2) * np.cos(turn), z, np.sqrt(1 - z**2) * np.sin(turn)], 1):
        side = np.cross([0.1, 1, 0.2], direction)
        side /= np.linalg.norm(side)
        points = head @ np.stack([side, -np.cross(direction, side), direction], 1) * np.array([0.6, 0.6, 1.0]) + [
            size / 2,
            size / 2,
            0,
        ]
        depth = rasterise(points, model.triangles, size, size, cull=False).depth
        i, j = np.clip(points[:, 1].round().astype(int), 0, size - 1), np.clip(points[:, 0].round().astype(int), 0, size - 1)
        weight = np.maximum(normals @ direction, 0)
        seen += weight * (points[:, 2] > depth[i, j] - 5.0)
        total += weight
    return np.asarray((seen / total).astype(np.float32))


def _surface(model: MorphableModel, faces: Bools, skull: Floats, columns: int = 120, rows: int = 60) -> tuple[Ints, Floats]:
    q = model.mean - skull
    azimuth, elevation = np.arctan2(q[:, 0], q[:, 2]), np.arctan2(q[:, 1], np.hypot(q[:, 0], q[:, 2]))
    points = np.stack(
        [
            (azimuth / (2 * np.pi) + 0.5) * columns - 0.5,
            (elevation / np.pi + 0.5) * rows - 0.5,
            np.linalg.norm(q, axis=1),
        ],
        1,
    )
    triangles = model.triangles[faces]
    narrow = np.ptp(points[triangles][:, :, 0], axis=1) < columns / 4
    index = np.flatnonzero(faces)[narrow]
    fragments = rasterise(points, triangles[narrow], rows, columns, cull=False)
    triangle = np.where(fragments.covered, index[fragments.triangle_id], -1)
    weight = fragments.barycentric.copy()
    # directions that no triangle fills (poles, the seam, below the neck) take the vertex nearest in direction
    body = np.unique(triangles)
    unit = q[body] / np.linalg.norm(q[body], axis=1, keepdims=True)
    first = np.zeros(model.n_vertices, np.int64)
    corner = np.zeros(model.n_vertices, np.int64)
    for k in range(3):
        first[model.triangles[faces][:, k]] = np.flatnonzero(faces)
        corner[model.triangles[faces][:, k]] = k
    for row, column in np.argwhere(triangle < 0):
        a, e = ((column + 0.5) / columns - 0.5) * 2 * np.pi, ((row + 0.5) / rows - 0.5) * np.pi
        direction = np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
        vertex = body[(unit @ direction).argmax()]
        triangle[row, column] = first[vertex]
        weight[row, column] = np.eye(3)[corner[vertex]]
    return triangle.astype(np.int32).T.copy(), weight.transpose(1, 0, 2).astype(np.float32).copy()


def _scatter_roots(anatomy: Anatomy, skin: Bools, bare: Bools, count: int = 24000) -> tuple[Ints, Floats]:
    model = anatomy.model
    rng = np.random.default_rng(7)
    scalp = skin & ~bare[model.triangles].any(1) & (anatomy.hair_distance(model.mean[model.triangles].mean(1)) > -22)
    rows = np.flatnonzero(scalp)
    corners = model.mean[model.triangles[rows]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = rng.choice(rows, count, p=area / area.sum())
    weight = rng.dirichlet([1, 1, 1], count)
    return chosen.astype(np.int32), weight.astype(np.float32)
