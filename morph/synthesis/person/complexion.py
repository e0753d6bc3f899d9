"""What one person's skin is like: tone, blood, freckles, brows, beard shadow and make-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles
from morph.rendering.colour import decode_gamma
from morph.synthesis.person.people import Person


@dataclass(frozen=True, eq=False)
class Complexion:
    """What one person's skin, brows and beard look like; see :func:`sample_complexion`."""

    offset: Doubles
    mottle: float
    blood: float
    freckles: float
    sockets: float
    lip: Doubles
    lip_strength: float
    shadow: Doubles
    shadow_strength: float
    liner: float
    brow_width: float
    brow_density: float
    brow_lift: float
    brow_length: float
    stubble: float
    moustache: float
    chin: float
    jaw: float
    beard: Doubles
    shine: float
    relief: float
    wrinkles: float
    sideburns: bool
    hairline: tuple[float, float, float]


def sample_complexion(rng: np.random.Generator, person: Person) -> Complexion:
    """Draw what is not in the geometry; women may wear make-up, men may have beards."""
    man = person.masculine
    made_up = not man and rng.random() < 0.5
    kind = rng.choice(["none", "stubble", "moustache", "goatee", "full"], p=[0.42, 0.26, 0.06, 0.1, 0.16]) if man else "none"
    full = kind == "full"
    lip = person.skin * np.array([rng.uniform(0.72, 0.98), rng.uniform(0.42, 0.66), rng.uniform(0.5, 0.72)])
    if made_up and rng.random() < 0.6:
        stain = decode_gamma(np.array([rng.uniform(0.45, 0.8), rng.uniform(0.1, 0.42), rng.uniform(0.15, 0.45)]))
        lip = 0.35 * lip + 0.65 * stain * (0.5 + 0.7 * person.skin.mean() / 0.5)
    peak = rng.uniform(0, 9) if rng.random() < 0.3 else 0.0
    recession = rng.uniform(0, 26) * person.age + rng.uniform(0, 5) if man else rng.uniform(0, 3)
    return Complexion(
        offset=rng.uniform(0, 512, 2),
        mottle=rng.uniform(0.02, 0.07),
        blood=rng.uniform(0.15, 1.0) * (1 - 0.5 * person.tone),
        freckles=rng.uniform(0.1, 0.5) if rng.random() < 0.12 and person.tone < 0.4 else 0.0,
        sockets=rng.uniform(0.02, 0.3) * (0.6 + person.age),
        lip=lip,
        lip_strength=rng.uniform(0.55, 0.9),
        shadow=decode_gamma(rng.uniform(0.1, 0.6, 3)),
        shadow_strength=rng.uniform(0.1, 0.55) if made_up and rng.random() < 0.6 else 0.0,
        liner=rng.uniform(0.5, 0.95) if made_up else rng.uniform(0.1, 0.5),
        brow_width=rng.uniform(6.5, 11.0) if man else rng.uniform(4.5, 8.5),
        brow_density=rng.uniform(0.3, 0.95) if rng.random() < 0.9 else rng.uniform(0.1, 0.3),
        brow_lift=rng.normal(0, 0.6),
        brow_length=rng.uniform(0.9, 1.12),
        stubble=(rng.uniform(0.1, 0.5) if kind == "stubble" else rng.uniform(0, 0.14)) if man else 0.0,
        moustache=rng.uniform(0.7, 1) if kind in ("moustache", "full") or (kind == "goatee" and rng.random() < 0.7) else 0.0,
        chin=rng.uniform(0.7, 1) if kind in ("goatee", "full") else 0.0,
        jaw=rng.uniform(0.6, 1) if full else 0.0,
        beard=person.hair * rng.uniform(0.55, 1.0) * np.array([1.08, 1.0, 0.95]),
        shine=rng.uniform(0.25, 1.0),
        relief=rng.uniform(0.02, 0.08) * (0.7 + person.age),
        wrinkles=max(0.0, person.age - 0.3) * rng.uniform(0.2, 0.9),
        sideburns=bool(man and rng.random() < 0.5),
        hairline=(recession, rng.normal(0, 5) + (6 * person.age if man else 0), peak),
    )
