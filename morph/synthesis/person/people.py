"""Who is in the picture: identity, expression, gaze, and what the person looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles, Floats
from morph.rendering.colour import decode_gamma
from morph.synthesis.person.expressions import Habits, sample_expression

Random = np.random.Generator
# turn of an eyeball at weight 1 of eyeLookIn and eyeLookOut, eyeLookUp and eyeLookDown: what those shapes do to the model's
SIDEWAYS, UPWARDS, DOWNWARDS = np.radians([30.0, 25.0, 30.0])

# sRGB of skin under neutral light, from light to dark
TONES = (
    np.array([[240, 205, 187], [229, 184, 160], [213, 163, 134], [192, 138, 106], [160, 108, 78], [118, 76, 54], [82, 52, 39]])
    / 255
)
# sRGB of hair: black, dark brown, brown, light brown, blond, light blond, red, grey, white
HAIR = (
    np.array(
        [
            [18, 15, 14],
            [36, 26, 20],
            [62, 43, 30],
            [98, 70, 46],
            [150, 116, 76],
            [196, 168, 122],
            [116, 58, 32],
            [120, 118, 116],
            [196, 194, 190],
        ]
    )
    / 255
)
IRISES = np.array([[62, 38, 22], [44, 28, 18], [100, 124, 142], [88, 98, 66], [104, 76, 44]]) / 255


@dataclass(frozen=True, eq=False)
class ExpressionNames:
    """Which expressions a model has, and how their weights are drawn.

    Attributes:
        names: in the model's order (ARKit's).
        std: ``(E,)`` how much weight one unit of a z-score is.
        habits: how :mod:`morph.synthesis.person.expressions` draws them; None: as poses, both sides alike.
    """

    names: tuple[str, ...]
    std: Floats
    habits: Habits | None = None


@dataclass(frozen=True, eq=False)
class Person:
    """One sampled person.

    Attributes:
        shape, expression: z-scores ``(S,)`` and ``(E,)``.
        weights: expression weights by name.
        gaze: ``(2, 2)`` right and up angles in radians of the left and right eye.
        masculine: how masculine hair, brows and beard are, 0 or 1.
        age: 0 young .. 1 old.
        tone: 0 light .. 1 dark.
        skin, hair, brow, iris: linear RGB.
    """

    shape: Floats
    expression: Floats
    weights: dict[str, float]
    gaze: Doubles
    masculine: bool
    age: float
    tone: float
    skin: Doubles
    hair: Doubles
    brow: Doubles
    iris: Doubles


def sample_person(rng: Random, n_shape: int, expressions: ExpressionNames, moment: Random | None = None) -> Person:
    """Draw a person.

    Args:
        rng: random numbers.
        n_shape: S.
        expressions: of the model, and how their weights are drawn.
        moment: random numbers of expression and gaze, where one person is seen several times; None: ``rng``.
    """
    moment = rng if moment is None else moment
    masculine = bool(rng.random() < 0.5)
    age = float(rng.beta(1.2, 1.8))
    tone = float(
        np.clip(rng.choice([rng.normal(0.2, 0.12), rng.normal(0.45, 0.12), rng.uniform(0.6, 1.0)], p=[0.5, 0.25, 0.25]), 0, 1)
    )
    skin = _between(TONES, tone) * rng.normal(1, [0.02, 0.025, 0.035])
    hair = _hair_colour(rng, tone, age)
    brow = np.clip(np.minimum(hair * rng.uniform(0.5, 0.95), _between(TONES, tone) * rng.uniform(0.4, 0.62)), 0.03, 1)
    iris = IRISES[rng.choice(5, p=[0.35, 0.3, 0.14, 0.1, 0.11] if tone < 0.4 else [0.4, 0.6, 0, 0, 0])] * rng.uniform(
        0.75, 1.25
    )
    if expressions.habits:
        weights = sample_expression(moment, expressions.habits)
        gaze = gaze_of(weights)
    else:
        weights = _expression(moment)
        gaze = _gaze(moment, weights)
    vector = np.array([weights.get(name, 0.0) for name in expressions.names])
    shape = np.clip(rng.standard_normal(n_shape), -2.8, 2.8)
    return Person(
        shape.astype(np.float32),
        (vector / expressions.std).astype(np.float32),
        weights,
        gaze,
        masculine,
        age,
        tone,
        decode_gamma(skin),
        decode_gamma(hair),
        decode_gamma(brow),
        decode_gamma(iris),
    )


def _between(table: Doubles, t: float) -> Doubles:
    position = t * (len(table) - 1)
    i = min(int(position), len(table) - 2)
    return np.asarray(table[i] + (position - i) * (table[i + 1] - table[i]))


def _hair_colour(rng: Random, tone: float, age: float) -> Doubles:
    if age > 0.6 and rng.random() < 1.6 * (age - 0.5):
        base = HAIR[7] + rng.random() * (HAIR[8] - HAIR[7])
    elif tone > 0.55 or rng.random() < 0.3:
        base = HAIR[rng.integers(2)]
    else:
        base = HAIR[rng.choice(7, p=[0.14, 0.24, 0.22, 0.16, 0.12, 0.07, 0.05])]
    if rng.random() < 0.03:
        base = rng.random(3) * 0.6  # dyed
    return np.asarray(np.clip(base * rng.uniform(0.8, 1.25), 0.03, 0.85))


def _expression(rng: Random) -> dict[str, float]:
    weights: dict[str, float] = {}

    def put(name: str, value: float, sides: bool = True, spread: float = 0.12) -> None:
        for part in (f"{name}Left", f"{name}Right") if sides else (name,):
            weights[part] = float(np.clip(value * (1 + rng.normal(0, spread)), 0, 1))

    if rng.random() > 0.2:
        _mouth(rng, put)
        for name, chance, most in (
            ("browDown", 0.2, 0.9),
            ("browOuterUp", 0.2, 0.9),
            ("eyeSquint", 0.25, 0.9),
            ("eyeWide", 0.12, 0.9),
            ("noseSneer", 0.1, 0.7),
        ):
            if rng.random() < chance:
                put(name, rng.uniform(0.1, most))
        if rng.random() < 0.2:
            put("browInnerUp", rng.uniform(0.1, 0.9), sides=False)
        for pair in (("mouthLeft", "mouthRight"), ("jawLeft", "jawRight")):
            if rng.random() < 0.08:
                put(pair[rng.integers(2)], rng.uniform(0.1, 0.6), sides=False)
    _lids(rng, put, weights)
    return weights


def _lids(rng: Random, put: Callable[..., None], weights: dict[str, float]) -> None:
    lids = rng.random()
    if lids < 0.15:
        put("eyeBlink", rng.uniform(0.75, 1.0), spread=0.02)
    elif lids < 0.20:
        put(("eyeBlinkLeft", "eyeBlinkRight")[rng.integers(2)], rng.uniform(0.7, 1), sides=False)
    elif lids < 0.35:
        put("eyeBlink", rng.uniform(0.05, 0.45), spread=0.05)
    elif lids < 0.6 and "eyeWideLeft" not in weights:
        put("eyeWide", rng.uniform(0.05, 0.45), spread=0.05)


SPEECH = {"mouthFunnel": False, "mouthPucker": False, "mouthStretch": True, "mouthLowerDown": True, "mouthUpperUp": True}
FREE = {"mouthDimple": True, "mouthStretch": True, "cheekPuff": False, "jawForward": False, "mouthShrugUpper": False}


def _mouth(rng: Random, put: Callable[..., None]) -> None:
    kind = rng.choice(
        ["smile", "grin", "speech", "open", "frown", "pucker", "pressed", "free"],
        p=[0.22, 0.2, 0.2, 0.1, 0.08, 0.06, 0.06, 0.08],
    )
    if kind in ("smile", "grin"):
        _smile(rng, put, kind == "grin")
    elif kind == "speech":
        put("jawOpen", rng.uniform(0.03, 0.35), sides=False)
        _some(rng, put, SPEECH, 0.3, 0.6)
    elif kind == "open":
        put("jawOpen", rng.uniform(0.3, 1.0), sides=False)
        if rng.random() < 0.4:
            put("mouthStretch", rng.uniform(0, 0.7))
    elif kind == "frown":
        put("mouthFrown", rng.uniform(0.2, 0.9))
        put("mouthShrugLower", rng.uniform(0, 0.6), sides=False)
    elif kind == "pucker":
        put(("mouthPucker", "mouthFunnel")[rng.integers(2)], rng.uniform(0.3, 1), sides=False)
    elif kind == "pressed":
        put("mouthPress", rng.uniform(0.2, 0.9))
        put("mouthRollLower", rng.uniform(0, 0.6), sides=False)
        put("mouthRollUpper", rng.uniform(0, 0.6), sides=False)
    else:
        _some(rng, put, FREE, 0.4, 0.7)


def _smile(rng: Random, put: Callable[..., None], grin: bool) -> None:
    strength = rng.uniform(0.2, 1.0)
    put("mouthSmile", strength)
    put("cheekSquint", strength * rng.uniform(0, 0.8))
    if grin:
        put("mouthUpperUp", rng.uniform(0.2, 0.7) * strength)
        put("mouthLowerDown", rng.uniform(0.1, 0.6) * strength)
        put("jawOpen", rng.beta(1.3, 4) * 0.8, sides=False)


def _some(rng: Random, put: Callable[..., None], names: dict[str, bool], chance: float, most: float) -> None:
    """Each of some movements by chance; ``names`` say whether it has two sides."""
    for name, sides in names.items():
        if rng.random() < chance:
            put(name, rng.uniform(0.1, most), sides)


def _gaze(rng: Random, weights: dict[str, float]) -> Doubles:
    wide = rng.random() < 0.25
    right, up = rng.normal(0, 0.28 if wide else 0.1), rng.normal(-0.02, 0.2 if wide else 0.07)
    right, up = float(np.clip(right, -0.6, 0.6)), float(np.clip(up, -0.45, 0.4))
    side = abs(right) / 0.6
    if right > 0:  # towards the subject's left
        weights["eyeLookOutLeft"], weights["eyeLookInRight"] = side, side
    else:
        weights["eyeLookInLeft"], weights["eyeLookOutRight"] = side, side
    for eye in ("Left", "Right"):
        weights[f"eyeLook{'Up' if up > 0 else 'Down'}{eye}"] = min(abs(up) / 0.45, 1.0)
    return np.array([[right, up], [right, up]]) + rng.normal(0, 0.015, (2, 2))


def gaze_of(weights: dict[str, float]) -> Doubles:
    """``(2, 2)`` right and up angles in radians of the left and the right eyeball, by the weights of ``eyeLook…``."""

    def turn(eye: str, inwards: int) -> tuple[float, float]:
        side = weights.get(f"eyeLookIn{eye}", 0.0) - weights.get(f"eyeLookOut{eye}", 0.0)
        up = UPWARDS * weights.get(f"eyeLookUp{eye}", 0.0) - DOWNWARDS * weights.get(f"eyeLookDown{eye}", 0.0)
        return inwards * SIDEWAYS * side, up

    return np.array([turn("Left", -1), turn("Right", 1)])
