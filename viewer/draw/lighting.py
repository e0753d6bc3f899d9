"""Light on vertices: one set of formulas for every backend, so that all of them draw the same picture.

The lit colour of each vertex is computed here and drawn unlit, by OpenGL as well as in software. A head has enough
vertices for that, and it leaves no room for two shaders to differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.compiled import compiled
from morph.rendering.colour import GAMMA
from morph.rendering.harmonics import FACTORS

EXPONENT, ROOT = np.float32(GAMMA), np.float32(1 / GAMMA)
DARKEST = np.float32(0.05)  # of the mean of the harmonics: no surface gets less, whatever nine functions say


@dataclass(frozen=True)
class Material:
    """How a surface answers to light.

    Attributes:
        roughness: of the highlight, 0.05 (mirror) to 1 (none to be seen).
        reflectance: share of light that is reflected head-on: 0.04 for skin and plastic, 0.5 and more for metal.
        softness: per colour channel, how far light creeps round the edge of shadow, 0..1; red goes furthest in skin.
    """

    roughness: float = 0.5
    reflectance: float = 0.04
    softness: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Lighting:
    """Sky, ground, distant lamps and what else there is, in linear colour, in the frame of the scene (x right, y up, z to the
    viewer).

    Attributes:
        sky, ground: ``(3,)`` light from straight above and below; between them it fades with the height of the normal.
        directions: ``(L, 3)`` unit vectors to the lamps.
        colours: ``(L, 3)`` their light.
        harmonics: ``(9, 3)`` light that a matt white surface sends back besides, over
            :func:`morph.rendering.harmonics.harmonic_basis` of its normal; None: there is none.
        matt: lamps light matt surfaces; False where the harmonics hold their light already, so that they only shine.
    """

    sky: Floats
    ground: Floats
    directions: Floats
    colours: Floats = field(repr=False)
    harmonics: Floats | None = field(default=None, repr=False)
    matt: bool = True


def studio_light() -> Lighting:
    """A warm key light from the upper left, a cool fill from the right, a rim from behind."""
    directions = np.array([[-0.55, 0.55, 0.75], [0.80, 0.15, 0.55], [0.55, 0.55, -0.75]], np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    colours = np.array([[0.78, 0.74, 0.68], [0.17, 0.19, 0.22], [0.30, 0.32, 0.36]], np.float32)
    return Lighting(np.array([0.36, 0.37, 0.39], np.float32), np.array([0.20, 0.18, 0.17], np.float32), directions, colours)


@dataclass(frozen=True, eq=False)
class Surface:
    """Vertices that are lit.

    Attributes:
        vertices: ``(V, 3)`` in the frame of the scene.
        normals: ``(V, 3)`` of unit length.
        albedo: ``(V, 4)`` display RGB and alpha, 0..1.
        occlusion: ``(V,)`` share of the sky that the vertex sees, 0..1.
        material: how they answer to light.
    """

    vertices: Floats
    normals: Floats
    albedo: Floats
    occlusion: Floats
    material: Material


def light_vertices(surface: Surface, lighting: Lighting, eye: npt.ArrayLike | None = None) -> Floats:
    """Lit colours ``(V, 4)`` float32: display RGB multiplied by alpha, and alpha, all 0..1.

    Args:
        surface: what is lit.
        lighting: by what.
        eye: ``(3,)`` where the viewer stands; None is far away along +z.
    """
    f, material = np.float32, surface.material
    out = np.empty((len(surface.vertices), 4), f)
    position = np.asarray(eye if eye is not None else (0.0, 0.0, 1.0), f)
    arrays = (surface.vertices, surface.normals, surface.albedo, surface.occlusion)
    softness = np.asarray(material.softness, f)
    _light(
        *(np.ascontiguousarray(a, f) for a in arrays),
        f(material.roughness),
        f(material.reflectance),
        softness,
        lighting.sky,
        lighting.ground,
        lighting.directions,
        lighting.colours,
        _polynomial(lighting.harmonics),
        lighting.matt,
        position,
        eye is not None,
        out,
    )
    return out


def _polynomial(harmonics: Floats | None) -> Floats:
    """``(9, 3)`` factors of 1, y, z, x, xy, yz, 3z² − 1, xz, x² − y²; ``(0, 3)`` where there are no harmonics."""
    return (
        np.zeros((0, 3), np.float32)
        if harmonics is None
        else (harmonics * np.array(FACTORS, np.float32)[:, None]).astype(np.float32)
    )


@compiled(fastmath=True)
def _light(  # noqa: PLR0913 - compiled with fastmath: arrays in structures may add in another order
    vertices: Any,
    normals: Any,
    albedo: Any,
    occlusion: Any,
    roughness: Any,
    reflectance: Any,
    softness: Any,
    sky: Any,
    ground: Any,
    directions: Any,
    colours: Any,
    harmonics: Any,
    matt_lamps: bool,
    eye: Any,
    near: bool,
    out: Any,
) -> None:
    a2 = roughness**4
    view = eye.copy()
    lamps = np.float32(1.0) if matt_lamps else np.float32(0.0)
    for i in range(vertices.shape[0]):
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        if near:
            view[0], view[1], view[2] = eye[0] - vertices[i, 0], eye[1] - vertices[i, 1], eye[2] - vertices[i, 2]
            length = np.sqrt(view[0] ** 2 + view[1] ** 2 + view[2] ** 2) + np.float32(1e-9)
            view /= length
        nv = max(nx * view[0] + ny * view[1] + nz * view[2], np.float32(0.05))
        up = np.float32(0.5) + np.float32(0.5) * ny
        ao = occlusion[i]
        diffuse = np.zeros(3, np.float32)
        shine = np.zeros(3, np.float32)
        around = np.zeros(3, np.float32)
        cave = np.float32(0.35) + np.float32(0.65) * ao  # light from lamps reaches further into folds than the sky's
        for c in range(3):
            around[c] = sky[c]
            diffuse[c] = (ground[c] + (sky[c] - ground[c]) * up) * ao
        if harmonics.shape[0]:
            for c in range(3):
                value = harmonics[0, c] + harmonics[1, c] * ny + harmonics[2, c] * nz + harmonics[3, c] * nx
                value += harmonics[4, c] * nx * ny + harmonics[5, c] * ny * nz + harmonics[6, c] * (3 * nz * nz - 1)
                value += harmonics[7, c] * nx * nz + harmonics[8, c] * (nx * nx - ny * ny)
                value = max(value, DARKEST * harmonics[0, c])
                around[c] += value
                diffuse[c] += value * cave
        for k in range(directions.shape[0]):
            lx, ly, lz = directions[k, 0], directions[k, 1], directions[k, 2]
            nl = nx * lx + ny * ly + nz * lz
            for c in range(3):
                s = softness[c]
                wrapped = max((nl + s) / (1 + s), np.float32(0.0))
                diffuse[c] += lamps * colours[k, c] * wrapped * cave
            if nl > 0:
                hx, hy, hz = lx + view[0], ly + view[1], lz + view[2]
                length = np.sqrt(hx * hx + hy * hy + hz * hz) + np.float32(1e-9)
                nh = max((nx * hx + ny * hy + nz * hz) / length, np.float32(0.0))
                hv = (view[0] * hx + view[1] * hy + view[2] * hz) / length
                fresnel = reflectance + (1 - reflectance) * (1 - hv) ** 5
                spread = nh * nh * (a2 - 1) + 1  # GGX (Walter et al. 2007), visibility approximated by 1 / (4 hv²)
                lobe = a2 / (spread * spread) * fresnel / (4 * max(hv * hv, np.float32(0.1)))
                for c in range(3):
                    shine[c] += colours[k, c] * nl * lobe * ao
        edge = reflectance * (1 - nv) ** 5 * np.float32(4)
        alpha = albedo[i, 3]
        cover = alpha
        for c in range(3):
            matt = min(albedo[i, c] ** EXPONENT * (1 - reflectance) * diffuse[c], np.float32(1.0))
            whole = min(matt + shine[c] + edge * around[c] * ao, np.float32(1.0))
            below, above = matt**ROOT, whole**ROOT
            out[i, c] = below * alpha + (above - below)  # a reflection is there in full, however clear the glass
            cover = max(cover, out[i, c])
        out[i, 3] = cover
