"""Expressions as faces make them: all 52 weights, sides apart, correlated as in photographs of real faces.

Most weights are drawn by a Gaussian copula whose correlations were measured on photographs (``expressions.txt``, made by
``data/free_faces/expression_study.py``), so that a smile lifts the upper lip and raised brows go with open eyes, while every
weight is large often enough to be learned. What the photographs' labels do not show (tongue, puffed cheeks, sneers, cheeks
that squint, a jaw to one side or forward, lips that close over an open jaw) is drawn beside them.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morph.arrays import Doubles

Random = np.random.Generator

# share of faces in which a weight is above zero, and the power that bends its even distribution towards small ones
USUAL = (0.26, 1.2)
OFTEN = {
    "mouthSmile": (0.42, 1.0),
    "jawOpen": (0.5, 1.4),
    "browInnerUp": (0.36, 1.1),
    "browDown": (0.34, 1.1),
    "browOuterUp": (0.34, 1.1),
    "eyeSquint": (0.36, 1.2),
    "mouthUpperUp": (0.32, 1.1),
    "mouthLowerDown": (0.32, 1.1),
    "mouthPucker": (0.26, 1.0),
}
SIDES = ("Left", "Right")


@dataclass(frozen=True)
class Habits:
    """How faces use their weights, as shares of faces.

    Attributes:
        rest: without expression.
        loose: in which weights hardly go together.
        solo: to which some weights are added, each by itself.
        faint: in which all of it is weaker.
        often: how many times as often as in :data:`OFTEN` a weight is above zero, and what is unseen happens.
        bend: factor of the power that bends weights towards small ones.
    """

    rest: float = 0.13
    loose: float = 0.35
    solo: float = 0.3
    faint: float = 0.35
    often: float = 1.0
    bend: float = 1.0


USUALLY = Habits()
LIVELY = Habits(rest=0.05, loose=0.7, solo=0.5, faint=0.1, often=1.5, bend=0.75)  # to learn from: much of everything
HABITS = {"measured": USUALLY, "lively": LIVELY}
OPPOSITES = (("mouthSmile", "mouthFrown"), ("eyeWide", "eyeSquint"))


@functools.cache
def correlations() -> tuple[tuple[str, ...], Doubles]:
    """Names ``N`` and ``(N, N)`` correlations of expressions in photographs of faces."""
    lines = Path(__file__).with_name("expressions.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    matrix = np.eye(len(rows))
    for i, row in enumerate(rows):
        for j, value in enumerate(row[1:]):
            matrix[i, j] = matrix[j, i] = float(value) / 100.0
    return tuple(row[0] for row in rows), matrix


@functools.cache
def _roots() -> tuple[Doubles, Doubles]:
    """Square roots of the correlations as they are, and weakened to 0.35 of themselves."""
    _, matrix = correlations()
    values, vectors = np.linalg.eigh(matrix)
    tight = vectors * np.sqrt(np.clip(values, 0.02, None))
    tight /= np.linalg.norm(tight, axis=1, keepdims=True)
    loose: Doubles = np.asarray(np.linalg.cholesky(0.35 * matrix + 0.65 * np.eye(len(matrix))), np.float64)
    return np.asarray(tight, np.float64), loose


def sample_expression(rng: Random, habits: Habits = USUALLY) -> dict[str, float]:
    """Weights 0..1 by ARKit's names, zeros left out, gaze included."""
    weights: dict[str, float] = {}
    if rng.random() >= habits.rest:
        _together(rng, weights, habits)
        _unseen(rng, weights, habits.often)
        if rng.random() < habits.solo:
            _alone(rng, weights)
        _oppose(rng, weights)
        if rng.random() < habits.faint:
            strength = rng.uniform(0.3, 1.0)
            weights = {name: strength * value for name, value in weights.items()}
    _lids(rng, weights)
    _gaze(rng, weights)
    return {name: float(np.clip(value, 0.0, 1.0)) for name, value in weights.items() if value > 0.01}


def _together(rng: Random, weights: dict[str, float], habits: Habits) -> None:
    names, _ = correlations()
    tight, loose = _roots()
    normal = (loose if rng.random() < habits.loose else tight) @ rng.standard_normal(len(names))
    drawn = [math.erfc(-value / math.sqrt(2.0)) / 2 for value in normal]  # evenly in 0..1
    for name, rank in zip(names, drawn, strict=True):
        share, power = OFTEN.get(_stem(name), USUAL)
        share, power = min(share * habits.often, 0.6), power * habits.bend
        if rank > 1 - share and _stem(name) not in ("jaw", "mouth", "eyeBlink"):
            weights[name] = ((rank - 1 + share) / share) ** power


def _stem(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")


def _unseen(rng: Random, weights: dict[str, float], often: float) -> None:
    """What the labels of photographs do not tell, ``often`` times as often."""
    smile = (weights.get("mouthSmileLeft", 0) + weights.get("mouthSmileRight", 0)) / 2
    if rng.random() < often * (0.25 + 0.35 * smile):
        _pair(rng, weights, "cheekSquint", rng.uniform(0.1, 1.0) * (0.6 + 0.4 * smile))
    if rng.random() < often * 0.2:
        _pair(rng, weights, "noseSneer", rng.uniform(0.1, 1.0))
    if rng.random() < often * 0.13:
        weights["cheekPuff"] = rng.uniform(0.15, 1.0)
        weights["jawOpen"] = weights.get("jawOpen", 0.0) * 0.2
    if rng.random() < often * 0.13:
        weights["jawForward"] = rng.uniform(0.1, 1.0)
    for pair, chance in ((("jawLeft", "jawRight"), 0.22), (("mouthLeft", "mouthRight"), 0.24)):
        if rng.random() < often * chance:
            weights[pair[rng.integers(2)]] = rng.uniform(0.1, 1.0)
    kind = rng.random() / often
    if kind < 0.11:  # the jaw is open and the lips are not
        weights["jawOpen"] = rng.uniform(0.1, 0.75)
        weights["mouthClose"] = weights["jawOpen"] * rng.uniform(0.6, 1.0)
        for name in ("mouthLowerDown", "mouthUpperUp"):
            for side in SIDES:
                weights[name + side] = weights.get(name + side, 0.0) * 0.3
    elif kind < 0.21:
        weights["tongueOut"] = rng.uniform(0.2, 1.0)
        weights["jawOpen"] = max(weights.get("jawOpen", 0.0), rng.uniform(0.12, 0.6))
        for name in ("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthPucker"):
            weights[name] = weights.get(name, 0.0) * 0.3


def _pair(rng: Random, weights: dict[str, float], stem: str, strength: float) -> None:
    """Both sides much alike, or one of them, or each by itself."""
    kind = rng.random()
    for side, share in zip(SIDES, (1.0, 1.0) if kind < 0.6 else (rng.permutation([1.0, rng.uniform(0, 0.4)])), strict=True):
        weights[stem + side] = strength * share * rng.uniform(0.8, 1.2)


def _alone(rng: Random, weights: dict[str, float]) -> None:
    """One to three weights of their own, one side each."""
    names, _ = correlations()
    held = "mouthClose" in weights or "tongueOut" in weights  # the jaw belongs to them
    for name in rng.choice(names, rng.integers(1, 4), replace=False):
        value = rng.uniform(0.2, 1.0)
        if _stem(name) not in ("jaw", "mouth", "eyeBlink") and not (name == "jawOpen" and held):
            weights[str(name)] = value


def _oppose(rng: Random, weights: dict[str, float]) -> None:
    """Of two weights that undo each other the smaller one gives way, and lips do not roll in over a wide open jaw."""
    for pair in OPPOSITES:
        for side in SIDES:
            one, other = (stem + side for stem in pair)
            small = min((one, other), key=lambda name: weights.get(name, 0.0))
            weights[small] = weights.get(small, 0.0) * rng.uniform(0.0, 0.4)
    wide = weights.get("jawOpen", 0.0) - weights.get("mouthClose", 0.0)
    for name in ("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthPressLeft", "mouthPressRight"):
        weights[name] = weights.get(name, 0.0) * float(np.clip(1.4 - 1.6 * wide, 0.2, 1.0))


def _lids(rng: Random, weights: dict[str, float]) -> None:
    """A blink, a wink, half-shut or open eyes."""
    kind = rng.random()
    if kind < 0.13:
        shut = rng.uniform(0.75, 1.0)
        values = [shut * rng.uniform(0.95, 1.0) for _ in SIDES]
    elif kind < 0.21:
        values = list(rng.permutation([rng.uniform(0.6, 1.0), rng.uniform(0.0, 0.35)]))
    elif kind < 0.48:
        shut = rng.uniform(0.0, 0.8)
        values = [shut * rng.uniform(0.75, 1.25) for _ in SIDES]
    else:
        values = [abs(rng.normal(0, 0.03)) for _ in SIDES]
    for side, value in zip(SIDES, values, strict=True):
        weights[f"eyeBlink{side}"] = value
        if value > 0.25:
            weights[f"eyeWide{side}"] = weights.get(f"eyeWide{side}", 0.0) * 0.2


def _gaze(rng: Random, weights: dict[str, float]) -> None:
    """Both eyes look one way, a little towards each other; the lids follow as the shapes of looking up and down have it."""
    if rng.random() < 0.45:
        left, up = rng.normal(0, 0.16), rng.normal(-0.03, 0.16)
    else:
        left, up = rng.uniform(-1.05, 1.05), rng.uniform(-1.0, 1.0)
    nearness = rng.choice([0.0, rng.uniform(0, 0.12), rng.uniform(0, 0.4)], p=[0.4, 0.45, 0.15])
    for side, outwards in (("Left", 1.0), ("Right", -1.0)):
        sideways = outwards * left - nearness + rng.normal(0, 0.02)
        height = up + rng.normal(0, 0.02)
        weights[f"eyeLook{'Out' if sideways > 0 else 'In'}{side}"] = abs(sideways)
        weights[f"eyeLook{'Up' if height > 0 else 'Down'}{side}"] = abs(height)
        if height > 0.5 and rng.random() < 0.4:
            weights[f"eyeWide{side}"] = max(weights.get(f"eyeWide{side}", 0.0), 0.6 * height * rng.random())
