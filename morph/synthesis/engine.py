"""One labelled picture from one seed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from morph.arrays import Array, Bools, Floats, Image
from morph.model import MorphableModel, PerspectiveCamera, ScaledOrthographicCamera, fit_scaled_orthographic
from morph.synthesis.around.occluders import frame_edges
from morph.synthesis.camera.photograph import ExtraChance, develop
from morph.synthesis.camera.viewpoint import Viewpoint
from morph.synthesis.drawing import Drawing, Layers, draw_scene
from morph.synthesis.maps import draw_maps
from morph.synthesis.person.anatomy import SKIN
from morph.synthesis.person.people import Person
from morph.synthesis.recipe import Recipe
from morph.synthesis.scene import NEARNESS, USUAL, SampledScene, SceneComposer


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
        maps: by name, those that were asked for; see :data:`morph.synthesis.maps.MAPS`.
    """

    image: Image
    landmarks: Floats
    visibility: Bools
    shape: Floats
    expression: Floats
    camera: ScaledOrthographicCamera
    perspective: PerspectiveCamera
    maps: dict[str, Array] = field(default_factory=dict)


class Renderer:
    """Renders labelled pictures of faces; construct once, then call :meth:`render` with seeds.

    Args:
        environments: folder of panoramas; None uses procedural ones.
        model: a head model with regions; None takes the default one, subdivided once.

    Raises:
        MorphError: no such folder, or a model without regions.
    """

    def __init__(self, environments: str | os.PathLike[str] | None = None, model: MorphableModel | None = None) -> None:
        self.stage = SceneComposer(environments, model)
        self.model, self.anatomy, a = self.stage.model, self.stage.anatomy, self.stage.anatomy
        lm = a.landmarks
        self._face = np.flatnonzero(
            (self.model.mean[:, 2] > lm[0, 2])
            & (self.model.mean[:, 1] > lm[8, 1] - 5)
            & (self.model.mean[:, 1] < lm[19, 1] + 40)
            & np.isin(np.arange(self.model.n_vertices), a.part_vertices(SKIN))
        )[::20]

    def render(  # noqa: PLR0913 - keyword options of the one public call
        self,
        seed: int | tuple[int, ...],
        size: int = 160,
        supersampling: int = 1,
        *,
        direct: Callable[[Person, Viewpoint], tuple[Person, Viewpoint]] | None = None,
        recipe: Recipe = USUAL,
        maps: Collection[str] = (),
    ) -> Picture:
        """The picture of one seed; the same seed gives the same bytes.

        Args:
            seed: a number, or several; with several pictures a person the last one counts the pictures.
            size: width and height of the picture.
            supersampling: 2 renders twice as large and scales down.
            direct: changes the person and the viewpoint that were drawn, to move one person through a clip.
            recipe: which poses and ingredients.
            maps: names of :data:`morph.synthesis.maps.MAPS` to draw as well; the picture does not change by it.
        """
        rng, large = np.random.default_rng(seed), size * supersampling
        spare = None if recipe.engine < 2 else np.random.default_rng((*np.atleast_1d(seed).tolist(), recipe.engine))
        person = recipe.person_seed(seed)
        who = None if person is None else np.random.default_rng(person)
        scene = self.stage.compose(rng, large, direct, recipe, who)
        layers = Layers.empty(large) if maps else None
        light, hidden_by = draw_scene(Drawing(self.stage, scene, large, layers, spare, supersampling))
        image = develop(rng, light, size, recipe=recipe, extra=ExtraChance(video=spare))
        picture = self._label(scene, image, hidden_by, supersampling)
        edged = image if recipe.has("occlusion") else image.copy()
        beyond = frame_edges(rng, edged, picture.landmarks)
        if layers is not None:
            if edged is image:
                layers.things[np.kron(beyond, np.ones((supersampling, supersampling), bool))] = 1
            picture.maps.update(draw_maps(self.stage, scene, size, layers, maps))
        return picture

    def _label(self, s: SampledScene, image: Image, front: Floats, supersampling: int) -> Picture:
        marks = s.pixels[self.model.landmarks]
        size = front.shape[0]
        column, row = (
            np.clip(marks[:, 0].round().astype(int), 0, size - 1),
            np.clip(marks[:, 1].round().astype(int), 0, size - 1),
        )
        around = [np.clip(place[:, None] + np.arange(-1, 2), 0, size - 1) for place in (row, column)]
        nearest = front[around[0][:, :, None], around[1][:, None, :]].min((1, 2))
        distance = NEARNESS / np.maximum(marks[:, 2], 1e-6)
        inside = (marks[:, :2] > -0.5).all(1) & (marks[:, :2] < size - 0.5).all(1)
        visible = inside & (distance < NEARNESS / np.maximum(nearest, 1e-6) + 6.0)
        landmarks = (marks[:, :2] + 0.5) / supersampling - 0.5
        flat = (s.pixels[self._face, :2] + 0.5) / supersampling - 0.5
        camera = fit_scaled_orthographic(s.vertices[self._face], flat)
        centre = (s.camera.centre + 0.5) / supersampling - 0.5
        exact = PerspectiveCamera(s.camera.rotation, s.camera.position, np.asarray(s.camera.focal) / supersampling, centre)
        return Picture(image, landmarks.astype(np.float32), visible, s.person.shape, s.person.expression, camera, exact)
