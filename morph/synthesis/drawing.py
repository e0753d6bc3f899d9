"""A scene into linear light: surfaces, eyes, hair, glasses and what stands in front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from morph.rendering import Fragments, rasterise
from morph.synthesis.around.backgrounds import sample_background
from morph.synthesis.around.occluders import occlude
from morph.synthesis.arrays.compositing import lay_over, weigh
from morph.synthesis.camera.photograph import expose
from morph.synthesis.hair import facial_hair
from morph.synthesis.hair.drawing import draw_hair
from morph.synthesis.hair.strands import Canvas, draw
from morph.synthesis.light.lighting import ShadowMap
from morph.synthesis.person.anatomy import LEFT_EYE, RIGHT_EYE, SKIN
from morph.synthesis.scene import NEARNESS, Scene, Stage
from morph.synthesis.surfaces.eyes import eye_colour, gaze_direction, lid_shadow
from morph.synthesis.surfaces.pixels import Lines, Surface, Survey, furnish, survey
from morph.synthesis.surfaces.refinements import fold_skin, lower_lashes, refract, wet_edge
from morph.synthesis.surfaces.samples import Samples, interpolate_samples, share_samples, single_samples, spread
from morph.synthesis.surfaces.skin import mix_paint, paint_skin
from morph.synthesis.surfaces.surfaces import creases, dot, lit, strand_lighting, unit
from morph.synthesis.worn import clothing

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

GREY = 0.2  # linear light of a background that is left out
RIM = np.array([0.5, 0.3, 0.27], np.float32)  # wet edge of the lower lid, linear RGB
DARK = 0.5  # lenses that pass less of the light hide what is behind them


@dataclass(eq=False)
class Layers:
    """How much of each pixel ``(size, size)`` shows what lies over the surfaces of a head, 0..1; ``glass`` are dark lenses."""

    beard: Floats
    hair: Floats
    frames: Floats
    glass: Floats
    things: Floats

    @classmethod
    def empty(cls, size: int) -> Layers:
        """For :func:`draw_scene` to fill."""
        return cls(*np.zeros((5, size, size), np.float32))


def draw_scene(
    stage: Stage,
    s: Scene,
    size: int,
    layers: Layers | None = None,
    spare: np.random.Generator | None = None,
    supersampling: int = 1,
) -> tuple[Floats, Floats]:
    """Linear light ``(size, size, 3)`` and the nearness ``(size, size)`` of whatever is in front.

    Args:
        stage, s: the scene.
        size: pixels.
        layers: filled where given.
        spare: random numbers of the second engine's additions; None leaves them out.
        supersampling: 2 where the picture will be half as large: smooth surfaces are then shaded once for four pixels.
    """
    rng = s.rng
    own = spare if spare is None or s.who is s.rng else s.who.spawn(1)[0]
    fragments = rasterise(s.pixels, s.triangles, size, size)
    seen = fragments.covered
    shadow = _shadow(stage, s)
    image = np.zeros((size, size, 3), np.float32)
    face_light = _shade(stage, s, fragments, shadow, image, own, supersampling)
    depth = np.where(seen, fragments.depth, 0).astype(np.float32)
    front = depth.copy()
    strands = np.zeros((size, size), np.float32)
    _draw_hair(stage, s, shadow, Canvas(image, depth, strands, front), layers, own)
    cover = np.where(seen, np.float32(1), strands)
    weigh(image, cover)
    gain = expose(rng, face_light, s.person.skin, s.person.tone).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.5), np.float32)
    head = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.5), np.float32)
    background = sample_background(rng, s.backdrop, size)
    if not s.recipe.has("background"):
        background = np.full_like(background, GREY)
    image = lay_over(head, gain, soft, background)
    if s.glasses is not None:
        _draw_glasses(stage, s, shadow, image, depth, front, gain, layers, spare)
    marks = s.pixels[stage.model.landmarks, :2]
    typical = face_light.mean(0) / s.person.skin * gain if len(face_light) else np.full(3, 0.4)
    clear = not s.recipe.has("occlusion")
    hidden = occlude(rng, image.copy() if clear else image, marks, s.person.skin, typical)
    if not clear:
        front[hidden] = 1e3
        if layers is not None:
            layers.things[hidden] = 1
    return image, front


def survey_surfaces(
    stage: Stage, s: Scene, fragments: Fragments, samples: Samples
) -> tuple[npt.NDArray[np.int32], Floats, Survey]:
    """Materials, tables and survey of the samples."""
    a = stage.anatomy
    values = interpolate_samples(fragments, samples, s.triangles, s.normals, s.points, s.table)
    material = s.material[fragments.triangle_id.reshape(-1)[samples.first]]
    angle, hair = a.hairline(*s.look.hairline)
    lines = Lines(
        angle, hair, a.hairline()[1], *clothing.edge(a, s.clothes), a.skull, *a.hair_scale, np.float32(a.landmarks[8, 1])
    )  # fmt: skip
    return material, values, survey(values, material, lines, s.style.scalp)


def _shadow(stage: Stage, s: Scene) -> ShadowMap:
    centre = s.points[stage.model.landmarks].mean(0) + s.camera.rotation.astype(np.float32) @ np.array([0, 0, -60], np.float32)
    shadow = ShadowMap(s.lighting.key, centre, 190.0)
    shadow.add(s.points, np.concatenate([stage.anatomy.coarse, s.triangles[len(stage.triangles) :]]))
    return shadow


def _shade(
    stage: Stage,
    s: Scene,
    fragments: Fragments,
    shadow: ShadowMap,
    image: Floats,
    spare: np.random.Generator | None,
    supersampling: int,
) -> Floats:
    """Shade all surfaces into ``image``; returns the light of the face's skin for the exposure."""
    a = stage.anatomy
    if supersampling == 2:
        smooth = np.concatenate([stage.smooth, np.full(len(s.triangles) - len(stage.smooth), 2, np.uint8)])
        plain = s.clothes.pattern == "plain"
        samples = share_samples(fragments, s.triangles, smooth, s.below, plain, NEARNESS, s.pixel)
    else:
        samples = single_samples(fragments)
    material, values, found = survey_surfaces(stage, s, fragments, samples)
    n, point, f32 = len(material), found.point, np.float32
    fold = creases(fragments.depth, samples, NEARNESS, 5 * s.pixel, supersampling)
    sky = np.clip(values[:, 9], 0.05, 1) * fold
    key = shadow.lit(point, s.lighting.softness)
    surface = Surface(
        np.full((n, 3), 0.3, f32), np.zeros((n, 2), f32), np.full(n, 0.3, f32), np.full(n, 0.5, f32), np.ones(n, f32), sky,
        key,
    )  # fmt: skip
    albedo, bend, gloss, rough, scatter, sky, key = surface
    skin, clothed = material == SKIN, found.below > 0
    paint = mix_paint(a, s.person, s.paint)
    bare = np.flatnonzero(skin & ~clothed)
    paint_skin(values, bare, found.azimuth, found.scalp, paint, surface, s.recipe.has("skin"))
    if spare is not None and s.recipe.has("skin"):
        fold_skin(spare, a, s.person, values, bare, s.camera.rotation, bend, sky)
    worn = np.flatnonzero(skin & clothed)
    albedo[worn], bend[worn] = clothing.fabric(s.clothes, values[worn, 6:9])
    gloss[worn], rough[worn], scatter[worn] = 0.1, 0.8, 0.0
    lips = s.points[stage.model.landmarks[[62, 66]]].mean(0)
    forward = np.ascontiguousarray(s.camera.rotation[:, 2], np.float32)
    bent = furnish(values, material, found, surface, lips, forward, s.who.uniform(0.8, 1.1))
    normal = found.normal
    cornea, mirrored = np.zeros(n, np.float32), np.zeros((n, 3), np.float32)
    _eyes(
        stage,
        s,
        material,
        point,
        samples,
        image.shape[:2],
        albedo,
        bent,
        normal,
        gloss,
        rough,
        scatter,
        sky,
        key,
        cornea,
        spare,
    )
    light = lit(albedo, bent, normal, point, s.lighting, sky, key, gloss, rough, scatter)
    wet = np.flatnonzero(cornea > 0)
    if len(wet):
        rays = unit(-point[wet])
        out = 2 * dot(bent[wet], rays)[:, None] * bent[wet] - rays
        mirrored = s.lighting.mirrored(out)
        light[wet] += mirrored * (0.035 * cornea[wet] * np.clip(sky[wet] * 1.4, 0, 1))[:, None]
    spread(samples, light, image)
    face = np.flatnonzero(found.face)
    return light[np.repeat(face, samples.weight[face])]


def _eyes(
    stage: Stage,
    s: Scene,
    material: npt.NDArray,
    point: Floats,
    samples: Samples,
    size: tuple[int, ...],
    albedo: Floats,
    bent: Floats,
    smooth: Floats,
    gloss: Floats,
    rough: Floats,
    scatter: Floats,
    sky: Floats,
    key: Floats,
    cornea: Floats,
    spare: np.random.Generator | None,
) -> None:
    pupil, pattern, bloodshot = s.rng.uniform(1.1, 2.6), s.who.uniform(0, 500), s.rng.uniform(0, 1) ** 2
    both = np.flatnonzero((material == LEFT_EYE) | (material == RIGHT_EYE))
    if not len(both):
        return
    mask = np.zeros(size, bool)
    mask.reshape(-1)[samples.first[both]] = True
    up = s.camera.rotation[:2, 1] * np.array([1, -1])
    shade = lid_shadow(mask, up, s.pixel).reshape(-1)
    tears = wet_edge(mask, up, s.pixel).reshape(-1) if spare is not None else None
    # pigment darkens the white; next to dark skin, which is exposed longer, it would glow
    white = 0.25 + 0.75 * min(float(s.person.skin.mean()) / 0.4, 1.0)
    for eye, kind in enumerate((LEFT_EYE, RIGHT_EYE)):
        rows = np.flatnonzero(material == kind)
        if not len(rows):
            continue
        places = samples.first[rows]
        ball = s.points[stage.anatomy.eyes[eye]]
        centre = (ball.max(0) + ball.min(0)) / 2
        radius = float(np.median(np.linalg.norm(ball - centre, axis=1)))
        outward = unit(point[rows] - centre)
        gaze = s.camera.rotation @ gaze_direction(s.person, eye)
        albedo[rows], wet = eye_colour(outward, gaze, radius, s.person.iris, pupil, pattern + 90 * eye, bloodshot, white)
        bent[rows] = unit(outward * (1 - 0.35 * wet[:, None]) + 0.35 * wet[:, None] * gaze.astype(np.float32))
        smooth[rows] = bent[rows]
        cornea[rows] = 0.35 + 0.65 * wet
        gloss[rows], rough[rows], scatter[rows] = 1.0 + 2.0 * wet, 0.16, 0.4 * (1 - wet)
        sky[rows] = 0.8 * shade[places]
        key[rows] *= np.clip(shade[places] * 1.3 - 0.1, 0, 1)
        if tears is not None:
            standing = tears[places][:, None]
            albedo[rows] += 0.6 * standing * (RIM - albedo[rows])
            bent[rows] = unit(bent[rows] + 0.8 * standing * s.camera.rotation[:, 1].astype(np.float32))
            gloss[rows] += 2.0 * tears[places]
            cornea[rows] = np.maximum(cornea[rows], tears[places])


def _draw_hair(
    stage: Stage, s: Scene, shadow: ShadowMap, canvas: Canvas, layers: Layers | None, spare: np.random.Generator | None
) -> None:
    rotation, position = s.camera.rotation.astype(np.float32), s.camera.position.astype(np.float32)
    rng, hairy = s.who, s.recipe.has("hair")

    def put(
        nodes: Floats, colour: npt.NDArray, shade: Floats, deep: Floats, width: float, opacity: float, shine: float
    ) -> None:
        at, pixels = stage.place(nodes, s.camera)
        order = np.argsort(pixels[:, nodes.shape[1] // 2, 2], kind="stable")[::-1].copy()
        light = strand_lighting(colour, s.lighting, shadow, shine)
        draw_hair(order, at, pixels, shade, deep, light, width * s.pixel * s.view.distance / NEARNESS, opacity, canvas, 0.996)

    if s.hair is not None and hairy:
        shadow.add_hair((s.hair.nodes[:, 1::2] @ rotation.T + position).reshape(-1, 3), 0.05)
    heads = stage.model.n_vertices
    bristles = facial_hair.beard(rng, stage.anatomy, s.vertices[:heads], (s.normals @ rotation)[:heads], s.look)
    if bristles is not None:
        n = len(bristles)
        shade = np.exp(rng.normal(0, 0.2, n)).astype(np.float32)
        if hairy:
            put(bristles, s.look.beard, shade, np.tile(np.linspace(0.3, 1, 4, dtype=np.float32), (n, 1)), 0.5, 0.75, 0.5)
    if layers is not None:
        layers.beard[:] = canvas.cover
    fringe = facial_hair.lashes(rng, stage.anatomy, s.vertices, s.person)
    put(fringe, s.person.brow * 0.4, np.ones(len(fringe), np.float32), np.ones(fringe.shape[:2], np.float32), 0.28, 0.8, 0.0)
    if spare is not None:
        fringe = lower_lashes(spare, stage.anatomy, s.vertices, s.person)
        one = np.ones(fringe.shape[:2], np.float32)
        put(fringe, s.person.brow * 0.5, one[:, 0], one, 0.2, 0.6, 0.0)
    left = 1 - canvas.cover
    if s.hair is not None:
        shine = float(rng.uniform(0.3, 1.3))
        if hairy:
            put(s.hair.nodes, s.person.hair, s.hair.shade, s.hair.depth, s.hair.width, 0.9, shine)
    if layers is not None:
        share = 1 - (1 - canvas.cover) / np.maximum(left, np.float32(1e-3))
        layers.hair[:] = np.where(left > 1e-3, share, 0)  # a thick beard leaves nothing to tell hair by


def _draw_glasses(
    stage: Stage,
    s: Scene,
    shadow: ShadowMap,
    image: Floats,
    depth: Floats,
    front: Floats,
    gain: Floats,
    layers: Layers | None,
    spare: np.random.Generator | None,
) -> None:
    g = s.glasses
    assert g is not None
    rotation, position = s.camera.rotation.astype(np.float32), s.camera.position.astype(np.float32)
    forward = rotation[:, 2]
    power = 0.0 if spare is None or g.tint.mean() < DARK else float(spare.uniform(-6, 3))
    for outline in g.lenses:
        at = outline @ rotation.T + position
        pixels = stage.project(at, s.camera)
        mask = np.zeros(depth.shape, np.float32)
        cv2.fillPoly(mask, [(pixels[:, :2] * 16 + 0.5).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        mask *= depth < pixels[:, 2].mean() * 1.004
        if layers is not None and g.tint.mean() < DARK:
            np.maximum(layers.glass, mask, out=layers.glass)
        rows, columns = np.nonzero(mask)
        if not len(rows):
            continue
        middle = pixels[:, :2].mean(0)
        if power:
            refract(image, mask, middle, power)
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
    light = g.colour * (s.lighting.soft(np.tile(forward, (n * m, 1))).reshape(n, m, 3) + 0.6 * arrives * s.lighting.key_light)
    light = (light + 0.02 * s.lighting.key_light * arrives) * gain
    canvas = Canvas(image, depth, np.zeros_like(depth) if layers is None else layers.frames, front)
    wide = np.float32(g.width * s.pixel)
    draw(stage.project(at, s.camera), light.astype(np.float32), wide, np.float32(0.95), canvas, np.float32(0.994))
