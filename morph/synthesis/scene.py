"""One picture's scene: who is drawn by chance, and the head, hair, clothes and camera that follow."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from morph.arrays import Floats, Ints
from morph.model import MorphableModel, PerspectiveCamera, load_default_model
from morph.rendering import vertex_normals
from morph.synthesis.camera.viewpoint import Viewpoint, place_camera, sample_viewpoint, turn_shoulders
from morph.synthesis.hair.plans import HairStyle, Owner
from morph.synthesis.hair.strands import Projection, project
from morph.synthesis.hair.styles import Scalp, Strands, comb_hair, sample_style
from morph.synthesis.light.environments import load_environments
from morph.synthesis.light.lighting import SampledLight, sample_lighting
from morph.synthesis.person.anatomy import CLOTH, ENAMEL, FEATURES, SKIN, prepare_anatomy
from morph.synthesis.person.complexion import Complexion, sample_complexion
from morph.synthesis.person.expressions import HABITS
from morph.synthesis.person.people import ExpressionNames, Person, sample_person
from morph.synthesis.recipe import Recipe, at_rest, even_light, measured_people, painted
from morph.synthesis.surfaces.mouth import build_denture
from morph.synthesis.surfaces.skin import fine_skin
from morph.synthesis.worn import clothing
from morph.synthesis.worn.glasses import Glasses, sample_glasses
from morph.synthesis.worn.headwear import sample_headwear

NEARNESS = 1000.0  # depth of the buffers is this over the distance in mm
USUAL = Recipe()


@dataclass(frozen=True, eq=False)
class SampledScene:
    """Everything that was drawn by chance for one picture, and the head that follows from it.

    ``who`` draws what belongs to the person and ``rng`` what belongs to the moment; they are one where a person is seen once.
    ``look`` grows beards and ``paint`` colours skin; ``lighting`` lights the face and ``backdrop`` what is behind it: they
    differ where a recipe leaves something out.
    """

    rng: np.random.Generator
    who: np.random.Generator
    recipe: Recipe
    person: Person
    look: Complexion
    paint: Complexion
    style: HairStyle
    view: Viewpoint
    lighting: SampledLight
    backdrop: SampledLight
    clothes: clothing.Clothes
    below: Floats
    vertices: Floats
    points: Floats
    pixels: Floats
    normals: Floats
    table: Floats
    triangles: Ints
    material: Ints
    hair: Strands | None
    glasses: Glasses | None
    camera: PerspectiveCamera
    pixel: float


class SceneComposer:
    """What all pictures share, from which :meth:`compose` makes scenes; arguments and errors as of ``Renderer``."""

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
        self.triangles, self.material = np.concatenate(parts), np.concatenate(material)
        self.smooth = np.zeros(len(self.triangles), np.uint8)
        self.smooth[: len(a.triangles)] = (a.material == SKIN) & ~fine_skin(a)[a.triangles].any(1)
        rest = np.zeros((extra, 3), np.float32)
        features = np.concatenate([a.features, np.zeros((extra, len(FEATURES)), np.float32)])
        if self.denture is not None:
            features[self.model.n_vertices :, FEATURES.index("occlusion")] = 1
            features[self.model.n_vertices :, FEATURES.index("mouth")] = self.denture.gum
        self.table = np.concatenate([np.concatenate([self.model.mean, rest]), features], 1)

    def compose(
        self,
        rng: np.random.Generator,
        size: int,
        direct: Callable[[Person, Viewpoint], tuple[Person, Viewpoint]] | None,
        recipe: Recipe = USUAL,
        who: np.random.Generator | None = None,
    ) -> SampledScene:
        """Draw a person, a view, light and clothes by chance, and pose the head; arguments as of ``Renderer.render``.

        ``who`` draws the person where others draw the same one; None: ``rng``.
        """
        a, model = self.anatomy, self.model
        who = rng if who is None else who
        expressions = ExpressionNames(model.expression_names, model.expression_std, HABITS.get(recipe.expressions))
        person = sample_person(who, model.n_shape, expressions, rng)
        if recipe.people == "measured":
            person = dataclasses.replace(person, shape=person.shape + measured_people(model.n_shape))
        look = sample_complexion(who, person)
        view = sample_viewpoint(rng, recipe.poses)
        if not recipe.has("expression"):
            person = at_rest(person)
        if direct is not None:
            person, view = direct(person, view)
        lighting = sample_lighting(rng, self.environments[rng.integers(len(self.environments))])
        backdrop, lighting = lighting, lighting if recipe.has("light") else even_light()
        style = sample_style(who, person)
        clothes = clothing.sample_clothes(rng)
        head = a.decoder(person.shape, person.expression)
        camera = place_camera(view, head[model.landmarks], size)
        if self.denture is not None:
            teeth, tongue = self.denture.follow(head, person.weights.get("tongueOut", 0.0))
            head[self.denture.tongue[0]] = tongue
        radius = a.skin_radius(head)
        worn = sample_headwear(rng, a, radius)
        worn = worn if recipe.has("occlusion") else None
        count = int(who.uniform(2600, 3600) * max(1.0, size / 200))
        down = view.rotation.T @ np.array([0.0, -1.0, 0.0])
        scalp = Scalp(a, head, radius, down, None if worn is None else worn.hides)
        hair = comb_hair(who, Owner(person, look, style), scalp, count)
        glasses = sample_glasses(rng, a, head)
        glasses = glasses if recipe.has("occlusion") else None
        if not recipe.has("hair"):
            style = dataclasses.replace(style, scalp=0.0)
        head = turn_shoulders(head, model.mean, float(a.landmarks[8, 1]), view)
        below = clothing.covered(a, model.mean, clothes, self._azimuth)
        head = clothing.dress(a, head, vertex_normals(head, a.triangles), below)
        vertices = head if self.denture is None else np.concatenate([head, teeth])
        triangles, material = self.triangles, self.material
        table = self.table
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
        points, pixels = (placed[0] for placed in self.place(vertices[None], camera))
        pixel = float(camera.focal) / view.distance
        return SampledScene(
            rng=rng,
            who=who,
            recipe=recipe,
            person=person,
            look=look,
            paint=painted(look, recipe),
            style=style,
            view=view,
            lighting=lighting,
            backdrop=backdrop,
            clothes=clothes,
            below=below,
            vertices=vertices,
            points=points,
            pixels=pixels,
            normals=normals @ rotation.T,
            table=table,
            triangles=triangles,
            material=material,
            hair=hair,
            glasses=glasses,
            camera=camera,
            pixel=pixel,
        )

    def project(self, points: Floats, camera: PerspectiveCamera) -> Floats:
        """Points of the camera frame to pixels and nearness."""
        z = np.maximum(-points[..., 2:], 20.0)
        xy = camera.centre + float(camera.focal) * points[..., :2] * np.array([1, -1]) / z
        return np.concatenate([xy, NEARNESS / z], -1).astype(np.float32)

    def place(self, nodes: Floats, camera: PerspectiveCamera) -> tuple[Floats, Floats]:
        """Nodes of the model frame to the camera frame, and to pixels and nearness."""
        at, pixels = np.empty_like(nodes), np.empty_like(nodes)
        f = np.float32
        projection = Projection(
            camera.rotation.astype(f), camera.position.astype(f), f(camera.focal), camera.centre.astype(f), f(NEARNESS)
        )
        project(nodes, projection, at, pixels)
        return at, pixels
