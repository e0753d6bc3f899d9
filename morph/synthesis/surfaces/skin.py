"""Colour and relief of skin at every pixel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from morph.arrays import Bools, Floats, Indices
from morph.compiled import compiled
from morph.synthesis.arrays.noise import at, near, small_tiles
from morph.synthesis.person.anatomy import FEATURES, Anatomy
from morph.synthesis.person.complexion import Complexion
from morph.synthesis.person.people import Person
from morph.synthesis.surfaces.pixels import FIRST, MEAN, Pixels, Surface

LIPS, MOUTH, EARS, CHEEKS, NOSE, SOCKETS, LIDS, MOUSTACHE, CHIN, JAW, LASH_LINE = (
    FEATURES.index(name)
    for name in ("lips", "mouth", "ears", "cheeks", "nose", "sockets", "lids", "moustache", "chin", "jaw", "lash_line")
)


class Paint(NamedTuple):
    """Numbers of one person's skin, for compiled loops; colours are linear RGB."""

    ox: np.float32
    oy: np.float32
    mottle: np.float32
    blood: np.float32
    pale: np.float32
    freckles: np.float32
    sockets: np.float32
    lip_strength: np.float32
    shadow_strength: np.float32
    liner: np.float32
    stubble: np.float32
    moustache: np.float32
    chin: np.float32
    jaw: np.float32
    shine: np.float32
    relief: np.float32
    lines: np.float32
    age: np.float32
    brow_width: np.float32
    brow_density: np.float32
    brow_lift: np.float32
    brow_length: np.float32
    brow_depth: np.float32
    skin: Floats
    lip: Floats
    shadow: Floats
    roots: Floats
    hair: Floats
    brow: Floats
    line: Floats


def fine_skin(anatomy: Anatomy) -> Bools:
    """``(V,)`` where the skin's colour changes within a millimetre: about the brows and along the lashes."""
    mean, line = anatomy.model.mean, anatomy.brow_line
    side = np.abs(mean[:, 0])
    above = mean[:, 1] - np.interp(side, line[:, 0], line[:, 1])
    along = (side > line[0, 0] - 5) & (side < line[-1, 0] + 5) & (mean[:, 2] > anatomy.brow_depth - 5)
    return np.asarray((along & (np.abs(above) < 9)) | (anatomy.features[:, LASH_LINE] > 0.05))


def mix_paint(anatomy: Anatomy, person: Person, look: Complexion) -> Paint:
    """The paint of a person."""
    raised = max(person.weights.get("browInnerUp", 0), person.weights.get("browOuterUpLeft", 0))
    colours = (
        person.skin, look.lip, look.shadow, 0.7 * look.beard + 0.12 * person.skin, person.hair * 0.8, person.brow,
        np.asarray(anatomy.brow_line, np.float64),
    )  # fmt: skip
    numbers = (
        *look.offset, look.mottle, look.blood, 0.10 * (1 - person.tone), look.freckles, look.sockets, look.lip_strength,
        look.shadow_strength, look.liner, look.stubble, look.moustache, look.chin, look.jaw, look.shine, look.relief,
        look.wrinkles * (0.25 + 0.6 * raised), person.age, look.brow_width, look.brow_density, look.brow_lift,
        look.brow_length, anatomy.brow_depth,
    )  # fmt: skip
    return Paint(*(np.float32(x) for x in numbers), *(np.ascontiguousarray(c, np.float32) for c in colours))


def paint_skin(pixels: Pixels, rows: Indices, paint: Paint, surface: Surface, detail: bool = True) -> None:
    """Paint the skin of some pixels.

    Args:
        pixels: of the head.
        rows: ``(n,)`` which are skin.
        paint: of the person.
        surface: its albedo, gloss and bend are written.
        detail: False leaves out every texture.
    """
    noise = small_tiles() if detail else np.zeros_like(small_tiles())
    _paint(pixels, rows, paint, noise, surface)


def brow_cover(table: Floats, rows: Indices, paint: Paint) -> Floats:
    """How much brow hair covers some pixels of skin, ``(n,)`` 0..1.

    Args:
        table: ``(N, C)`` of all pixels, see :class:`morph.synthesis.surfaces.pixels.Pixels`.
        rows: ``(n,)`` which are skin.
        paint: of the person.
    """
    out = np.empty(len(rows), np.float32)
    _brows(table, rows, paint, small_tiles()[1], out)
    return out


@compiled
def _brows(table: Any, rows: Any, p: Any, tile: Any, out: Any) -> None:
    for j in range(rows.shape[0]):
        i = rows[j]
        out[j] = _brow(table[i, MEAN], table[i, MEAN + 1], table[i, MEAN + 2], p, tile)


@compiled
def _clip(value: Any, low: Any, high: Any) -> Any:
    return min(max(value, low), high)


@compiled
def _interp(x: Any, xs: Any, ys: Any) -> Any:
    """Piecewise linear, constant beyond the ends."""
    if x <= xs[0]:
        return ys[0]
    for k in range(1, len(xs)):
        if x < xs[k]:
            return ys[k - 1] + (ys[k] - ys[k - 1]) * (x - xs[k - 1]) / (xs[k] - xs[k - 1])
    return ys[len(ys) - 1]


@compiled
def _brow(x: Any, y: Any, z: Any, p: Any, tile: Any) -> Any:
    """How much brow hair covers a point of the mean, 0..1."""
    line = p.line
    side = abs(x)
    inner, outer = line[0, 0], line[-1, 0]
    t = (side - inner) / (outer - inner)
    if t < -0.15 or t > 1.3 or z < p.brow_depth:
        return 0.0
    if inner < side < outer:
        for k in range(1, line.shape[0]):
            if side <= line[k, 0]:
                t = (k - 1 + (side - line[k - 1, 0]) / (line[k, 0] - line[k - 1, 0])) / (line.shape[0] - 1)
                break
    level = _interp(side, line[:, 0], line[:, 1]) - max(side - outer, 0.0) * 0.45 - max(inner - side, 0.0) * 0.15
    above = y - level - p.brow_lift
    if abs(above) > 12:
        return 0.0
    t /= p.brow_length
    width = p.brow_width * _interp(t, (-0.1, 0.1, 0.55, 0.85, 1.05), (0.75, 1.0, 0.95, 0.6, 0.25))
    inside = _clip((above + 0.62 * width) / 0.9, 0.0, 1.0) * _clip((0.38 * width - above) / 0.9, 0.0, 1.0)
    inside *= _clip((t + 0.08) / 0.12, 0.0, 1.0) * _clip((1.06 - t) / 0.12, 0.0, 1.0)
    if inside <= 0:
        return 0.0
    lean = _interp(t, (0.0, 0.4, 1.0), (0.5, 1.6, -2.5))  # hairs stand up at the inner end and lie along it further out
    lean = 0.3 if abs(lean) < 0.3 else lean
    strokes = at(tile, (side - above / lean) * 5 + p.ox, above * 1.2 + p.oy)
    sparse = _clip(0.85 + 0.35 * strokes + 0.5 * (p.brow_density - 0.6), 0.0, 1.0)
    return inside * sparse * _clip(0.25 + p.brow_density, 0.0, 0.97)


@compiled
def _forehead(x: Any, y: Any, p: Any) -> Any:
    """Relief of the lines across the forehead."""
    height = y - p.line[2, 1]
    mask = _clip((height - 8) / 6, 0.0, 1.0) * _clip((42 - height) / 10, 0.0, 1.0) * _clip((48 - abs(x)) / 15, 0.0, 1.0)
    if mask <= 0:
        return 0.0
    return p.lines * np.cos(height * 0.75 + 0.9 * np.sin(x * 0.05 + p.age * 7)) * mask


@compiled
def _paint(pixels: Any, rows: Any, p: Any, noise: Any, surface: Any) -> None:
    table, azimuth, scalp = pixels.table, pixels.found.azimuth, pixels.found.scalp
    albedo, gloss, bend = surface.albedo, surface.gloss, surface.bend
    fine, small, mid, wide, broad = noise[0], noise[1], noise[2], noise[3], noise[4]
    colour = np.empty(3)
    for j in range(rows.shape[0]):
        i = rows[j]
        x, y, z = table[i, MEAN], table[i, MEAN + 1], table[i, MEAN + 2]
        f = table[i, FIRST:]
        u, v = azimuth[i] * (np.pi / 180 * 85), y
        ox, oy = p.ox, p.oy
        mottle = 0.7 * near(broad, u * 2 + ox, v * 2 + oy)
        mottle += 0.6 * near(wide, u * 1.6 + ox, v * 1.6 + oy) + 0.5 * at(mid, u * 1.5 + ox, v * 1.5 + oy)
        base = 1 + p.mottle * mottle
        red = p.blood * (0.75 * f[CHEEKS] + 0.8 * f[NOSE] + 0.5 * f[EARS] + 0.25 * f[CHIN])
        if red > 0.003:
            red = _clip(red * (1 + 0.35 * near(mid, u * 1.2 + ox + 97, v * 1.2 + oy + 61)), 0.0, 1.4)
        dark = p.sockets * f[SOCKETS] + 0.08 * f[LIDS]
        pale = p.pale * _clip(near(wide, u + ox + 194, v + oy + 122), 0.0, 2.0)
        base *= 1 - 0.6 * _clip((near(mid, u * 1.6 + ox + 485, v * 1.6 + oy + 305) - 3.0) * 4, 0.0, 1.0)  # moles
        colour[0] = p.skin[0] * base * (1 - 0.04 * red) * (1 - 0.75 * dark) * (1 - 0.1 * pale)
        colour[1] = p.skin[1] * base * (1 - 0.20 * red) * (1 - dark) * (1 - 0.6 * pale)
        colour[2] = p.skin[2] * base * (1 - 0.17 * red) * (1 - 0.85 * dark) * (1 - 0.5 * pale)
        if p.freckles > 0:
            spots = _clip((at(small, u * 2.2 + ox + 291, v * 2.2 + oy + 183) - 1.1) * 1.5, 0.0, 1.0)
            spots *= p.freckles * _clip(f[CHEEKS] + f[NOSE] + 0.25, 0.0, 1.0)
            colour[0] *= 1 - 0.5 * spots
            colour[1] *= 1 - 0.8 * spots
            colour[2] *= 1 - 0.95 * spots
        shadow = p.shadow_strength * _clip(f[LIDS] * 1.2, 0.0, 1.0)
        lips = p.lip_strength * _clip(f[LIPS], 0.0, 1.0)
        stain = 1 + 0.06 * at(small, u * 3 + ox, v * 3 + oy) if lips > 0 else 1.0
        inside = _clip((f[MOUTH] - 0.25) * 3, 0.0, 1.0)
        beard = _clip(max(p.moustache * f[MOUSTACHE], p.chin * f[CHIN], p.jaw * f[JAW]), 0.0, 1.0)
        roots = max(beard * 0.85, p.stubble * _clip(max(f[MOUSTACHE], f[CHIN], f[JAW]), 0.0, 1.0))
        if roots > 0:
            roots *= _clip(0.8 + 0.3 * at(fine, u * 3 + ox, v * 3 + oy), 0.0, 1.0)
        hair = scalp[i]
        brow = _brow(x, y, z, p, small) * (1 - hair)
        liner = p.liner * _clip(f[LASH_LINE], 0.0, 1.0)
        for c in range(3):
            value = colour[c]
            value += (p.shadow[c] - value) * shadow
            value += (p.lip[c] * stain - value) * lips
            value += (INSIDE[c] - value) * inside
            value += (p.roots[c] - value) * roots
            value += (p.hair[c] - value) * hair
            value += (p.brow[c] - value) * brow
            value += (p.brow[c] * 0.3 - value) * liner
            albedo[i, c] = _clip(value, 0.003, 0.95)
        wet = p.shine * (0.55 + 0.5 * f[NOSE] + 0.15 * near(wide, u * 1.5 + ox + 388, v * 1.5 + oy + 244)) + 0.35 * lips
        gloss[i] = _clip(wet * (1 - 0.7 * max(roots, brow, hair)) + 0.6 * inside, 0.05, 1.6)
        sx, sy = u * 3 + ox + 776, v * 3 + oy + 488
        relief = 1 + 0.5 * near(fine, sx, sy)
        bend[i, 0] = p.relief * at(small, u * 2.4 + ox + 582, v * 2.4 + oy + 366) * relief
        relief = 1 + 0.5 * near(fine, sx + 97, sy + 61)
        bend[i, 1] = p.relief * at(small, u * 2.4 + ox + 679, v * 2.4 + oy + 427) * relief
        if p.lines > 0:
            bend[i, 1] += _forehead(x, y, p) * (1 - hair)


INSIDE = (0.28, 0.07, 0.065)  # linear RGB of the inside of the mouth
