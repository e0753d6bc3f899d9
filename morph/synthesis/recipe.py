"""Which poses and which ingredients the pictures of a set have: the usual ones, wide turns, or all but some."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morph.arrays import Floats
from morph.errors import MorphError
from morph.synthesis.light.environments import HEIGHT, WIDTH, analyse
from morph.synthesis.light.lighting import SampledLight
from morph.synthesis.person.complexion import Complexion
from morph.synthesis.person.people import Person

POSES = ("usual", "wide")
PEOPLE = ("even", "measured")
EXPRESSIONS = ("posed", "measured", "lively")
ENGINES = (1, 2)
PERSON = 0x70657273  # sets the seeds of people apart from those of pictures
RENDERER = 2  # raised whenever seeds give other bytes than before
INGREDIENTS = {
    "hair": "strands, beards and their roots; brows and lashes stay",
    "light": "panoramas and key lights; the face stands in even white light, the background stays",
    "occlusion": "headwear, glasses, hands, things and edges of the photograph",
    "background": "surroundings, walls and clutter; plain grey instead",
    "blur": "blur of lens and motion, small originals scaled up",
    "noise": "sensor noise, JPEG and video compression",
    "skin": "mottling, blood, freckles, moles, pores and wrinkles",
    "expression": "expressions and gaze; every face is at rest and looks ahead",
}


@dataclass(frozen=True)
class Recipe:
    """What pictures are made of; two equal recipes give the same bytes.

    Attributes:
        poses: ``usual`` (yaw to 95°, pitch and roll normal) or ``wide`` (yaw to 100°, pitch and roll to 60°, 20 cm to 10 m).
        without: names of :data:`INGREDIENTS` that are left out, for ablations. All is drawn by chance as ever and then
            not used, so labels stay the same (but for ``expression``), and so does the rest of the picture.
        people: ``even`` draws shapes about the model's mean head, ``measured`` about the mean of photographed people
            (``data/default_model/population_study.py``; the default model only).
        engine: 1, or 2 with expression wrinkles, lower lashes, wet lids, refracting glasses and video compression.
        pictures_per_person: so many successive pictures show one person: the same head, skin, eyes, hair and beard with
            another expression, pose, camera, light, background, clothes and things in the way.
        expressions: ``posed`` (smiles, speech, frowns and so on, both sides alike) or ``measured`` (all 52 weights, sides
            apart, correlated as in photographs of faces, gaze over its whole range) or ``lively`` (the same, but stronger,
            oftener and less together, to learn from).

    Raises:
        MorphError: no such poses, ingredient, people, expressions or engine, or fewer than one picture a person.
    """

    poses: str = "usual"
    without: tuple[str, ...] = ()
    engine: int = 1
    people: str = "even"
    pictures_per_person: int = 1
    expressions: str = "posed"

    def __post_init__(self) -> None:
        if self.poses not in POSES:
            raise MorphError(f"`poses=` is {' or '.join(POSES)}, got {self.poses}")
        unknown = [name for name in self.without if name not in INGREDIENTS]
        if unknown:
            raise MorphError(f"`without=` knows {', '.join(INGREDIENTS)}; got {', '.join(unknown)}")
        if self.people not in PEOPLE:
            raise MorphError(f"`people=` is {' or '.join(PEOPLE)}, got {self.people}")
        if self.engine not in ENGINES:
            raise MorphError(f"`engine=` is 1 or 2, got {self.engine}")
        if self.expressions not in EXPRESSIONS:
            raise MorphError(f"`expressions=` is {', '.join(EXPRESSIONS[:-1])} or {EXPRESSIONS[-1]}, got {self.expressions}")
        if self.pictures_per_person < 1:
            raise MorphError(f"`pictures_per_person=` must be at least 1, got {self.pictures_per_person}")
        object.__setattr__(self, "without", tuple(name for name in INGREDIENTS if name in self.without))

    def has(self, ingredient: str) -> bool:
        """Whether pictures have one of the :data:`INGREDIENTS`."""
        return ingredient not in self.without

    def person_seed(self, seed: int | tuple[int, ...]) -> tuple[int, ...] | None:
        """Seed of whoever the picture of ``seed`` shows, whose last number is the picture's; None: that of the picture."""
        if self.pictures_per_person == 1:
            return None
        *of_set, number = seed if isinstance(seed, tuple) else (seed,)
        return *of_set, number // self.pictures_per_person, PERSON

    def note(self) -> dict[str, object]:
        """What differs from the usual recipe, as a crop set keeps it."""
        usual = Recipe()
        kept = {key: value for key, value in dataclasses.asdict(self).items() if value != getattr(usual, key)}
        return kept | ({"without": list(self.without)} if self.without else {})


@functools.cache
def measured_people(n_shape: int) -> Floats:
    """``(S,)`` mean shape z-scores of photographed people on the default model.

    Raises:
        MorphError: a model with another number of shapes.
    """
    middle = np.loadtxt(Path(__file__).with_name("population.txt"), np.float32)
    if len(middle) != n_shape:
        raise MorphError(f"`people=measured` is for the default model only: {len(middle)} shapes, not {n_shape}")
    return middle


@functools.cache
def even_light() -> SampledLight:
    """The same white light from everywhere, without a key light or shadows."""
    environment = analyse(np.ones((HEIGHT, WIDTH, 3), np.float32))
    ahead, none = np.array([0, 0, 1], np.float32), np.zeros(3, np.float32)
    return SampledLight(environment, np.eye(3, dtype=np.float32), 1.0, ahead, none, 1.0)


def at_rest(person: Person) -> Person:
    """The person without expression, looking ahead."""
    return dataclasses.replace(person, expression=np.zeros_like(person.expression), weights={}, gaze=np.zeros((2, 2)))


def painted(look: Complexion, recipe: Recipe) -> Complexion:
    """The complexion that is painted: without what the recipe leaves out."""
    if not recipe.has("hair"):
        look = dataclasses.replace(look, stubble=0.0, moustache=0.0, chin=0.0, jaw=0.0)
    if not recipe.has("skin"):
        look = dataclasses.replace(look, mottle=0.0, blood=0.0, freckles=0.0, relief=0.0, wrinkles=0.0)
    return look
