"""Hair styles: where strands start, how long they are and how they are combed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Array, Bools, Floats
from morph.synthesis.arrays.noise import normals
from morph.synthesis.hair.plans import HairPlan, HairStyle, Owner, Roots, plan_hair
from morph.synthesis.hair.strands import Skull, Sprouts, grow, nearest, wind
from morph.synthesis.person.anatomy import Anatomy
from morph.synthesis.person.people import Person

MEN = {
    "bald": 0.09,
    "shaved": 0.12,
    "crop": 0.24,
    "parted": 0.2,
    "quiff": 0.13,
    "mop": 0.09,
    "curls": 0.05,
    "long": 0.05,
    "tied": 0.03,
}
WOMEN = {"long": 0.40, "bob": 0.17, "tied": 0.22, "curls": 0.09, "crop": 0.04, "mop": 0.05, "shaved": 0.01, "parted": 0.02}


@dataclass(frozen=True, eq=False)
class Strands:
    """Hair of one person, in the frame of the model.

    Attributes:
        nodes: ``(n, m, 3)``.
        shade: ``(n,)`` brightness of each strand.
        width: mm.
        depth: ``(n, m)`` 0 at the scalp .. 1 at the surface of the hair: deeper hair is darker.
    """

    nodes: Floats
    shade: Floats
    width: float
    depth: Floats


@dataclass(frozen=True, eq=False)
class Scalp:
    """What hair grows on.

    Attributes:
        anatomy: of the model.
        vertices: ``(V, 3)`` the person's head, in the frame of the model.
        radius: :meth:`Anatomy.skin_radius` of that head.
        down: ``(3,)`` where gravity pulls.
        hides: ``(A, B)`` directions in which something is worn over the hair.
    """

    anatomy: Anatomy
    vertices: Floats
    radius: Floats
    down: Array
    hides: Bools | None = None


def sample_style(rng: np.random.Generator, person: Person) -> HairStyle:
    """Draw a style that suits the person."""
    table = MEN if person.masculine else WOMEN
    chance = np.array(list(table.values()))
    name = str(rng.choice(list(table), p=chance / chance.sum()))
    scalp = {"bald": rng.uniform(0, 0.12), "shaved": rng.uniform(0.35, 0.85)}.get(name, 0.92)
    fringe = bool(rng.random() < (0.22 if name in ("long", "bob", "tied") else 0.3 if name in ("mop", "crop") else 0.05))
    return HairStyle(name, float(scalp), fringe)


def comb_hair(rng: np.random.Generator, owner: Owner, scalp: Scalp, count: int) -> Strands | None:
    """Grow a person's hair; None where there is none.

    Args:
        rng: random numbers.
        owner: whose hair.
        scalp: what it grows on.
        count: how many strands.
    """
    bald = owner.style.name in ("bald", "shaved")
    roots = None if bald else _sample_roots(rng, scalp, owner.look.hairline, count)
    if roots is None:
        return None
    n, f32 = len(roots.points), np.float32
    plan = plan_hair(rng, owner, roots)
    clump = _clumps(rng, roots.points, 70)
    tangled = normals(rng, 71, 3)[clump]
    comb = plan.comb + plan.mess * (0.7 * tangled + 0.5 * normals(rng, n, 3))
    comb -= roots.outward * (comb * roots.outward).sum(1, keepdims=True) * plan.flat
    comb /= np.maximum(np.linalg.norm(comb, axis=1, keepdims=True), 1e-6)
    first = roots.outward * plan.stand + comb * (1 - plan.stand) + 0.08 * normals(rng, n, 3)
    spread = np.exp(0.13 * normals(rng, n) + 0.10 * tangled[:, 0])
    length = np.maximum(plan.length * spread, 3.0)
    lift = plan.lift * rng.random(n, np.float32) ** np.float32(1 / 1.3)  # beta(1.3, 1)
    if scalp.hides is not None:
        columns, rows = scalp.radius.shape
        a = ((roots.azimuth / 360 + 0.5) * columns).astype(int) % columns
        under = scalp.hides[a, np.clip(((roots.elevation + 90) / 180 * rows).astype(int), 0, rows - 1)]
        lift = np.where(under, np.minimum(lift, 1.0), lift)
        first = np.where(under[:, None], comb, first)
        plan.curl = 0.4 * plan.curl
    sprouts = Sprouts(
        roots=roots.points.astype(f32),
        first=first.astype(f32),
        comb=comb.astype(f32),
        length=length.astype(f32),
        gravity=np.full(n, plan.gravity, f32),
        lift=lift.astype(f32),
        free=np.asarray(plan.free, np.int32),
        side=np.asarray(plan.side, f32),
    )
    head = Skull(
        down=(0.35 * np.array([0.0, -1.0, 0.0]) + 0.65 * scalp.down).astype(f32),
        comb_reach=f32(plan.reach),
        hug=f32(plan.hug),
        radius=scalp.radius.astype(f32),
        centre=scalp.anatomy.skull,
        face_low=f32(np.radians(plan.face_low)),
        face_open=f32(plan.open),
    )
    nodes = np.zeros((n, plan.nodes, 3), f32)
    grow(sprouts, head, nodes)
    _curl(rng, nodes, clump, plan, length)
    share = np.linspace(0, 1, nodes.shape[1])
    depth = np.clip(0.25 + 0.55 * (lift / max(float(np.max(plan.lift)), 1e-3))[:, None] + 0.3 * share, 0, 1)
    shade = np.exp(0.16 * normals(rng, n) + 0.16 * tangled[:, 1])
    if owner.person.masculine is False and rng.random() < 0.2:
        shade *= 1 + 0.9 * (rng.random(n) < 0.25)  # highlights
    return Strands(nodes, shade.astype(f32), plan.width, depth.astype(f32))


def _sample_roots(rng: np.random.Generator, scalp: Scalp, hairline: tuple[float, float, float], count: int) -> Roots | None:
    """Where at most ``count`` strands start; None where hardly any would."""
    anatomy = scalp.anatomy
    pick = rng.integers(0, len(anatomy.root_triangle), int(count * 1.7))
    mean, azimuth = anatomy.root_place[pick], anatomy.root_azimuth[pick]
    above = anatomy.hair_distance(mean, *hairline, azimuth=azimuth) + 2 * normals(rng, len(mean))
    kept = np.flatnonzero(above > 0)[:count]
    if len(kept) < 50:
        return None
    pick, azimuth, above = pick[kept], azimuth[kept], above[kept]
    weight, corner = anatomy.root_weight[pick], anatomy.model.triangles[anatomy.root_triangle[pick]]
    points = np.asarray(sum(weight[:, k, None] * scalp.vertices[corner[:, k]] for k in range(3)))
    place = points - anatomy.skull
    outward = place / np.linalg.norm(place, axis=1, keepdims=True)
    return Roots(points, place, outward, azimuth, anatomy.root_elevation[pick], above)


def _clumps(rng: np.random.Generator, roots: Array, count: int) -> Array:
    out = np.empty(len(roots), np.int64)
    nearest(roots, roots[rng.integers(0, len(roots), count)], out)
    return out


def _curl(rng: np.random.Generator, nodes: Floats, clump: Array, plan: HairPlan, length: Array) -> None:
    """Wind strands about their own course as planned; strands of a clump keep step."""
    if plan.curl <= 0:
        return
    n = len(nodes)
    phase = rng.uniform(0, 2 * np.pi, 71)[clump] + 0.5 * normals(rng, n)
    amount = plan.curl * np.exp(0.25 * normals(rng, n))
    wind(nodes, phase.astype(np.float32), length.astype(np.float32), amount.astype(np.float32), np.float32(plan.pitch))
