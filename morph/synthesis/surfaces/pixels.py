"""What the pixels of a head show before they are painted and lit: where on the head they lie, and of what they are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from morph.arrays import Bools, Floats, Ints
from morph.compiled import compiled
from morph.synthesis.arrays.angles import angle
from morph.synthesis.person.anatomy import CLOTH, ENAMEL, FEATURES, SKIN, TONGUE

NORMAL, POINT, MEAN, FIRST = 0, 3, 6, 9  # first columns of a table of pixels: normal, place, place on the mean, features
OCCLUSION, MOUTH, EARS = (FEATURES.index(name) for name in ("occlusion", "mouth", "ears"))


class Survey(NamedTuple):
    """Every covered pixel, ``(N,)`` each.

    Attributes:
        normal, point: ``(N, 3)`` unit normals and places in the camera frame.
        azimuth: degrees about the skull, of the place on the mean.
        scalp: how much the roots of hair darken the skin, 0..1.
        below: mm below the edge of the clothes.
        face: the open skin of the face, by which the picture is exposed.
    """

    normal: Floats
    point: Floats
    azimuth: Floats
    scalp: Floats
    below: Floats
    face: Bools


class Pixels(NamedTuple):
    """Samples of a head, ``(N,)`` each, before they are painted.

    Attributes:
        material: one of the materials of the anatomy.
        table: ``(N, C)`` interpolated columns, see :data:`NORMAL` and the others.
        found: the survey of both.
    """

    material: Ints
    table: Floats
    found: Survey


class Lines(NamedTuple):
    """Heights (mm) of lines around the head at growing azimuths (degrees).

    Attributes:
        angle, hair, rest: ``(n,)`` the person's hairline and that of the mean, as heights of the mean of unit size.
        turn, edge: ``(m,)`` the edge of the clothes.
        origin: ``(3,)`` the skull's centre.
        base, stretch: height zero of the hairline, and mm of it for one of the head.
        chin: y of the chin.
    """

    angle: Floats
    hair: Floats
    rest: Floats
    turn: Floats
    edge: Floats
    origin: Floats
    base: np.float32
    stretch: np.float32
    chin: np.float32


@compiled
def _between(x: Any, xs: Any, ys: Any) -> Any:
    if x <= xs[0]:
        return ys[0]
    for k in range(1, xs.shape[0]):
        if x < xs[k]:
            return ys[k - 1] + (ys[k] - ys[k - 1]) * (x - xs[k - 1]) / (xs[k] - xs[k - 1])
    return ys[-1]


def survey(table: Floats, material: Ints, lines: Lines, scalp: float) -> Survey:
    """Survey the rows ``(N, C)`` of a table of pixels; ``scalp`` is how dark roots make the scalp."""
    n = len(table)
    f = np.float32
    out = Survey(np.empty((n, 3), f), np.empty((n, 3), f), np.empty(n, f), np.zeros(n, f), np.empty(n, f), np.zeros(n, bool))
    _survey(table, material, lines, f(scalp), out)
    return out


@compiled
def _survey(table: Any, material: Any, lines: Any, scalp: Any, out: Any) -> None:
    f = np.float32
    one, none = f(1.0), f(0.0)
    for i in range(table.shape[0]):
        nx, ny, nz = table[i, NORMAL], table[i, NORMAL + 1], table[i, NORMAL + 2]
        size = one / np.sqrt(max(nx * nx + ny * ny + nz * nz, f(1e-12)))
        nx, ny, nz = nx * size, ny * size, nz * size
        px, py, pz = table[i, POINT], table[i, POINT + 1], table[i, POINT + 2]
        # smooth normals of contours look away from the camera and would mirror what is behind the head: turn them back
        away = (nx * px + ny * py + nz * pz) / (px * px + py * py + pz * pz)
        much = f(0.1) / np.sqrt(px * px + py * py + pz * pz)
        if away > -much:
            nx, ny, nz = nx - (away + much) * px, ny - (away + much) * py, nz - (away + much) * pz
            size = one / np.sqrt(max(nx * nx + ny * ny + nz * nz, f(1e-12)))
            nx, ny, nz = nx * size, ny * size, nz * size
        out.normal[i, 0], out.normal[i, 1], out.normal[i, 2] = nx, ny, nz
        out.point[i, 0], out.point[i, 1], out.point[i, 2] = px, py, pz
        x, y, z = table[i, MEAN], table[i, MEAN + 1], table[i, MEAN + 2]
        azimuth = angle(x - lines.origin[0], z - lines.origin[2]) * f(180 / np.pi)
        out.azimuth[i] = azimuth
        azimuth = abs(azimuth)
        out.below[i] = _between(azimuth, lines.turn, lines.edge) - y
        if material[i] != SKIN:
            continue
        height = (y - lines.base) * lines.stretch
        above = height - _between(azimuth, lines.angle, lines.hair)
        bare = one - min(max(table[i, FIRST + EARS] * f(3.0), none), one)
        out.scalp[i] = scalp * min(max(above / f(7.0) + f(0.5), none), one) * bare
        if table[i, FIRST + OCCLUSION] > f(0.5) and y > lines.chin:
            out.face[i] = height - _between(azimuth, lines.angle, lines.rest) < f(-8.0)


class Surface(NamedTuple):
    """How pixels take light, ``(N,)`` each; see :func:`morph.synthesis.surfaces.surfaces.lit`.

    Attributes:
        albedo: ``(N, 3)`` linear.
        bend: ``(N, 2)`` how much relief bends the normal, right and up.
        gloss: strength of the highlight.
        rough: its width, 0 sharp .. 1 dull.
        scatter: how much light travels under the surface.
        sky: share of the surroundings that the point sees.
        key: share of the key light that arrives.
        cornea: how much the film of tears mirrors the surroundings.
        point: ``(N, 3)`` where they are, in the camera frame.
        normal: ``(N, 3)`` without relief; light under the skin sees it.
        bent: ``(N, 3)`` normals with relief; :func:`furnish` works them out.
    """

    albedo: Floats
    bend: Floats
    gloss: Floats
    rough: Floats
    scatter: Floats
    sky: Floats
    key: Floats
    cornea: Floats
    point: Floats
    normal: Floats
    bent: Floats

    @classmethod
    def plain(cls, found: Survey, sky: Floats, key: Floats) -> Surface:
        """Grey pixels, to be painted.

        Args:
            found: the survey of ``N`` pixels.
            sky: ``(N,)`` share of the surroundings that they see.
            key: ``(N,)`` share of the key light that arrives.
        """
        n, f = len(sky), np.float32
        return cls(
            albedo=np.full((n, 3), 0.3, f),
            bend=np.zeros((n, 2), f),
            gloss=np.full(n, 0.3, f),
            rough=np.full(n, 0.5, f),
            scatter=np.ones(n, f),
            sky=sky,
            key=key,
            cornea=np.zeros(n, f),
            point=found.point,
            normal=found.normal,
            bent=np.empty_like(found.normal),
        )


def furnish(pixels: Pixels, surface: Surface, lips: Floats, forward: Floats, stain: float) -> None:
    """Cloth, teeth, gums and tongue, the dark behind the lips, and the bent normals, into ``surface``.

    Args:
        pixels: of the head.
        surface: with painted skin and the light that arrives from sky and key; changed.
        lips: ``(3,)`` the middle of the mouth's opening, in the camera frame.
        forward: ``(3,)`` where the head looks.
        stain: brightness of the teeth.
    """
    _furnish(pixels, surface, lips, forward, np.float32(stain))


TEETH = np.array([0.62, 0.57, 0.47], np.float32)
GUMS = np.array([0.38, 0.14, 0.13], np.float32)
MUCOSA = np.array([0.36, 0.14, 0.13], np.float32)


@compiled
def _furnish(pixels: Any, s: Any, lips: Any, forward: Any, stain: Any) -> None:
    material, table, found = pixels.material, pixels.table, pixels.found
    f = np.float32
    one, none = f(1.0), f(0.0)
    for i in range(table.shape[0]):
        kind, inside = material[i], table[i, FIRST + MOUTH]
        if kind == CLOTH:
            for c in range(3):
                s.albedo[i, c] = table[i, MEAN + c]
            s.gloss[i], s.rough[i], s.scatter[i] = f(0.1), f(0.85), none
        wet = kind in (TONGUE, ENAMEL)
        deep = kind == SKIN and inside > f(0.55)
        if wet or deep:  # light fades behind the lips: how far a point lies behind them in the head
            behind = none
            for c in range(3):
                behind -= (found.point[i, c] - lips[c]) * forward[c]
            hollow = np.exp(-min(max(behind, none), f(60.0)) / f(15.0)) * f(0.9) + f(0.06)
            if deep:
                s.sky[i] *= f(0.4) + f(0.6) * hollow
            else:
                s.sky[i] = hollow
                s.key[i] *= min(hollow * f(1.2), one)
                s.gloss[i] = f(0.9)
                s.rough[i] = f(0.35) if kind == TONGUE else f(0.25)
                for c in range(3):
                    tooth = TEETH[c] * stain * (one - inside) + GUMS[c] * inside
                    s.albedo[i, c] = MUCOSA[c] if kind == TONGUE else tooth
        nx, ny, nz = found.normal[i, 0] + s.bend[i, 0], found.normal[i, 1] + s.bend[i, 1], found.normal[i, 2]
        size = one / np.sqrt(max(nx * nx + ny * ny + nz * nz, f(1e-12)))
        s.bent[i, 0], s.bent[i, 1], s.bent[i, 2] = nx * size, ny * size, nz * size
