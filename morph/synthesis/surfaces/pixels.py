"""What the pixels of a head show before they are painted and lit: where on the head they lie, and of what they are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from morph.synthesis.arrays.angles import angle
from morph.synthesis.person.anatomy import CLOTH, ENAMEL, FEATURES, SKIN, TONGUE

Floats = npt.NDArray[np.float32]
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
    face: npt.NDArray[np.bool_]


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


@njit(cache=True, nogil=True)
def _between(x: Any, xs: Any, ys: Any) -> Any:
    if x <= xs[0]:
        return ys[0]
    for k in range(1, xs.shape[0]):
        if x < xs[k]:
            return ys[k - 1] + (ys[k] - ys[k - 1]) * (x - xs[k - 1]) / (xs[k] - xs[k - 1])
    return ys[-1]


def survey(table: Floats, material: npt.NDArray[np.int32], lines: Lines, scalp: float) -> Survey:
    """Survey the rows ``(N, C)`` of a table of pixels; ``scalp`` is how dark roots make the scalp."""
    n = len(table)
    f = np.float32
    out = Survey(np.empty((n, 3), f), np.empty((n, 3), f), np.empty(n, f), np.zeros(n, f), np.empty(n, f), np.zeros(n, bool))
    _survey(table, material, lines, f(scalp), out)
    return out


@njit(cache=True, nogil=True)
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
        albedo: ``(N, 3)``.
        bend: ``(N, 2)`` how much relief bends the normal, right and up.
        gloss, rough, scatter, sky, key: of each pixel.
    """

    albedo: Floats
    bend: Floats
    gloss: Floats
    rough: Floats
    scatter: Floats
    sky: Floats
    key: Floats


def furnish(
    table: Floats, material: npt.NDArray[np.int32], found: Survey, surface: Surface, lips: Floats, forward: Floats, stain: float
) -> Floats:
    """Cloth, teeth, gums and tongue, and the dark behind the lips; returns the bent normals ``(N, 3)``.

    Args:
        table, material, found: the pixels.
        surface: with painted skin and the light that arrives from sky and key; changed.
        lips: ``(3,)`` the middle of the mouth's opening, in the camera frame.
        forward: ``(3,)`` where the head looks.
        stain: brightness of the teeth.
    """
    bent = np.empty_like(found.normal)
    _furnish(table, material, found, surface, lips, forward, np.float32(stain), bent)
    return bent


TEETH = np.array([0.62, 0.57, 0.47], np.float32)
GUMS = np.array([0.38, 0.14, 0.13], np.float32)
MUCOSA = np.array([0.36, 0.14, 0.13], np.float32)


@njit(cache=True, nogil=True)
def _furnish(table: Any, material: Any, found: Any, s: Any, lips: Any, forward: Any, stain: Any, bent: Any) -> None:
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
        bent[i, 0], bent[i, 1], bent[i, 2] = nx * size, ny * size, nz * size
