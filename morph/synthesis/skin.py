"""Colour and relief of skin at every pixel: tone, blood, freckles, brows, beard shadow and make-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.synthesis.anatomy import FEATURES, Anatomy
from morph.synthesis.noise import sample
from morph.synthesis.people import Person, linear

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Complexion:
    """What one person's skin, brows and beard look like; see :func:`sample_complexion`."""

    offset: npt.NDArray[np.float64]
    mottle: float
    blood: float
    freckles: float
    sockets: float
    lip: npt.NDArray[np.float64]
    lip_strength: float
    shadow: npt.NDArray[np.float64]
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
    beard: npt.NDArray[np.float64]
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
        stain = linear(np.array([rng.uniform(0.45, 0.8), rng.uniform(0.1, 0.42), rng.uniform(0.15, 0.45)]))
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
        shadow=linear(rng.uniform(0.1, 0.6, 3)),
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


def brow_coordinates(anatomy: Anatomy, points: Floats) -> tuple[Floats, Floats]:
    """Where points of the mean lie along a brow (0 inner, 1 outer end) and how many mm above its landmarks' line."""
    line = anatomy.landmarks[22:27] * [1, 1, 1]
    line = (line + anatomy.landmarks[[21, 20, 19, 18, 17]] * [-1, 1, 1]) / 2
    x = np.abs(points[:, 0])
    t = np.interp(x, line[:, 0], np.linspace(0, 1, 5), left=np.nan, right=np.nan)
    slope_in = (x - line[0, 0]) / (line[-1, 0] - line[0, 0])
    t = np.where(np.isnan(t), slope_in, t)
    y = np.interp(x, line[:, 0], line[:, 1])
    y = y - np.clip(x - line[-1, 0], 0, None) * 0.45 - np.clip(line[0, 0] - x, 0, None) * 0.15
    return t.astype(np.float32), (points[:, 1] - y).astype(np.float32)


def brow_density(anatomy: Anatomy, points: Floats, look: Complexion) -> Floats:
    """How much brow hair covers points of the mean, 0..1."""
    out = np.zeros(len(points), np.float32)
    t, above = brow_coordinates(anatomy, points)
    above = above - look.brow_lift
    near = np.flatnonzero((t > -0.15) & (t < 1.3) & (np.abs(above) < 12) & (points[:, 2] > anatomy.landmarks[26, 2] - 25))
    if not len(near):
        return out
    t, above = t[near] / look.brow_length, above[near]
    width = look.brow_width * np.interp(t, [-0.1, 0.1, 0.55, 0.85, 1.05], [0.75, 1.0, 0.95, 0.6, 0.25])
    low, high = -0.62 * width, 0.38 * width
    edge = 0.9
    inside = np.clip((above - low) / edge, 0, 1) * np.clip((high - above) / edge, 0, 1)
    inside *= np.clip((t + 0.08) / 0.12, 0, 1) * np.clip((1.06 - t) / 0.12, 0, 1)
    x = np.abs(points[near, 0])
    lean = np.interp(t, [0, 0.4, 1], [0.5, 1.6, -2.5])  # hairs stand up at the inner end and lie along it further out
    strokes = sample(
        1, (x - above / np.where(np.abs(lean) < 0.3, 0.3, lean)) * 5 + look.offset[0], above * 1.2 + look.offset[1]
    )
    sparse = np.clip(0.85 + 0.35 * strokes + 0.5 * (look.brow_density - 0.6), 0, 1)
    out[near] = inside * sparse * np.clip(0.25 + look.brow_density, 0, 0.97)
    return out


def skin_colour(
    anatomy: Anatomy, person: Person, look: Complexion, points: Floats, features: Floats, scalp: Floats
) -> tuple[Floats, Floats, Floats]:
    """Skin at points of the mean.

    Args:
        anatomy, person, look: whose skin.
        points: ``(N, 3)`` on the mean.
        features: ``(N, len(FEATURES))``.
        scalp: ``(N,)`` how much hair covers the scalp there, 0..1.

    Returns:
        Linear albedo ``(N, 3)``, gloss ``(N,)`` 0..1, and how much the normal is bent, ``(N, 2)`` (right and up).
    """
    f = dict(zip(FEATURES, features.T, strict=True))
    around, up = np.radians(anatomy.angles(points)[0]) * 85, points[:, 1]
    ox, oy = look.offset

    def grain(layer: int, scale: float, turn: int = 0) -> Floats:
        return sample(layer, around * scale + ox + 97 * turn, up * scale + oy + 61 * turn)

    colour = person.skin * (1 + look.mottle * (0.7 * grain(4, 2.0) + 0.6 * grain(3, 1.6) + 0.5 * grain(2, 1.5)))[:, None]
    red = (
        look.blood * (0.75 * f["cheeks"] + 0.8 * f["nose"] + 0.5 * f["ears"] + 0.25 * f["chin"]) * (1 + 0.35 * grain(2, 1.2, 1))
    )
    colour *= 1 - np.clip(red, 0, 1.4)[:, None] * np.array([0.04, 0.2, 0.17])
    dark = look.sockets * f["sockets"] + 0.08 * f["lids"]
    colour *= 1 - dark[:, None] * np.array([0.75, 1.0, 0.85])
    colour *= 1 - (0.10 * (1 - person.tone) * np.clip(grain(3, 1.0, 2), 0, 2))[:, None] * np.array([0.1, 0.6, 0.5])
    if look.freckles:
        spots = np.clip((grain(1, 2.2, 3) - 1.1) * 1.5, 0, 1) * np.clip(f["cheeks"] + f["nose"] + 0.25, 0, 1)
        colour *= 1 - (look.freckles * spots)[:, None] * np.array([0.5, 0.8, 0.95])
    mole = np.clip((grain(2, 1.6, 5) - 3.0) * 4, 0, 1)
    colour *= 1 - 0.6 * mole[:, None]
    if look.shadow_strength:
        colour = _mix(colour, look.shadow, look.shadow_strength * np.clip(f["lids"] * 1.2, 0, 1))
    lips = np.clip(f["lips"], 0, 1) * look.lip_strength
    colour = _mix(colour, look.lip * (1 + 0.06 * grain(1, 3))[:, None], lips)
    inside = np.clip((f["mouth"] - 0.25) * 3, 0, 1)
    colour = _mix(colour, np.array([0.28, 0.07, 0.065]), inside)
    beard = np.clip(np.stack([look.moustache * f["moustache"], look.chin * f["chin"], look.jaw * f["jaw"]]).max(0), 0, 1)
    shade = look.stubble * np.clip(np.maximum(np.maximum(f["moustache"], f["chin"]), f["jaw"]), 0, 1)
    roots = np.clip(0.8 + 0.3 * grain(0, 3), 0, 1) * np.maximum(beard * 0.85, shade)
    colour = _mix(colour, 0.7 * look.beard + 0.12 * person.skin, roots)
    colour = _mix(colour, person.hair * 0.8, scalp)
    brows = brow_density(anatomy, points, look) * (1 - scalp)
    colour = _mix(colour, person.brow, brows)
    colour = _mix(colour, person.brow * 0.3, look.liner * np.clip(f["lash_line"], 0, 1))
    gloss = look.shine * (0.55 + 0.5 * f["nose"] + 0.15 * grain(3, 1.5, 4)) + 0.35 * lips
    gloss = np.clip(gloss * (1 - 0.7 * np.maximum(roots, np.maximum(brows, scalp))) + 0.6 * inside, 0.05, 1.6)
    bend = (
        look.relief
        * np.stack([grain(1, 2.4, 6), grain(1, 2.4, 7)], 1)
        * (1 + 0.5 * np.stack([grain(0, 3, 8), grain(0, 3, 9)], 1))
    )
    if look.wrinkles > 0:
        bend[:, 1] += look.wrinkles * _forehead_lines(anatomy, points, person) * (1 - scalp)
    return np.clip(colour, 0.003, 0.95).astype(np.float32), gloss.astype(np.float32), bend.astype(np.float32)


def _mix(a: npt.NDArray, b: npt.NDArray, amount: npt.NDArray) -> npt.NDArray:
    return a + (b - a) * amount[:, None]


def _forehead_lines(anatomy: Anatomy, points: Floats, person: Person) -> Floats:
    brow = anatomy.landmarks[19, 1]
    height = points[:, 1] - brow
    lines = np.cos(height * 0.75 + 0.9 * np.sin(points[:, 0] * 0.05 + person.age * 7))
    raised = max(person.weights.get("browInnerUp", 0), person.weights.get("browOuterUpLeft", 0))
    mask = np.clip((height - 8) / 6, 0, 1) * np.clip((42 - height) / 10, 0, 1) * np.clip((48 - np.abs(points[:, 0])) / 15, 0, 1)
    return (0.25 + 0.6 * raised) * lines * mask
