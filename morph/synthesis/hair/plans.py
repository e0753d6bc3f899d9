"""What makes a hair style: length, comb, lift, gravity and curl of every strand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Array, Bools, Floats
from morph.synthesis.person.complexion import Complexion
from morph.synthesis.person.people import Person

BACK = np.array([0.0, 0.15, -1.0])


@dataclass(frozen=True, eq=False)
class HairStyle:
    """A style; ``scalp`` says how dark the roots make the scalp."""

    name: str
    scalp: float
    fringe: bool


@dataclass(frozen=True, eq=False)
class Owner:
    """Whose hair it is."""

    person: Person
    look: Complexion
    style: HairStyle


@dataclass(frozen=True, eq=False)
class Roots:
    """Where strands start, ``(n,)`` each.

    Attributes:
        points: ``(n, 3)`` in the frame of the model.
        place: ``(n, 3)`` from the centre of the skull.
        outward: ``(n, 3)`` unit vectors of ``place``.
        azimuth: degrees about the skull, 0 in front.
        elevation: degrees.
        above: mm above the hairline.
    """

    points: Floats
    place: Floats
    outward: Floats
    azimuth: Floats
    elevation: Floats
    above: Floats


@dataclass(eq=False)
class HairPlan:
    """How strands grow; :func:`plan_hair` fills it in.

    Attributes:
        side: ``(n,)`` -1 or 1: to which side of the face a strand yields.
        free: ``(n,)`` 1 for strands that may hang into the face.
        comb: ``(n, 3)`` where they are combed to.
        length: ``(n,)`` mm.
        lift: ``(n,)`` mm above the skin at most.
        open: azimuth (radians) to which hair leaves the face free.
        curl: mm that strands wind about their own course.
        pitch: mm of one turn.
        mess: how much strands stray from the comb.
        flat: share of the comb that is laid onto the skull.
        stand: how much strands stand up at the root, 0..1.
        gravity: pull a step.
        reach: share of the length along which the comb acts.
        hug: how closely strands keep to the skull.
        face_low: elevation (degrees) of the forehead's hairline.
        width: mm.
        nodes: of a strand.
    """

    side: Array
    free: Array
    comb: Array
    length: Array
    lift: Array
    open: float
    curl: float
    pitch: float
    mess: float = 0.10
    flat: float = 0.9
    stand: float = 0.3
    gravity: float = 0.05
    reach: float = 0.8
    hug: float = 0.0
    face_low: float = 30.0
    width: float = 0.9
    nodes: int = 7


@dataclass(frozen=True, eq=False)
class _Draft:
    """What styles are made from.

    Attributes:
        rng: random numbers.
        roots: of the strands.
        height: ``(n,)`` 0 at the sides .. 1 on top.
        part: x of the parting, mm.
        sideways: ``(n, 3)`` away from the parting.
        away: ``(n, 3)`` away from the whorl.
        curly, wavy: what the hair is by nature.
        fringe: ``(n,)`` strands of the fringe.
    """

    rng: np.random.Generator
    roots: Roots
    height: Array
    part: float
    sideways: Array
    away: Array
    curly: bool
    wavy: bool
    fringe: Bools

    def graded(self, top: float, sides: float) -> Array:
        """``(n,)`` mm: short at the sides, long on top."""
        return np.asarray(sides + (top - sides) * self.height)


def plan_hair(rng: np.random.Generator, owner: Owner, roots: Roots) -> HairPlan:
    """Draw everything that makes the owner's style."""
    n, name = len(roots.azimuth), owner.style.name
    x, _, z = roots.place.T
    part = rng.choice([0.0, rng.choice([-1, 1]) * rng.uniform(15, 38)], p=[0.45, 0.55])
    side = np.where(x - part * np.clip((z + 60) / 100, 0, 1) + rng.normal(0, 1.5, n) > 0, 1.0, -1.0)
    whorl = np.array([rng.normal(0, 12), 78, -50]) - roots.place
    curly = rng.random() < (0.75 if owner.person.tone > 0.65 else 0.2)
    wavy = rng.random() < 0.45
    near = (np.abs(roots.azimuth) < rng.uniform(38, 62)) & (roots.elevation > 20) & (roots.above < rng.uniform(18, 40))
    draft = _Draft(
        rng=rng,
        roots=roots,
        height=np.clip((roots.elevation - 5) / 45, 0, 1),
        part=part,
        sideways=np.stack([side, -0.2 * np.ones(n), np.zeros(n)], 1),
        away=-whorl / np.linalg.norm(whorl, axis=1, keepdims=True),
        curly=curly,
        wavy=wavy,
        fringe=owner.style.fringe & near,
    )
    plan = HairPlan(
        side=side,
        free=np.zeros(n),
        comb=draft.away,
        length=np.zeros(n),
        lift=np.full(n, 4.0),
        open=rng.uniform(0.8, 1.25) if rng.random() < 0.8 else rng.uniform(1.4, 1.9),
        curl=rng.uniform(2, 5) if curly else 0.0,
        pitch=rng.uniform(14, 28),
    )
    styles = {"crop": _crop, "parted": _parted, "quiff": _quiff, "mop": _mop, "curls": _curls, "tied": _tied, "bob": _bob}
    styles.get(name, _long)(draft, plan)
    if name in ("parted", "mop", "quiff", "crop"):  # the nape is cut short
        plan.length = plan.length * np.interp(roots.elevation, [-38, -12], [0.1, 1.0])
    if draft.fringe.any() and name != "crop":
        _comb_fringe(draft, plan)
    return plan


def _crop(draft: _Draft, plan: HairPlan) -> None:
    top, sides = draft.rng.uniform(8, 32), draft.rng.uniform(3, 12)
    plan.length, plan.comb = draft.graded(top, sides), draft.away
    plan.mess, plan.stand, plan.gravity = 0.3, draft.rng.uniform(0.25, 0.6), 0.02
    plan.lift, plan.nodes, plan.width = 1 + 0.18 * draft.graded(top, sides), 5, 0.8
    plan.free, plan.curl = np.ones(len(draft.height)), plan.curl * 0.4


def _parted(draft: _Draft, plan: HairPlan) -> None:
    rng, height = draft.rng, draft.height
    top, sides = rng.uniform(40, 80), rng.uniform(6, 22)
    swept = draft.sideways * np.array([rng.choice([-1, 1]), 1, 1]) if draft.part == 0 else draft.sideways
    plan.length = draft.graded(top, sides)
    plan.comb = swept * height[:, None] + draft.away * (1 - height)[:, None] + BACK * rng.uniform(0, 0.8)
    plan.lift, plan.mess, plan.gravity, plan.hug = 2 + rng.uniform(4, 12) * height, 0.15, 0.04, 0.5


def _quiff(draft: _Draft, plan: HairPlan) -> None:
    rng, height = draft.rng, draft.height
    top, sides = rng.uniform(28, 60), rng.uniform(4, 14)
    plan.length = draft.graded(top, sides)
    up = np.array([rng.normal(0, 0.4), 0.7, -0.7])
    plan.comb = up * height[:, None] + (draft.away + BACK * 0.6) * (1 - height)[:, None]
    plan.stand, plan.lift, plan.gravity, plan.flat, plan.mess = 0.5, 2 + rng.uniform(6, 18) * height, 0.0, 0.5, 0.25


def _mop(draft: _Draft, plan: HairPlan) -> None:
    rng, n = draft.rng, len(draft.height)
    plan.length, plan.comb = rng.uniform(45, 85) * (0.7 + 0.3 * draft.height), draft.away + draft.sideways * 0.6
    plan.mess, plan.gravity, plan.hug = 0.35, 0.18, 0.3
    plan.lift, plan.curl = np.full(n, rng.uniform(8, 18)), plan.curl if draft.curly else rng.uniform(0, 3)
    plan.pitch, plan.nodes, plan.free = rng.uniform(25, 50), 9, draft.fringe.astype(float)


def _curls(draft: _Draft, plan: HairPlan) -> None:
    rng, n = draft.rng, len(draft.height)
    size = rng.uniform(25, 70)
    plan.length, plan.comb = size * np.ones(n), draft.roots.outward + np.array([0, -0.2, -0.2])
    plan.mess, plan.flat, plan.stand, plan.gravity = 0.5, 0.0, 0.8, 0.04 if size > 45 else 0.0
    plan.lift, plan.curl, plan.pitch = np.full(n, 0.55 * size), rng.uniform(3, 6), rng.uniform(9, 18)
    plan.nodes, plan.width, plan.reach = 14, 0.9, 1.0


def _tied(draft: _Draft, plan: HairPlan) -> None:
    rng, n = draft.rng, len(draft.height)
    tie = np.array([0, rng.uniform(-35, 60), -85.0]) - draft.roots.place
    far = np.linalg.norm(tie, axis=1)
    plan.length, plan.comb = far * 1.05, tie / far[:, None]
    plan.mess, plan.gravity, plan.reach, plan.hug = 0.04, 0.0, 10.0, 0.9
    plan.lift, plan.stand, plan.curl, plan.nodes = np.full(n, rng.uniform(2, 6)), 0.05, 0.0, 8


def _bob(draft: _Draft, plan: HairPlan) -> None:
    plan.gravity, plan.nodes = 0.42, 11
    _hang(draft, plan, draft.rng.uniform(110, 190))


def _long(draft: _Draft, plan: HairPlan) -> None:
    plan.gravity, plan.nodes = 0.5, 15
    _hang(draft, plan, draft.rng.uniform(200, 420))


def _hang(draft: _Draft, plan: HairPlan, reach: float) -> None:
    rng, n = draft.rng, len(draft.height)
    tilt = rng.uniform(-0.9, 0.15)
    plan.length = reach * np.ones(n) - np.clip(draft.roots.place[:, 1], -70, 90) * -0.3
    plan.comb, plan.mess = draft.sideways + np.array([0, 0.0, tilt]), 0.05
    plan.lift, plan.reach = np.full(n, rng.uniform(5, 16)), 0.35
    plan.hug, plan.stand = rng.uniform(0.2, 0.7), 0.25
    if draft.wavy and not draft.curly:
        plan.curl, plan.pitch = rng.uniform(2, 7), rng.uniform(50, 100)
    if draft.curly:
        plan.curl, plan.pitch, plan.lift = rng.uniform(3, 7), rng.uniform(16, 35), np.full(n, rng.uniform(12, 26))


def _comb_fringe(draft: _Draft, plan: HairPlan) -> None:
    """Comb the fringe to the front and cut it."""
    rng, fringe, x = draft.rng, draft.fringe, draft.roots.place[:, 0]
    down = np.array([rng.normal(0, 0.25), -0.3, 1.0])
    plan.comb, plan.length = np.array(plan.comb), plan.length.copy()
    plan.comb[fringe] = down + 0.25 * np.stack([np.sign(x[fringe]), np.zeros(fringe.sum()), np.zeros(fringe.sum())], 1)
    plan.length[fringe] = np.clip(rng.uniform(38, 62) + draft.roots.above[fringe], 20, 110)
    plan.free = np.maximum(plan.free, fringe)
