"""The surfaces of a scene into linear light: skin, cloth, teeth, tongue and eyes."""

from __future__ import annotations

import numpy as np

from morph.arrays import Floats
from morph.model.ibug68 import MIDDLE_OF_INNER_LIPS
from morph.rendering import Fragments
from morph.synthesis.light.lighting import ShadowMap
from morph.synthesis.person.anatomy import LEFT_EYE, RIGHT_EYE, SKIN
from morph.synthesis.scene import NEARNESS, SampledScene, SceneComposer
from morph.synthesis.surfaces.eyes import Eyeball, eye_colour, gaze_direction, lid_shadow
from morph.synthesis.surfaces.pixels import Lines, Pixels, Surface, furnish, survey
from morph.synthesis.surfaces.refinements import fold_skin, sample_folds, wet_edge
from morph.synthesis.surfaces.samples import (
    Samples,
    Sharing,
    VertexTable,
    depth_reach,
    interpolate_samples,
    share_samples,
    single_samples,
    spread,
)
from morph.synthesis.surfaces.skin import mix_paint, paint_skin
from morph.synthesis.surfaces.surfaces import creases, dot, lit, unit
from morph.synthesis.worn import clothing

RIM = np.array([0.5, 0.3, 0.27], np.float32)  # wet edge of the lower lid, linear RGB


def survey_surfaces(stage: SceneComposer, s: SampledScene, fragments: Fragments, samples: Samples) -> Pixels:
    """What the samples show.

    Args:
        stage: that the scene was composed on.
        s: the scene.
        fragments: of its triangles.
        samples: which of the pixels.
    """
    a = stage.anatomy
    values = interpolate_samples(fragments, samples, VertexTable(s.triangles, s.normals, s.points, s.table))
    material = s.material[fragments.triangle_id.reshape(-1)[samples.first]]
    angle, hair = a.hairline(*s.look.hairline)
    turn, edge = clothing.edge(a, s.clothes)
    base, stretch = a.hair_scale
    lines = Lines(
        angle=angle,
        hair=hair,
        rest=a.hairline()[1],
        turn=turn,
        edge=edge,
        origin=a.skull,
        base=base,
        stretch=stretch,
        chin=np.float32(a.landmarks[8, 1]),
    )
    return Pixels(material, values, survey(values, material, lines, s.style.scalp))


class SurfaceShader:
    """Shades the surfaces of one scene.

    Args:
        stage: that the scene was composed on.
        scene: the scene.
        shadow: what its key light sees.
        spare: random numbers of the second engine's additions; None leaves them out.
    """

    def __init__(self, stage: SceneComposer, scene: SampledScene, shadow: ShadowMap, spare: np.random.Generator | None) -> None:
        self.stage, self.scene, self.shadow, self.spare = stage, scene, shadow, spare

    def shade(self, fragments: Fragments, image: Floats, supersampling: int) -> Floats:
        """Shade all surfaces into ``image``.

        Args:
            fragments: of the scene's triangles.
            image: ``(S, S, 3)`` linear light, written.
            supersampling: 2 where the picture will be half as large: smooth surfaces are then shaded once for four pixels.

        Returns:
            ``(N, 3)`` light of the face's skin for the exposure.
        """
        s = self.scene
        samples = self._share(fragments) if supersampling == 2 else single_samples(fragments)
        pixels = survey_surfaces(self.stage, s, fragments, samples)
        fold = creases(fragments.depth, samples, NEARNESS, 5 * s.pixel, supersampling)
        sky = np.clip(pixels.table[:, 9], 0.05, 1) * fold
        surface = Surface.plain(pixels.found, sky, self.shadow.lit(pixels.found.point, s.lighting.softness))
        self._paint(pixels, surface)
        lips = s.points[self.stage.model.landmarks[list(MIDDLE_OF_INNER_LIPS)]].mean(0)
        forward = np.ascontiguousarray(s.camera.rotation[:, 2], np.float32)
        furnish(pixels, surface, lips, forward, s.who.uniform(0.8, 1.1))
        self._eyes(pixels, samples, image.shape[:2], surface)
        light = lit(surface, s.lighting)
        wet = np.flatnonzero(surface.cornea > 0)
        if len(wet):
            bent, rays = surface.bent[wet], unit(-surface.point[wet])
            mirrored = s.lighting.mirrored(2 * dot(bent, rays)[:, None] * bent - rays)
            light[wet] += mirrored * (0.035 * surface.cornea[wet] * np.clip(surface.sky[wet] * 1.4, 0, 1))[:, None]
        spread(samples, light, image)
        face = np.flatnonzero(pixels.found.face)
        return light[np.repeat(face, samples.weight[face])]

    def _share(self, fragments: Fragments) -> Samples:
        stage, s = self.stage, self.scene
        smooth = np.concatenate([stage.smooth, np.full(len(s.triangles) - len(stage.smooth), 2, np.uint8)])
        reach = depth_reach(NEARNESS, s.pixel)
        return share_samples(fragments, Sharing(s.triangles, smooth, s.below, s.clothes.pattern == "plain", reach))

    def _paint(self, pixels: Pixels, surface: Surface) -> None:
        """Skin and cloth."""
        s, a = self.scene, self.stage.anatomy
        skin, clothed = pixels.material == SKIN, pixels.found.below > 0
        bare = np.flatnonzero(skin & ~clothed)
        paint_skin(pixels, bare, mix_paint(a, s.person, s.paint), surface, s.recipe.has("skin"))
        if self.spare is not None and s.recipe.has("skin"):
            fold_skin(sample_folds(self.spare, a, s.person), pixels, bare, s.camera.rotation, surface)
        worn = np.flatnonzero(skin & clothed)
        surface.albedo[worn], surface.bend[worn] = clothing.fabric(s.clothes, pixels.table[worn, 6:9])
        surface.gloss[worn], surface.rough[worn], surface.scatter[worn] = 0.1, 0.8, 0.0

    def _eyes(self, pixels: Pixels, samples: Samples, size: tuple[int, ...], surface: Surface) -> None:
        s = self.scene
        pupil, pattern, bloodshot = s.rng.uniform(1.1, 2.6), s.who.uniform(0, 500), s.rng.uniform(0, 1) ** 2
        material = pixels.material
        both = np.flatnonzero((material == LEFT_EYE) | (material == RIGHT_EYE))
        if not len(both):
            return
        mask = np.zeros(size, bool)
        mask.reshape(-1)[samples.first[both]] = True
        up = s.camera.rotation[:2, 1] * np.array([1, -1])
        shade = lid_shadow(mask, up, s.pixel).reshape(-1)
        tears = wet_edge(mask, up, s.pixel).reshape(-1) if self.spare is not None else None
        # pigment darkens the white; next to dark skin, which is exposed longer, it would glow
        white = 0.25 + 0.75 * min(float(s.person.skin.mean()) / 0.4, 1.0)
        for eye, kind in enumerate((LEFT_EYE, RIGHT_EYE)):
            rows = np.flatnonzero(material == kind)
            if not len(rows):
                continue
            places = samples.first[rows]
            ball = s.points[self.stage.anatomy.eyes[eye]]
            centre = (ball.max(0) + ball.min(0)) / 2
            radius = float(np.median(np.linalg.norm(ball - centre, axis=1)))
            outward = unit(surface.point[rows] - centre)
            gaze = s.camera.rotation @ gaze_direction(s.person, eye)
            looks = Eyeball(radius, s.person.iris, pupil, pattern + 90 * eye, bloodshot, white)
            surface.albedo[rows], wet = eye_colour(outward, gaze, looks)
            bent = unit(outward * (1 - 0.35 * wet[:, None]) + 0.35 * wet[:, None] * gaze.astype(np.float32))
            surface.bent[rows] = surface.normal[rows] = bent
            surface.cornea[rows] = 0.35 + 0.65 * wet
            surface.gloss[rows], surface.rough[rows], surface.scatter[rows] = 1.0 + 2.0 * wet, 0.16, 0.4 * (1 - wet)
            surface.sky[rows] = 0.8 * shade[places]
            surface.key[rows] *= np.clip(shade[places] * 1.3 - 0.1, 0, 1)
            if tears is not None:
                standing = tears[places][:, None]
                surface.albedo[rows] += 0.6 * standing * (RIM - surface.albedo[rows])
                lifted = 0.8 * standing * s.camera.rotation[:, 1].astype(np.float32)
                surface.bent[rows] = unit(surface.bent[rows] + lifted)
                surface.gloss[rows] += 2.0 * tears[places]
                surface.cornea[rows] = np.maximum(surface.cornea[rows], tears[places])
