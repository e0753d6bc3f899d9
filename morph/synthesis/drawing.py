"""A scene into linear light: surfaces, eyes, hair, glasses and what stands in front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Array, Floats
from morph.rendering import rasterise
from morph.synthesis.around.backgrounds import sample_background
from morph.synthesis.around.occluders import occlude
from morph.synthesis.arrays.compositing import lay_over, weigh
from morph.synthesis.camera.photograph import expose
from morph.synthesis.hair import facial_hair
from morph.synthesis.hair.drawing import StrandBatch, draw_hair
from morph.synthesis.hair.strands import StrandCanvas, Stroke, draw
from morph.synthesis.light.lighting import ShadowMap
from morph.synthesis.scene import NEARNESS, SampledScene, SceneComposer
from morph.synthesis.shading import SurfaceShader
from morph.synthesis.surfaces.refinements import lower_lashes, refract
from morph.synthesis.surfaces.surfaces import strand_lighting, unit
from morph.synthesis.worn.glasses import Glasses

GREY = 0.2  # linear light of a background that is left out
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


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn, and how large.

    Attributes:
        stage: that the scene was composed on.
        scene: the scene.
        size: pixels.
        layers: filled where given.
        spare: random numbers of the second engine's additions; None leaves them out.
        supersampling: 2 where the picture will be half as large: smooth surfaces are then shaded once for four pixels.
    """

    stage: SceneComposer
    scene: SampledScene
    size: int
    layers: Layers | None = None
    spare: np.random.Generator | None = None
    supersampling: int = 1


def draw_scene(drawing: Drawing) -> tuple[Floats, Floats]:
    """Linear light ``(size, size, 3)`` and the nearness ``(size, size)`` of whatever is in front."""
    stage, s, size, spare = drawing.stage, drawing.scene, drawing.size, drawing.spare
    rng = s.rng
    own = spare if spare is None or s.who is s.rng else s.who.spawn(1)[0]
    fragments = rasterise(s.pixels, s.triangles, size, size)
    seen = fragments.covered
    shadow = _shadow(stage, s)
    image = np.zeros((size, size, 3), np.float32)
    face_light = SurfaceShader(stage, s, shadow, own).shade(fragments, image, drawing.supersampling)
    depth = np.where(seen, fragments.depth, 0).astype(np.float32)
    front = depth.copy()
    strands = np.zeros((size, size), np.float32)
    _draw_hair(drawing, shadow, StrandCanvas(image, depth, strands, front), own)
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
        frames = np.zeros_like(depth) if drawing.layers is None else drawing.layers.frames
        _draw_glasses(drawing, s.glasses, shadow, StrandCanvas(image, depth, frames, front), gain)
    marks = s.pixels[stage.model.landmarks, :2]
    typical = face_light.mean(0) / s.person.skin * gain if len(face_light) else np.full(3, 0.4)
    clear = not s.recipe.has("occlusion")
    hidden = occlude(rng, image.copy() if clear else image, marks, s.person.skin, typical)
    if not clear:
        front[hidden] = 1e3
        if drawing.layers is not None:
            drawing.layers.things[hidden] = 1
    return image, front


def _shadow(stage: SceneComposer, s: SampledScene) -> ShadowMap:
    centre = s.points[stage.model.landmarks].mean(0) + s.camera.rotation.astype(np.float32) @ np.array([0, 0, -60], np.float32)
    shadow = ShadowMap(s.lighting.key, centre, 190.0)
    shadow.add(s.points, np.concatenate([stage.anatomy.coarse, s.triangles[len(stage.triangles) :]]))
    return shadow


@dataclass(frozen=True, eq=False)
class _Hairs:
    """Hairs of one kind.

    Attributes:
        nodes: ``(n, m, 3)`` in the frame of the model.
        shade: ``(n,)`` brightness of each.
        deep: ``(n, m)`` 0 deep in the hair .. 1 at its surface.
        colour: linear albedo.
        width: of the roots, mm.
        opacity: 0..1.
        shine: strength of the highlight.
    """

    nodes: Floats
    shade: Floats
    deep: Floats
    colour: Array
    width: float
    opacity: float
    shine: float

    @classmethod
    def even(cls, nodes: Floats, colour: Array, width: float, opacity: float) -> _Hairs:
        """Thin hairs of equal brightness that do not shine, like lashes."""
        one = np.ones(nodes.shape[:2], np.float32)
        return cls(nodes, one[:, 0].copy(), one, colour, width, opacity, 0.0)


def _put(drawing: Drawing, shadow: ShadowMap, canvas: StrandCanvas, hairs: _Hairs) -> None:
    s = drawing.scene
    at, pixels = drawing.stage.place(hairs.nodes, s.camera)
    order = np.argsort(pixels[:, hairs.nodes.shape[1] // 2, 2], kind="stable")[::-1].copy()
    light = strand_lighting(hairs.colour, s.lighting, shadow, hairs.shine)
    width = hairs.width * s.pixel * s.view.distance / NEARNESS
    stroke = Stroke(np.float32(width), np.float32(hairs.opacity), np.float32(0.996))
    draw_hair(StrandBatch(order, at, pixels, hairs.shade, hairs.deep), light, stroke, canvas)


def _draw_hair(drawing: Drawing, shadow: ShadowMap, canvas: StrandCanvas, spare: np.random.Generator | None) -> None:
    stage, s, layers = drawing.stage, drawing.scene, drawing.layers
    rotation, position = s.camera.rotation.astype(np.float32), s.camera.position.astype(np.float32)
    rng, hairy = s.who, s.recipe.has("hair")
    if s.hair is not None and hairy:
        shadow.add_hair((s.hair.nodes[:, 1::2] @ rotation.T + position).reshape(-1, 3), 0.05)
    heads = stage.model.n_vertices
    bristles = facial_hair.beard(rng, stage.anatomy, s.vertices[:heads], (s.normals @ rotation)[:heads], s.look)
    if bristles is not None:
        n = len(bristles)
        shade = np.exp(rng.normal(0, 0.2, n)).astype(np.float32)
        if hairy:
            deep = np.tile(np.linspace(0.3, 1, 4, dtype=np.float32), (n, 1))
            _put(drawing, shadow, canvas, _Hairs(bristles, shade, deep, s.look.beard, 0.5, 0.75, 0.5))
    if layers is not None:
        layers.beard[:] = canvas.cover
    fringe = facial_hair.lashes(rng, stage.anatomy, s.vertices, s.person)
    _put(drawing, shadow, canvas, _Hairs.even(fringe, s.person.brow * 0.4, 0.28, 0.8))
    if spare is not None:
        fringe = lower_lashes(spare, stage.anatomy, s.vertices, s.person)
        _put(drawing, shadow, canvas, _Hairs.even(fringe, s.person.brow * 0.5, 0.2, 0.6))
    left = 1 - canvas.cover
    if s.hair is not None:
        shine, hair = float(rng.uniform(0.3, 1.3)), s.hair
        if hairy:
            strands = _Hairs(hair.nodes, hair.shade, hair.depth, s.person.hair, hair.width, 0.9, shine)
            _put(drawing, shadow, canvas, strands)
    if layers is not None:
        share = 1 - (1 - canvas.cover) / np.maximum(left, np.float32(1e-3))
        layers.hair[:] = np.where(left > 1e-3, share, 0)  # a thick beard leaves nothing to tell hair by


def _draw_glasses(drawing: Drawing, g: Glasses, shadow: ShadowMap, canvas: StrandCanvas, gain: Floats) -> None:
    stage, s, layers, spare = drawing.stage, drawing.scene, drawing.layers, drawing.spare
    image, depth = canvas.image, canvas.depth
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
    stroke = Stroke(np.float32(g.width * s.pixel), np.float32(0.95), np.float32(0.994))
    draw(stage.project(at, s.camera), light.astype(np.float32), stroke, canvas)
