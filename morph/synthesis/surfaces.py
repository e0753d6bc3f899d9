"""Shading: how much light each visible point of skin, eyes, teeth and cloth sends to the camera."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.synthesis.lighting import Lighting

Floats = npt.NDArray[np.float32]
WRAP = np.array([0.34, 0.14, 0.07], np.float32)  # light that bleeds past the terminator, more of it red


def unit(vectors: Floats) -> Floats:
    """Vectors ``(..., 3)`` of length one."""
    square = np.einsum("...i,...i->...", vectors, vectors)
    return vectors / np.sqrt(np.maximum(square, 1e-12))[..., None]


def dot(a: Floats, b: Floats) -> Floats:
    """Inner products of vectors ``(..., 3)``: ``(...)``."""
    return np.einsum("...i,...i->...", a, b)


def creases(distance: Floats, seen: npt.NDArray[np.bool_], reach: float) -> Floats:
    """Ambient light that reaches folds, ``(H, W)`` 0..1, from how far points lie behind their surroundings.

    Args:
        distance: ``(H, W)`` from the camera.
        seen: ``(H, W)`` where it holds.
        reach: pixels of 5 mm.
    """
    weight = seen.astype(np.float32)
    filled = np.where(seen, distance, 0).astype(np.float32)
    sigma = max(reach * 0.8, 0.5)
    mean = cv2.GaussianBlur(filled, (0, 0), sigma) / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
    return np.clip(1 - np.clip((distance - mean) / 6.0, -0.12, 0.55), 0.4, 1.08).astype(np.float32)


def lit(
    albedo: Floats,
    normals: Floats,
    smooth: Floats,
    rays: Floats,
    lighting: Lighting,
    sky: Floats,
    key_share: Floats,
    gloss: Floats,
    roughness: Floats,
    scatter: Floats,
) -> Floats:
    """Light from surfaces towards the camera, ``(N, 3)`` linear.

    Args:
        albedo: ``(N, 3)``.
        normals, smooth: ``(N, 3)`` with and without relief; light under the skin sees the smooth ones.
        rays: ``(N, 3)`` unit vectors to the camera.
        lighting: of the picture.
        sky: ``(N,)`` share of the surroundings that the point sees.
        key_share: ``(N,)`` share of the key light that arrives.
        gloss, roughness: ``(N,)`` strength of the highlight and its width (0 sharp .. 1 dull).
        scatter: ``(N,)`` how much light travels under the surface.
    """
    bounce = sky[:, None] ** np.array([0.75, 1.0, 1.05], np.float32)  # folds of skin lose red last
    diffuse = lighting.soft(0.5 * (normals + smooth)) * bounce
    wrap = WRAP * scatter[:, None]
    facing = (0.5 * (normals + smooth)) @ lighting.key
    direct = np.clip((facing[:, None] + wrap) / (1 + wrap), 0, None)
    share = key_share[:, None] ** (1 - 0.55 * scatter[:, None] * np.array([1.0, 0.35, 0.2], np.float32))
    diffuse = diffuse + lighting.key_light * direct * share
    half = unit(rays + lighting.key)
    spread = 2.0 / np.maximum(roughness, 0.05) ** 4 - 2
    shine = np.clip(dot(normals, half), 0, 1) ** np.minimum(spread, 2500) * (spread + 8) / (8 * np.pi) * np.clip(facing, 0, 1)
    view = np.clip(dot(normals, rays), 0, 1)
    fresnel = 0.028 + 0.5 * (1 - view) ** 5
    mirrored = lighting.soft(unit(2 * dot(normals, rays)[:, None] * normals - rays))
    out = albedo * diffuse
    out += (gloss * key_share * shine * 0.028 * 3.0)[:, None] * lighting.key_light
    out += (gloss * fresnel * sky)[:, None] * mirrored * (1 - 0.6 * roughness[:, None])
    return out.astype(np.float32)


def strand_light(
    nodes: Floats, colour: npt.NDArray, shade: Floats, depth: Floats, lighting: Lighting, key_share: Floats, shine: float
) -> Floats:
    """Light from hair (Kajiya and Kay 1989) at nodes ``(n, m, 3)`` of the camera frame: ``(n, m, 3)``.

    Args:
        nodes: strands in the camera frame.
        colour: ``(3,)`` linear albedo.
        shade: ``(n,)`` brightness of each strand.
        depth: ``(n, m)`` 0 deep in the hair .. 1 at its surface.
        lighting: of the picture.
        key_share: ``(n, m)`` of the key light.
        shine: strength of the highlights.
    """
    tangent = np.empty_like(nodes)
    tangent[:, 1:-1] = nodes[:, 2:] - nodes[:, :-2]
    tangent[:, 0], tangent[:, -1] = nodes[:, 1] - nodes[:, 0], nodes[:, -1] - nodes[:, -2]
    tangent = unit(tangent)
    rays = unit(-nodes)
    along = tangent @ lighting.key
    across = np.sqrt(np.clip(1 - along**2, 0, 1))
    view = dot(tangent, rays)
    mirror = np.clip(across * np.sqrt(np.clip(1 - view**2, 0, 1)) - along * view, 0, 1)
    towards = unit(rays + 0.25 * np.array([0, 1, 0], np.float32))
    normal = unit(towards - dot(towards, tangent)[..., None] * tangent)
    n, m = nodes.shape[:2]
    soft = lighting.soft(normal.reshape(-1, 3)).reshape(n, m, 3)
    open_ = (0.25 + 0.75 * depth)[..., None]
    body = colour * shade[:, None, None]
    key = lighting.key_light * key_share[..., None]
    out = body * (0.8 * soft * open_ + key * (0.75 * across[..., None] * (0.5 + 0.5 * depth[..., None])))
    glint = mirror**28 * 0.05 + mirror[...,] ** 9 * 0.03
    tint = 0.35 + 0.65 * np.sqrt(body)
    out = out + shine * key * (glint[..., None] * tint) + shine * 0.02 * soft * open_
    return out.astype(np.float32)
