"""Hair styles: where strands start, how long they are and how they are combed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.synthesis.arrays.noise import normals
from morph.synthesis.hair.strands import grow, nearest, wind
from morph.synthesis.person.anatomy import Anatomy
from morph.synthesis.person.complexion import Complexion
from morph.synthesis.person.people import Person

Floats = npt.NDArray[np.float32]
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
class HairStyle:
    """A style; ``scalp`` says how dark the roots make the scalp."""

    name: str
    scalp: float
    fringe: bool


def sample_style(rng: np.random.Generator, person: Person) -> HairStyle:
    """Draw a style that suits the person."""
    table = MEN if person.masculine else WOMEN
    chance = np.array(list(table.values()))
    name = str(rng.choice(list(table), p=chance / chance.sum()))
    scalp = {"bald": rng.uniform(0, 0.12), "shaved": rng.uniform(0.35, 0.85)}.get(name, 0.92)
    fringe = bool(rng.random() < (0.22 if name in ("long", "bob", "tied") else 0.3 if name in ("mop", "crop") else 0.05))
    return HairStyle(name, float(scalp), fringe)


def comb_hair(
    rng: np.random.Generator,
    anatomy: Anatomy,
    person: Person,
    look: Complexion,
    style: HairStyle,
    vertices: Floats,
    radius: Floats,
    count: int,
    down: npt.NDArray,
    hides: npt.NDArray[np.bool_] | None = None,
) -> Strands | None:
    """Grow a person's hair.

    Args:
        rng: random numbers.
        anatomy, person, look, style: whose hair.
        vertices: ``(V, 3)`` the person's head.
        radius: :meth:`Anatomy.skin_radius` of that head.
        count: how many strands.
        down: ``(3,)`` where gravity pulls.
        hides: ``(A, B)`` directions in which something is worn over the hair.
    """
    if style.name in ("bald", "shaved"):
        return None
    model = anatomy.model
    pick = rng.integers(0, len(anatomy.root_triangle), int(count * 1.7))
    mean, azimuth = anatomy.root_place[pick], anatomy.root_azimuth[pick]
    above = anatomy.hair_distance(mean, *look.hairline, azimuth=azimuth) + 2 * normals(rng, len(mean))
    kept = np.flatnonzero(above > 0)[:count]
    if len(kept) < 50:
        return None
    pick, azimuth, above = pick[kept], azimuth[kept], above[kept]
    weight, corner = anatomy.root_weight[pick], model.triangles[anatomy.root_triangle[pick]]
    roots: npt.NDArray = sum(weight[:, k, None] * vertices[corner[:, k]] for k in range(3))  # type: ignore[assignment]
    n = len(roots)
    elevation = anatomy.root_elevation[pick]
    outward = roots - anatomy.skull
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    plan = _plan(rng, style, person, azimuth, elevation, roots - anatomy.skull, above, outward)
    clump = _clumps(rng, roots, 70)
    tangled = normals(rng, 71, 3)[clump]
    comb = plan["comb"] + plan["mess"] * (0.7 * tangled + 0.5 * normals(rng, n, 3))
    comb -= outward * (comb * outward).sum(1, keepdims=True) * plan["flat"]
    comb /= np.maximum(np.linalg.norm(comb, axis=1, keepdims=True), 1e-6)
    first = outward * plan["stand"] + comb * (1 - plan["stand"]) + 0.08 * normals(rng, n, 3)
    spread = np.exp(0.13 * normals(rng, n) + 0.10 * tangled[:, 0])
    length = np.maximum(plan["length"] * spread, 3.0)
    lift = plan["lift"] * rng.random(n, np.float32) ** np.float32(1 / 1.3)  # beta(1.3, 1)
    if hides is not None:
        columns, rows = radius.shape
        a = ((azimuth / 360 + 0.5) * columns).astype(int) % columns
        under = hides[a, np.clip(((elevation + 90) / 180 * rows).astype(int), 0, rows - 1)]
        lift = np.where(under, np.minimum(lift, 1.0), lift)
        first = np.where(under[:, None], comb, first)
        plan["curl"] = 0.4 * float(plan["curl"])
    nodes = np.zeros((n, int(plan["nodes"]), 3), np.float32)
    f32 = np.float32
    grow(
        roots.astype(f32),
        first.astype(f32),
        comb.astype(f32),
        length.astype(f32),
        np.broadcast_to(plan["gravity"], n).astype(f32),
        (0.35 * np.array([0.0, -1.0, 0.0]) + 0.65 * down).astype(f32),
        lift.astype(f32),
        f32(plan["reach"]),
        f32(plan["hug"]),
        np.asarray(plan["free"], np.int32),
        np.asarray(plan["side"], f32),
        radius.astype(f32),
        anatomy.skull,
        f32(np.radians(plan["face_low"])),
        f32(plan["open"]),
        nodes,
    )
    _curl(rng, nodes, clump, float(plan["curl"]), float(plan["pitch"]), length)
    share = np.linspace(0, 1, nodes.shape[1])
    depth = np.clip(0.25 + 0.55 * (lift / max(float(np.max(plan["lift"])), 1e-3))[:, None] + 0.3 * share, 0, 1)
    shade = np.exp(0.16 * normals(rng, n) + 0.16 * tangled[:, 1])
    if person.masculine is False and rng.random() < 0.2:
        shade *= 1 + 0.9 * (rng.random(n) < 0.25)  # highlights
    return Strands(nodes, shade.astype(f32), float(plan["width"]), depth.astype(f32))


def _clumps(rng: np.random.Generator, roots: npt.NDArray, count: int) -> npt.NDArray:
    out = np.empty(len(roots), np.int64)
    nearest(roots, roots[rng.integers(0, len(roots), count)], out)
    return out


def _curl(rng: np.random.Generator, nodes: Floats, clump: npt.NDArray, size: float, pitch: float, length: npt.NDArray) -> None:
    """Wind strands about their own course: ``size`` mm wide, one turn every ``pitch`` mm; strands of a clump keep step."""
    if size <= 0:
        return
    n = len(nodes)
    phase = rng.uniform(0, 2 * np.pi, 71)[clump] + 0.5 * normals(rng, n)
    amount = size * np.exp(0.25 * normals(rng, n))
    wind(nodes, phase.astype(np.float32), length.astype(np.float32), amount.astype(np.float32), np.float32(pitch))


def _plan(
    rng: np.random.Generator,
    style: HairStyle,
    person: Person,
    azimuth: npt.NDArray,
    elevation: npt.NDArray,
    place: npt.NDArray,
    above: npt.NDArray,
    outward: npt.NDArray,
) -> dict[str, npt.NDArray | float]:
    """Everything that makes a style: length, comb, lift, gravity, curl … by root."""
    n = len(azimuth)
    x, y, z = place.T
    height = np.clip((elevation - 5) / 45, 0, 1)  # 0 sides .. 1 top
    part = rng.choice([0.0, rng.choice([-1, 1]) * rng.uniform(15, 38)], p=[0.45, 0.55])
    side = np.where(x - part * np.clip((z + 60) / 100, 0, 1) + rng.normal(0, 1.5, n) > 0, 1.0, -1.0)
    sideways = np.stack([side, -0.2 * np.ones(n), np.zeros(n)], 1)
    back = np.array([0.0, 0.15, -1.0])
    whorl = np.array([rng.normal(0, 12), 78, -50]) - place
    away = -whorl / np.linalg.norm(whorl, axis=1, keepdims=True)
    curly = rng.random() < (0.75 if person.tone > 0.65 else 0.2)
    wavy = rng.random() < 0.45
    fringe = style.fringe & (np.abs(azimuth) < rng.uniform(38, 62)) & (elevation > 20) & (above < rng.uniform(18, 40))
    plan: dict[str, npt.NDArray | float] = {
        "free": np.zeros(n),
        "side": side,
        "mess": 0.10,
        "flat": 0.9,
        "stand": 0.3,
        "gravity": 0.05,
        "reach": 0.8,
        "hug": 0.0,
        "face_low": 30.0,
        "open": rng.uniform(0.8, 1.25) if rng.random() < 0.8 else rng.uniform(1.4, 1.9),
        "width": 0.9,
        "nodes": 7,
        "curl": rng.uniform(2, 5) if curly else 0.0,
        "pitch": rng.uniform(14, 28),
        "lift": np.full(n, 4.0),
    }
    if style.name == "crop":
        top, sides = rng.uniform(8, 32), rng.uniform(3, 12)
        plan |= {
            "length": sides + (top - sides) * height,
            "comb": away,
            "mess": 0.3,
            "stand": rng.uniform(0.25, 0.6),
            "gravity": 0.02,
        }
        plan |= {
            "lift": 1 + 0.18 * (sides + (top - sides) * height),
            "nodes": 5,
            "width": 0.8,
            "free": np.ones(n),
            "curl": plan["curl"] * 0.4,
        }
    elif style.name == "parted":
        top, sides = rng.uniform(40, 80), rng.uniform(6, 22)
        swept = sideways * np.array([rng.choice([-1, 1]), 1, 1]) if part == 0 else sideways
        plan |= {
            "length": sides + (top - sides) * height,
            "comb": swept * height[:, None] + away * (1 - height)[:, None] + back * rng.uniform(0, 0.8),
        }
        plan |= {"lift": 2 + rng.uniform(4, 12) * height, "mess": 0.15, "gravity": 0.04, "hug": 0.5}
    elif style.name == "quiff":
        top, sides = rng.uniform(28, 60), rng.uniform(4, 14)
        plan |= {
            "length": sides + (top - sides) * height,
            "comb": np.array([rng.normal(0, 0.4), 0.7, -0.7]) * height[:, None] + (away + back * 0.6) * (1 - height)[:, None],
        }
        plan |= {"stand": 0.5, "lift": 2 + rng.uniform(6, 18) * height, "gravity": 0.0, "flat": 0.5, "mess": 0.25}
    elif style.name == "mop":
        plan |= {
            "length": rng.uniform(45, 85) * (0.7 + 0.3 * height),
            "comb": away + sideways * 0.6,
            "mess": 0.35,
            "gravity": 0.18,
            "hug": 0.3,
        }
        plan |= {
            "lift": np.full(n, rng.uniform(8, 18)),
            "curl": plan["curl"] if curly else rng.uniform(0, 3),
            "pitch": rng.uniform(25, 50),
            "nodes": 9,
        }
        plan["free"] = fringe.astype(float)
    elif style.name == "curls":
        size = rng.uniform(25, 70)
        plan |= {
            "length": size * np.ones(n),
            "comb": outward + np.array([0, -0.2, -0.2]),
            "mess": 0.5,
            "flat": 0.0,
            "stand": 0.8,
            "gravity": 0.04 if size > 45 else 0.0,
        }
        plan |= {
            "lift": np.full(n, 0.55 * size),
            "curl": rng.uniform(3, 6),
            "pitch": rng.uniform(9, 18),
            "nodes": 14,
            "width": 0.9,
            "reach": 1.0,
        }
        plan["free"] = (np.abs(azimuth) < 0).astype(float)
    elif style.name == "tied":
        tie = np.array([0, rng.uniform(-35, 60), -85.0]) - place
        plan |= {
            "length": np.linalg.norm(tie, axis=1) * 1.05,
            "comb": tie / np.linalg.norm(tie, axis=1, keepdims=True),
            "mess": 0.04,
            "gravity": 0.0,
            "reach": 10.0,
            "hug": 0.9,
        }
        plan |= {"lift": np.full(n, rng.uniform(2, 6)), "stand": 0.05, "curl": 0.0, "nodes": 8}
    else:  # long, bob
        reach = rng.uniform(110, 190) if style.name == "bob" else rng.uniform(200, 420)
        tilt = rng.uniform(-0.9, 0.15)
        plan |= {
            "length": reach * np.ones(n) - np.clip(y, -70, 90) * -0.3,
            "comb": sideways + np.array([0, 0.0, tilt]),
            "gravity": 0.5 if style.name == "long" else 0.42,
            "mess": 0.05,
        }
        plan |= {
            "lift": np.full(n, rng.uniform(5, 16)),
            "nodes": 15 if style.name == "long" else 11,
            "reach": 0.35,
            "hug": rng.uniform(0.2, 0.7),
            "stand": 0.25,
        }
        if wavy and not curly:
            plan |= {"curl": rng.uniform(2, 7), "pitch": rng.uniform(50, 100)}
        if curly:
            plan |= {"curl": rng.uniform(3, 7), "pitch": rng.uniform(16, 35), "lift": np.full(n, rng.uniform(12, 26))}
    if style.name in ("parted", "mop", "quiff", "crop"):  # the nape is cut short
        plan["length"] = np.asarray(plan["length"]) * np.interp(elevation, [-38, -12], [0.1, 1.0])
    if fringe.any() and style.name != "crop":
        down = np.array([rng.normal(0, 0.25), -0.3, 1.0])
        comb = np.array(plan["comb"])
        comb[fringe] = down + 0.25 * np.stack([np.sign(x[fringe]), np.zeros(fringe.sum()), np.zeros(fringe.sum())], 1)
        length = np.broadcast_to(np.asarray(plan["length"]), n).copy()
        length[fringe] = np.clip(rng.uniform(38, 62) + above[fringe], 20, 110)
        plan["comb"], plan["length"] = comb, length
        plan["free"] = np.maximum(np.asarray(plan["free"]), fringe)
    return plan
