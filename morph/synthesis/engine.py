"""One labelled picture from one seed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from morph.model import MorphableModel, PerspectiveCamera, ScaledOrthographicCamera, fit_scaled_orthographic, load_default_model
from morph.rendering import Fragments, interpolate_covered, rasterise, vertex_normals
from morph.synthesis import clothing, facial_hair
from morph.synthesis.anatomy import CLOTH, ENAMEL, FEATURES, LEFT_EYE, RIGHT_EYE, SKIN, prepare_anatomy
from morph.synthesis.backgrounds import sample_background
from morph.synthesis.complexion import Complexion, sample_complexion
from morph.synthesis.environments import load_environments
from morph.synthesis.eyes import eye_colour, gaze_direction, lid_shadow
from morph.synthesis.glasses import Glasses, sample_glasses
from morph.synthesis.hair import HairStyle, Strands, comb_hair, sample_style
from morph.synthesis.headwear import sample_headwear
from morph.synthesis.lighting import Lighting, ShadowMap, sample_lighting
from morph.synthesis.mouth import build_denture
from morph.synthesis.occluders import frame_edges, occlude
from morph.synthesis.people import Person, sample_person
from morph.synthesis.photograph import develop, expose
from morph.synthesis.pixels import Lines, Surface, furnish, survey
from morph.synthesis.skin import mix_paint, paint_skin
from morph.synthesis.strands import Canvas, draw, draw_hair, project
from morph.synthesis.surfaces import creases, dot, lit, strand_lighting, unit
from morph.synthesis.viewpoint import Viewpoint, place_camera, sample_viewpoint, turn_shoulders

Floats = npt.NDArray[np.float32]
NEARNESS = 1000.0  # depth of the buffers is this over the distance in mm


@dataclass(frozen=True, eq=False)
class Picture:
    """A rendered face and its labels.

    Attributes:
        image: ``(size, size, 3)`` uint8 RGB.
        landmarks: ``(68, 2)`` pixels: the perspective projections of the landmark vertices.
        visibility: ``(68,)`` bool: not hidden by the head, hair or anything else.
        shape, expression: z-scores.
        camera: the scaled orthographic pose that fits the projected face best.
        perspective: the camera that took the picture; it projects the model's vertices to the picture's pixels.
    """

    image: npt.NDArray[np.uint8]
    landmarks: Floats
    visibility: npt.NDArray[np.bool_]
    shape: Floats
    expression: Floats
    camera: ScaledOrthographicCamera
    perspective: PerspectiveCamera


@dataclass(frozen=True, eq=False)
class _Scene:
    """Everything that was drawn by chance for one picture, and the head that follows from it."""

    rng: np.random.Generator
    person: Person
    look: Complexion
    style: HairStyle
    view: Viewpoint
    lighting: Lighting
    clothes: clothing.Clothes
    vertices: Floats
    points: Floats
    pixels: Floats
    normals: Floats
    table: Floats
    triangles: npt.NDArray[np.int32]
    material: npt.NDArray[np.int32]
    hair: Strands | None
    glasses: Glasses | None
    camera: PerspectiveCamera
    pixel: float


class Renderer:
    """Renders labelled pictures of faces; construct once, then call :meth:`render` with seeds.

    Args:
        environments: folder of panoramas; None uses procedural ones.
        model: a head model with regions; None takes the default one, subdivided once.

    Raises:
        MorphError: no such folder, or a model without regions.
    """

    def __init__(self, environments: str | os.PathLike[str] | None = None, model: MorphableModel | None = None) -> None:
        self.model = load_default_model(1) if model is None else model
        coarse = load_default_model(0).triangles if model is None else None
        self.anatomy = prepare_anatomy(self.model, coarse=coarse)
        self._azimuth = self.anatomy.azimuth(self.model.mean)
        self.environments = load_environments(environments)
        self.denture = build_denture(self.model, self.anatomy)
        a = self.anatomy
        parts, material = [a.triangles], [a.material]
        extra = 0 if self.denture is None else len(self.denture.vertices)
        if self.denture is not None:
            parts.append(self.denture.triangles + self.model.n_vertices)
            material.append(np.full(len(self.denture.triangles), ENAMEL, np.int32))
        self._triangles, self._material = np.concatenate(parts), np.concatenate(material)
        rest = np.zeros((extra, 3), np.float32)
        features = np.concatenate([a.features, np.zeros((extra, len(FEATURES)), np.float32)])
        if self.denture is not None:
            features[self.model.n_vertices :, FEATURES.index("occlusion")] = 1
            features[self.model.n_vertices :, FEATURES.index("mouth")] = self.denture.gum
        self._table = np.concatenate([np.concatenate([self.model.mean, rest]), features], 1)
        lm = a.landmarks
        self._face = np.flatnonzero(
            (self.model.mean[:, 2] > lm[0, 2])
            & (self.model.mean[:, 1] > lm[8, 1] - 5)
            & (self.model.mean[:, 1] < lm[19, 1] + 40)
            & np.isin(np.arange(self.model.n_vertices), a.part_vertices(SKIN))
        )[::20]

    def render(
        self,
        seed: int | tuple[int, ...],
        size: int = 160,
        supersampling: int = 1,
        *,
        direct: Callable[[Person, Viewpoint], tuple[Person, Viewpoint]] | None = None,
    ) -> Picture:
        """The picture of one seed; the same seed gives the same bytes.

        Args:
            seed: a number, or several.
            size: width and height of the picture.
            supersampling: 2 renders twice as large and scales down.
            direct: changes the person and the viewpoint that were drawn, to move one person through a clip.
        """
        rng = np.random.default_rng(seed)
        scene = self._compose(rng, size * supersampling, direct)
        light, hidden_by = self._draw(scene, size * supersampling)
        image = develop(rng, light, size)
        picture = self._label(scene, image, hidden_by, supersampling)
        frame_edges(rng, picture.image, picture.landmarks)
        return picture

    def _compose(
        self,
        rng: np.random.Generator,
        size: int,
        direct: Callable[[Person, Viewpoint], tuple[Person, Viewpoint]] | None,
    ) -> _Scene:
        a, model = self.anatomy, self.model
        person = sample_person(rng, model.n_shape, model.expression_names, model.expression_std)
        look = sample_complexion(rng, person)
        view = sample_viewpoint(rng)
        if direct is not None:
            person, view = direct(person, view)
        lighting = sample_lighting(rng, self.environments[rng.integers(len(self.environments))])
        style = sample_style(rng, person)
        clothes = clothing.sample_clothes(rng)
        head = a.decoder(person.shape, person.expression)
        camera = place_camera(view, head[model.landmarks], size)
        if self.denture is not None:
            teeth, tongue = self.denture.follow(head)
            head[self.denture.tongue[0]] = tongue
        radius = a.skin_radius(head)
        worn = sample_headwear(rng, a, radius)
        count = int(rng.uniform(2600, 3600) * max(1.0, size / 200))
        down = view.rotation.T @ np.array([0.0, -1.0, 0.0])
        hair = comb_hair(rng, a, person, look, style, head, radius, count, down, None if worn is None else worn.hides)
        glasses = sample_glasses(rng, a, head)
        head = turn_shoulders(head, model.mean, float(a.landmarks[8, 1]), view)
        head = clothing.dress(
            a, head, vertex_normals(head, a.triangles), clothing.covered(a, model.mean, clothes, self._azimuth)
        )
        vertices = head if self.denture is None else np.concatenate([head, teeth])
        triangles, material = self._triangles, self._material
        table = self._table
        normals = vertex_normals(vertices, triangles)
        if worn is not None:
            fabric = np.zeros((len(worn.vertices), len(FEATURES)), np.float32)
            fabric[:, FEATURES.index("occlusion")] = 0.9
            triangles = np.concatenate([triangles, worn.triangles + len(vertices)])
            material = np.concatenate([material, np.full(len(worn.triangles), CLOTH, np.int32)])
            normals = np.concatenate([normals, vertex_normals(worn.vertices, worn.triangles[: len(worn.triangles) // 2])])
            vertices = np.concatenate([vertices, worn.vertices])
            table = np.concatenate([table, np.concatenate([worn.colour, fabric], 1)])
        rotation = camera.rotation.astype(np.float32)
        points, pixels = (placed[0] for placed in self._place(vertices[None], camera))
        pixel = float(camera.focal) / view.distance
        return _Scene(
            rng,
            person,
            look,
            style,
            view,
            lighting,
            clothes,
            vertices,
            points,
            pixels,
            normals @ rotation.T,
            table,
            triangles,
            material,
            hair,
            glasses,
            camera,
            pixel,
        )

    def _project(self, points: Floats, camera: PerspectiveCamera) -> Floats:
        """Points of the camera frame to pixels and nearness."""
        z = np.maximum(-points[..., 2:], 20.0)
        xy = camera.centre + float(camera.focal) * points[..., :2] * np.array([1, -1]) / z
        return np.concatenate([xy, NEARNESS / z], -1).astype(np.float32)

    def _place(self, nodes: Floats, camera: PerspectiveCamera) -> tuple[Floats, Floats]:
        """Nodes of the model frame to the camera frame, and to pixels and nearness."""
        at, pixels = np.empty_like(nodes), np.empty_like(nodes)
        f = np.float32
        project(nodes, camera.rotation.astype(f), camera.position.astype(f), f(camera.focal), camera.centre.astype(f),
                f(NEARNESS), at, pixels)  # fmt: skip
        return at, pixels

    def _draw(self, s: _Scene, size: int) -> tuple[Floats, Floats]:
        """Linear light ``(size, size, 3)`` and the nearness ``(size, size)`` of whatever is in front."""
        rng = s.rng
        fragments = rasterise(s.pixels, s.triangles, size, size)
        seen = fragments.covered
        shadow = self._shadow(s)
        image = np.zeros((size, size, 3), np.float32)
        face_light = self._shade(s, fragments, shadow, image)
        cover = seen.astype(np.float32)
        depth = np.where(seen, fragments.depth, 0).astype(np.float32)
        front = depth.copy()
        self._draw_hair(s, shadow, image, depth, cover, front)
        gain = expose(rng, face_light, s.person.skin, s.person.tone).astype(np.float32)
        soft = cv2.GaussianBlur(cover, (0, 0), 0.5)
        image = cv2.GaussianBlur(image * cover[..., None], (0, 0), 0.5) * gain
        background = sample_background(rng, s.lighting, size)
        image = image + (1 - soft)[..., None] * background
        if s.glasses is not None:
            self._draw_glasses(s, shadow, image, depth, front, gain)
        marks = s.pixels[self.model.landmarks, :2]
        typical = face_light.mean(0) / s.person.skin * gain if len(face_light) else np.full(3, 0.4)
        hidden = occlude(rng, image, marks, s.person.skin, typical)
        front[hidden] = 1e3
        return image, front

    def _shadow(self, s: _Scene) -> ShadowMap:
        centre = s.points[self.model.landmarks].mean(0) + s.camera.rotation.astype(np.float32) @ np.array(
            [0, 0, -60], np.float32
        )
        shadow = ShadowMap(s.lighting.key, centre, 190.0)
        shadow.add(s.points, np.concatenate([self.anatomy.coarse, s.triangles[len(self._triangles) :]]))
        return shadow

    def _shade(self, s: _Scene, fragments: Fragments, shadow: ShadowMap, image: Floats) -> Floats:
        """Shade all surfaces into ``image``; returns the light of the face's skin for the exposure."""
        a = self.anatomy
        pixels, values = interpolate_covered(fragments, s.triangles, np.concatenate([s.normals, s.points], 1), s.table)
        seen = fragments.covered
        material = s.material[fragments.triangle_id.reshape(-1)[pixels]]
        angle, hair = a.hairline(*s.look.hairline)
        lines = Lines(
            angle, hair, a.hairline()[1], *clothing.edge(a, s.clothes), a.skull, *a.hair_scale, np.float32(a.landmarks[8, 1])
        )  # fmt: skip
        found = survey(values, material, lines, s.style.scalp)
        n, point, f32 = len(material), found.point, np.float32
        fold = creases(np.where(seen, NEARNESS / np.maximum(fragments.depth, 1e-3), 0), seen, 5 * s.pixel)
        sky = np.clip(values[:, 9], 0.05, 1) * fold.reshape(-1)[pixels]
        key = shadow.lit(point, s.lighting.softness)
        surface = Surface(
            np.full((n, 3), 0.3, f32), np.zeros((n, 2), f32), np.full(n, 0.3, f32), np.full(n, 0.5, f32), np.ones(n, f32), sky,
            key,
        )  # fmt: skip
        albedo, bend, gloss, rough, scatter, sky, key = surface
        skin, clothed = material == SKIN, found.below > 0
        paint_skin(values, np.flatnonzero(skin & ~clothed), found.azimuth, found.scalp, mix_paint(a, s.person, s.look), surface)
        worn = np.flatnonzero(skin & clothed)
        albedo[worn], bend[worn] = clothing.fabric(s.clothes, values[worn, 6:9])
        gloss[worn], rough[worn], scatter[worn] = 0.1, 0.8, 0.0
        lips = s.points[self.model.landmarks[[62, 66]]].mean(0)
        forward = np.ascontiguousarray(s.camera.rotation[:, 2], np.float32)
        bent = furnish(values, material, found, surface, lips, forward, s.rng.uniform(0.8, 1.1))
        normal = found.normal
        cornea, mirrored = np.zeros(n, np.float32), np.zeros((n, 3), np.float32)
        self._eyes(s, material, point, seen, albedo, bent, normal, gloss, rough, scatter, sky, key, cornea)
        light = lit(albedo, bent, normal, point, s.lighting, sky, key, gloss, rough, scatter)
        wet = np.flatnonzero(cornea > 0)
        if len(wet):
            rays = unit(-point[wet])
            out = 2 * dot(bent[wet], rays)[:, None] * bent[wet] - rays
            mirrored = s.lighting.mirrored(out)
            light[wet] += mirrored * (0.035 * cornea[wet] * np.clip(sky[wet] * 1.4, 0, 1))[:, None]
        image.reshape(-1, 3)[pixels] = light
        return light[found.face]

    def _eyes(
        self,
        s: _Scene,
        material: npt.NDArray,
        point: Floats,
        seen: npt.NDArray,
        albedo: Floats,
        bent: Floats,
        smooth: Floats,
        gloss: Floats,
        rough: Floats,
        scatter: Floats,
        sky: Floats,
        key: Floats,
        cornea: Floats,
    ) -> None:
        rng = s.rng
        pupil, pattern, bloodshot = rng.uniform(1.1, 2.6), rng.uniform(0, 500), rng.uniform(0, 1) ** 2
        mask = np.zeros(seen.shape, bool)
        mask[seen] = (material == LEFT_EYE) | (material == RIGHT_EYE)
        if not mask.any():
            return
        up = s.camera.rotation[:2, 1] * np.array([1, -1])
        shade = lid_shadow(mask, up, s.pixel)[seen]
        # pigment darkens the white; next to dark skin, which is exposed longer, it would glow
        white = 0.25 + 0.75 * min(float(s.person.skin.mean()) / 0.4, 1.0)
        for eye, kind in enumerate((LEFT_EYE, RIGHT_EYE)):
            rows = np.flatnonzero(material == kind)
            if not len(rows):
                continue
            ball = s.points[self.anatomy.eyes[eye]]
            centre = (ball.max(0) + ball.min(0)) / 2
            radius = float(np.median(np.linalg.norm(ball - centre, axis=1)))
            outward = unit(point[rows] - centre)
            gaze = s.camera.rotation @ gaze_direction(s.person, eye)
            albedo[rows], wet = eye_colour(outward, gaze, radius, s.person.iris, pupil, pattern + 90 * eye, bloodshot, white)
            bent[rows] = unit(outward * (1 - 0.35 * wet[:, None]) + 0.35 * wet[:, None] * gaze.astype(np.float32))
            smooth[rows] = bent[rows]
            cornea[rows] = 0.35 + 0.65 * wet
            gloss[rows], rough[rows], scatter[rows] = 1.0 + 2.0 * wet, 0.16, 0.4 * (1 - wet)
            sky[rows] = 0.8 * shade[rows]
            key[rows] *= np.clip(shade[rows] * 1.3 - 0.1, 0, 1)

    def _draw_hair(self, s: _Scene, shadow: ShadowMap, image: Floats, depth: Floats, cover: Floats, front: Floats) -> None:
        rotation, position = s.camera.rotation.astype(np.float32), s.camera.position.astype(np.float32)
        rng, canvas = s.rng, Canvas(image, depth, cover, front)

        def put(
            nodes: Floats, colour: npt.NDArray, shade: Floats, deep: Floats, width: float, opacity: float, shine: float
        ) -> None:
            n, m = nodes.shape[:2]
            at, pixels = self._place(nodes, s.camera)
            order = np.argsort(pixels[:, m // 2, 2], kind="stable")
            light = strand_lighting(colour, s.lighting, shadow, shine)
            wide = np.float32(width * s.pixel * s.view.distance / NEARNESS)
            draw_hair(order, at, pixels, shade, deep, light, np.full((n, m, 3), -1, np.float32), wide, np.float32(opacity),
                      canvas, np.float32(0.996))  # fmt: skip

        if s.hair is not None:
            shadow.add_hair((s.hair.nodes[:, 1::2] @ rotation.T + position).reshape(-1, 3), 0.05)
        heads = self.model.n_vertices
        bristles = facial_hair.beard(rng, self.anatomy, s.vertices[:heads], (s.normals @ rotation)[:heads], s.look)
        if bristles is not None:
            n = len(bristles)
            put(
                bristles,
                s.look.beard,
                np.exp(rng.normal(0, 0.2, n)).astype(np.float32),
                np.tile(np.linspace(0.3, 1, 4, dtype=np.float32), (n, 1)),
                0.5,
                0.75,
                0.5,
            )
        fringe = facial_hair.lashes(rng, self.anatomy, s.vertices, s.person)
        put(
            fringe, s.person.brow * 0.4, np.ones(len(fringe), np.float32), np.ones(fringe.shape[:2], np.float32), 0.28, 0.8, 0.0
        )
        if s.hair is not None:
            put(s.hair.nodes, s.person.hair, s.hair.shade, s.hair.depth, s.hair.width, 0.9, float(rng.uniform(0.3, 1.3)))

    def _draw_glasses(self, s: _Scene, shadow: ShadowMap, image: Floats, depth: Floats, front: Floats, gain: Floats) -> None:
        g = s.glasses
        assert g is not None
        rotation, position = s.camera.rotation.astype(np.float32), s.camera.position.astype(np.float32)
        forward = rotation[:, 2]
        for outline in g.lenses:
            at = outline @ rotation.T + position
            pixels = self._project(at, s.camera)
            mask = np.zeros(depth.shape, np.float32)
            cv2.fillPoly(mask, [(pixels[:, :2] * 16 + 0.5).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
            mask *= depth < pixels[:, 2].mean() * 1.004
            rows, columns = np.nonzero(mask)
            if not len(rows):
                continue
            middle = pixels[:, :2].mean(0)
            bulge = 0.35 / max(float(np.ptp(pixels[:, :2], axis=0).max()), 1.0)
            normal = np.tile(forward, (len(rows), 1))
            normal[:, 0] += bulge * (columns - middle[0])
            normal[:, 1] -= bulge * (rows - middle[1])
            normal = unit(normal)
            ray = -unit(at.mean(0))
            mirrored = s.lighting.mirrored(2 * (normal @ ray)[:, None] * normal - ray) * gain
            alpha = mask[rows, columns][:, None]
            facing = abs(float(forward @ ray))
            fresnel = (0.05 + 0.5 * (1 - facing) ** 4) * g.mirror
            image[rows, columns] += alpha * (image[rows, columns] * (g.tint - 1) + fresnel * mirrored).astype(np.float32)
        at = g.frame @ rotation.T + position
        n, m = at.shape[:2]
        arrives = shadow.lit(at.reshape(-1, 3), 0.0, bias=8.0).reshape(n, m, 1)
        light = g.colour * (
            s.lighting.soft(np.tile(forward, (n * m, 1))).reshape(n, m, 3) + 0.6 * arrives * s.lighting.key_light
        )
        light = (light + 0.02 * s.lighting.key_light * arrives) * gain
        canvas = Canvas(image, depth, np.zeros_like(depth), front)
        wide = np.float32(g.width * s.pixel)
        draw(self._project(at, s.camera), light.astype(np.float32), wide, np.float32(0.95), canvas, np.float32(0.994))

    def _label(self, s: _Scene, image: npt.NDArray[np.uint8], front: Floats, supersampling: int) -> Picture:
        marks = s.pixels[self.model.landmarks]
        size = front.shape[0]
        column, row = (
            np.clip(marks[:, 0].round().astype(int), 0, size - 1),
            np.clip(marks[:, 1].round().astype(int), 0, size - 1),
        )
        nearest = cv2.erode(front, np.ones((3, 3)))[row, column]
        distance = NEARNESS / np.maximum(marks[:, 2], 1e-6)
        inside = (marks[:, :2] > -0.5).all(1) & (marks[:, :2] < size - 0.5).all(1)
        visible = inside & (distance < NEARNESS / np.maximum(nearest, 1e-6) + 6.0)
        landmarks = (marks[:, :2] + 0.5) / supersampling - 0.5
        flat = (s.pixels[self._face, :2] + 0.5) / supersampling - 0.5
        camera = fit_scaled_orthographic(s.vertices[self._face], flat)
        centre = (s.camera.centre + 0.5) / supersampling - 0.5
        exact = PerspectiveCamera(s.camera.rotation, s.camera.position, np.asarray(s.camera.focal) / supersampling, centre)
        return Picture(image, landmarks.astype(np.float32), visible, s.person.shape, s.person.expression, camera, exact)
