"""Shading: how much light each visible point of skin, eyes, teeth and cloth sends to the camera."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from morph.arrays import Array, Floats
from morph.compiled import compiled
from morph.synthesis.light.lighting import SampledLight, Shade, ShadowMap, arrives, soft_at
from morph.synthesis.surfaces.pixels import Surface
from morph.synthesis.surfaces.samples import Samples

WRAP = np.array([0.34, 0.14, 0.07], np.float32)  # light that bleeds past the terminator, more of it red
BOUNCE = np.array([0.75, 1.0, 1.05], np.float32)
BLEED = np.array([1.0, 0.35, 0.2], np.float32)


def unit(vectors: Floats) -> Floats:
    """Vectors ``(..., 3)`` of length one."""
    square = np.einsum("...i,...i->...", vectors, vectors)
    return np.asarray(vectors / np.sqrt(np.maximum(square, 1e-12))[..., None])


def dot(a: Floats, b: Floats) -> Floats:
    """Inner products of vectors ``(..., 3)``: ``(...)``."""
    return np.asarray(np.einsum("...i,...i->...", a, b))


def creases(depth: Floats, samples: Samples, nearness: float, reach: float, step: int = 1) -> Floats:
    """Ambient light that reaches folds, ``(N,)`` 0..1, from how far samples lie behind their surroundings.

    Args:
        depth: ``(H, W)`` ``nearness`` over the distance in mm; what is not above zero is empty.
        samples: which of the pixels.
        nearness: see ``depth``.
        reach: pixels of 5 mm.
        step: the surroundings are averaged over as many pixels in both directions first.
    """
    height, width = depth.shape
    filled, weight = np.empty((2, -(-height // step), -(-width // step)), np.float32)
    _distances(depth, np.float32(nearness), filled, weight, step)
    sigma = max(reach * 0.8, 0.5) / step
    far, there = (np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32) for values in (filled, weight))
    out = np.empty(len(samples.first), np.float32)
    _behind(depth, np.float32(nearness), samples, _Surroundings(far, there, step), out)
    return out


class _Surroundings(NamedTuple):
    """Distances around every block of ``step`` by ``step`` pixels, and how much of it is not empty."""

    distance: Floats
    weight: Floats
    step: int


@compiled
def _distances(depth: Any, nearness: Any, filled: Any, weight: Any, step: Any) -> None:
    f = np.float32
    share = f(1.0) / f(step * step)
    for y in range(filled.shape[0]):
        for x in range(filled.shape[1]):
            total, count = f(0.0), f(0.0)
            for j in range(y * step, min(y * step + step, depth.shape[0])):
                for i in range(x * step, min(x * step + step, depth.shape[1])):
                    if depth[j, i] > f(0.0):
                        total += nearness / depth[j, i]
                        count += f(1.0)
            filled[y, x], weight[y, x] = total * share, count * share


@compiled
def _behind(depth: Any, nearness: Any, samples: Any, around: Any, out: Any) -> None:
    f = np.float32
    width, step = depth.shape[1], around.step
    for i in range(samples.first.shape[0]):
        y, x = samples.first[i] // width, samples.first[i] % width
        v, u = samples.last[i] // width, samples.last[i] % width
        distance = f(0.5) * (nearness / depth[y, x] + nearness / depth[v, u])
        mean = around.distance[y // step, x // step] / max(around.weight[y // step, x // step], f(1e-3))
        deep = min(max((distance - mean) * f(1 / 6), f(-0.12)), f(0.55))
        out[i] = min(max(f(1.0) - deep, f(0.4)), f(1.08))


class _Lamps(NamedTuple):
    """The arrays of a :class:`SampledLight`, for compiled loops."""

    field: Floats
    least: np.float32
    key: Floats
    key_light: Floats


def _lamps(lighting: SampledLight) -> _Lamps:
    return _Lamps(lighting.field, np.float32(0.02 * lighting.ambient), lighting.key, lighting.key_light)


def lit(surface: Surface, lighting: SampledLight) -> Floats:
    """Light from surfaces towards the camera, ``(N, 3)`` linear.

    Args:
        surface: what is lit.
        lighting: of the picture.
    """
    out = np.empty_like(surface.albedo)
    _lit(surface, _lamps(lighting), out)
    return out


@compiled
def _lit(s: Any, lamps: Any, out: Any) -> None:
    albedo, normals, smooth, points = s.albedo, s.bent, s.normal, s.point
    field, least, key, key_light = lamps.field, lamps.least, lamps.key, lamps.key_light
    sky, key_share, gloss, roughness, scatter = s.sky, s.key, s.gloss, s.rough, s.scatter
    f = np.float32
    half_, one, none = f(0.5), f(1.0), f(0.0)
    for i in range(albedo.shape[0]):
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        mx, my, mz = half_ * (nx + smooth[i, 0]), half_ * (ny + smooth[i, 1]), half_ * (nz + smooth[i, 2])
        rx, ry, rz = -points[i, 0], -points[i, 1], -points[i, 2]
        size = one / np.sqrt(max(rx * rx + ry * ry + rz * rz, f(1e-12)))
        rx, ry, rz = rx * size, ry * size, rz * size
        facing = mx * key[0] + my * key[1] + mz * key[2]
        view = min(max(nx * rx + ny * ry + nz * rz, none), one)
        twice = f(2.0) * (nx * rx + ny * ry + nz * rz)
        ox, oy, oz = twice * nx - rx, twice * ny - ry, twice * nz - rz
        size = one / np.sqrt(max(ox * ox + oy * oy + oz * oz, f(1e-12)))
        ox, oy, oz = ox * size, oy * size, oz * size
        arrived, open_, depth = key_share[i], sky[i], scatter[i]
        shine = none
        if facing > none and arrived > none and gloss[i] > none:
            hx, hy, hz = rx + key[0], ry + key[1], rz + key[2]
            size = one / np.sqrt(max(hx * hx + hy * hy + hz * hz, f(1e-12)))
            towards = (nx * hx + ny * hy + nz * hz) * size
            if towards > f(0.3):
                spread = f(2.0) / max(roughness[i], f(0.05)) ** 4 - f(2.0)
                lobe = np.exp(np.log(min(towards, one)) * min(spread, f(2500.0)))
                shine = lobe * (spread + f(8.0)) * f(1 / (8 * np.pi)) * min(facing, one)
        dim = one - view
        fresnel = f(0.028) + f(0.16) * (dim * dim) * (dim * dim) * dim
        glint = gloss[i] * arrived * shine * f(0.084)
        gleam = gloss[i] * fresnel * open_ * min(open_, one) * (one - f(0.6) * roughness[i])
        dark = np.log(max(open_, f(1e-6)))
        shadowed = np.log(arrived) if none < arrived < one else none
        for c in range(3):
            wrap = WRAP[c] * depth
            bounce = np.exp(BOUNCE[c] * dark)  # folds of skin lose red last
            light = max(soft_at(field, c, mx, my, mz), least) * bounce
            direct = (facing + wrap) / (one + wrap)
            if direct > none and arrived > none:
                share = one if shadowed == none else np.exp(shadowed * (one - f(0.55) * depth * BLEED[c]))
                light += key_light[c] * direct * share
            mirrored = max(soft_at(field, c, ox, oy, oz), least)
            out[i, c] = albedo[i, c] * light + glint * key_light[c] + gleam * mirrored


class StrandLight(NamedTuple):
    """What lights one person's hair, for compiled loops; see :func:`strand_light`."""

    colour: Floats
    root: Floats
    lamps: _Lamps
    shine: np.float32
    shade: Shade
    taps: Floats


def strand_lighting(colour: Array, lighting: SampledLight, shadow: ShadowMap, shine: float) -> StrandLight:
    """Light for hair of one ``colour`` (linear albedo) that shines so much."""
    albedo = np.asarray(colour, np.float32)
    return StrandLight(
        colour=albedo,
        root=np.sqrt(albedo),
        lamps=_lamps(lighting),
        shine=np.float32(shine),
        shade=shadow.arrays,
        taps=np.zeros((1, 2), np.float32),
    )


@compiled(inline="always")
def strand_light(batch: Any, i: Any, k: Any, s: Any, out: Any) -> None:
    """Light from hair (Kajiya and Kay 1989) at node ``k`` of strand ``i`` of a batch, into ``out`` ``(n, m, 3)``.

    Args:
        batch: with ``at`` ``(n, m, 3)`` in the camera frame, the ``brightness`` ``(n,)`` of strands, and ``deep`` ``(n, m)``:
            0 deep in the hair .. 1 at its surface.
        i: the strand.
        k: the node.
        s: a :class:`StrandLight`.
        out: written at ``[i, k]``.
    """
    nodes, brightness, deep = batch.at, batch.brightness[i], batch.deep[i, k]
    f = np.float32
    one, none = f(1.0), f(0.0)
    a, b = max(k - 1, 0), min(k + 1, nodes.shape[1] - 1)
    tx, ty, tz = nodes[i, b, 0] - nodes[i, a, 0], nodes[i, b, 1] - nodes[i, a, 1], nodes[i, b, 2] - nodes[i, a, 2]
    size = one / np.sqrt(max(tx * tx + ty * ty + tz * tz, f(1e-12)))
    tx, ty, tz = tx * size, ty * size, tz * size
    rx, ry, rz = -nodes[i, k, 0], -nodes[i, k, 1], -nodes[i, k, 2]
    size = one / np.sqrt(max(rx * rx + ry * ry + rz * rz, f(1e-12)))
    rx, ry, rz = rx * size, ry * size, rz * size
    along = tx * s.lamps.key[0] + ty * s.lamps.key[1] + tz * s.lamps.key[2]
    view = tx * rx + ty * ry + tz * rz
    across = np.sqrt(max(one - along * along, none))
    mirror = min(max(across * np.sqrt(max(one - view * view, none)) - along * view, none), one)
    ux, uy, uz = rx, ry + f(0.25), rz
    turned = ux * tx + uy * ty + uz * tz
    nx, ny, nz = ux - turned * tx, uy - turned * ty, uz - turned * tz
    size = one / np.sqrt(max(nx * nx + ny * ny + nz * nz, f(1e-12)))
    nx, ny, nz = nx * size, ny * size, nz * size
    share = arrives((nodes[i, k, 0], nodes[i, k, 1], nodes[i, k, 2]), s.shade, s.taps, f(6.0))
    open_ = f(0.25) + f(0.75) * deep
    m3 = mirror * mirror * mirror
    m9 = m3 * m3 * m3
    root = np.sqrt(brightness)
    glint = m9 * m9 * m9 * mirror * f(0.05) + m9 * f(0.03)
    for c in range(3):
        soft = max(soft_at(s.lamps.field, c, nx, ny, nz), s.lamps.least) * open_
        body = s.colour[c] * brightness
        key = s.lamps.key_light[c] * share
        tint = f(0.35) + f(0.65) * s.root[c] * root
        light = body * (f(0.8) * soft + key * (f(0.75) * across * (f(0.5) + f(0.5) * deep)))
        out[i, k, c] = light + s.shine * (key * glint * tint + f(0.02) * soft)
