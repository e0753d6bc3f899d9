"""Distant light as second-order spherical harmonics: what a matt surface sends back, and the light that explains colours.

Nine functions of the normal hold 98 % of what any distant light does to a matt convex surface (Ramamoorthi and Hanrahan 2001).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.arrays import Array, Doubles
from morph.errors import MorphError

# Of the functions 1, y, z, x, xy, yz, 3z² − 1, xz, x² − y² of a unit normal.
FACTORS = (0.282095, 0.488603, 0.488603, 0.488603, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274)
COSINE_LOBE = np.array([1.0] + 3 * [2 / 3] + 5 * [1 / 4])  # of each basis function, over pi
RIDGE = np.array([0.0] + 3 * [1e-3] + 5 * [1e-2])  # normals of half a sphere do not tell all nine apart


def harmonic_basis(normals: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> Array:
    """The real spherical harmonics of bands 0 to 2 at unit normals: ``(..., 3)`` to ``(..., 9)``.

    Order: 1, then y, z, x, then xy, yz, 3z² − 1, xz, x² − y²; orthonormal over the sphere.

    Args:
        normals: ``(..., 3)`` unit vectors.
        dtype: that is reckoned with and given back.

    Raises:
        MorphError: not three columns.
    """
    n = np.asarray(normals, dtype)
    if n.shape[-1:] != (3,):
        raise MorphError(f"normals must be (..., 3), got {n.shape}")
    x, y, z = n[..., 0], n[..., 1], n[..., 2]
    one, *band_1, xy, yz, zz, xz, xx = FACTORS
    first = [np.full_like(x, one), *(factor * axis for factor, axis in zip(band_1, (y, z, x), strict=True))]
    second = [xy * x * y, yz * y * z, zz * (3 * z * z - 1), xz * x * z, xx * (x * x - y * y)]
    return np.stack([*first, *second], axis=-1)


def irradiance(light: npt.ArrayLike, basis: npt.ArrayLike) -> Doubles:
    """Light that a matt white surface sends back, ``(..., C)``: ``basis @ (lobe * light)``, 1 under a white sky of 1.

    Args:
        light: ``(9, C)`` coefficients of the light all round; a sky of 1 everywhere is ``2 sqrt(pi)`` in the first.
        basis: ``(..., 9)`` of :func:`harmonic_basis`, or its mean over several normals.
    """
    return np.asarray(np.asarray(basis, np.float64) @ (COSINE_LOBE[:, None] * np.asarray(light, np.float64)))


def solve_light(basis: npt.ArrayLike, colours: npt.ArrayLike, weights: npt.ArrayLike, rounds: int = 12) -> Doubles:
    """``(9, C)`` light under which a surface of one colour looks most like ``colours``, robust against what has another one.

    Iteratively reweighted least squares with Tukey's weights; brows, lips and shadows that are cast lose theirs. The colour of
    the surface stays in the light: divide by its mean to take it out.

    Args:
        basis: ``(N, 9)`` of :func:`harmonic_basis`.
        colours: ``(N, C)`` linear.
        weights: ``(N,)`` how much each counts, not negative.
        rounds: of reweighting.

    Raises:
        MorphError: fewer than nine places count.
    """
    basis, colours, weights = (np.asarray(a, np.float64) for a in (basis, colours, weights))
    if (weights > 0).sum() < 9:
        raise MorphError("light needs at least nine places of known colour; give a picture in which more of the face is seen")
    system = basis * COSINE_LOBE
    trust = weights / weights.sum()
    light = np.zeros((9, colours.shape[1]))
    for _ in range(rounds):
        weighted = system * trust[:, None]
        normal = weighted.T @ system
        light = np.linalg.solve(normal + np.diag(RIDGE) * normal[0, 0], weighted.T @ colours)
        error = np.abs(colours - system @ light).mean(axis=1) / max(float(trust @ np.abs(colours).mean(axis=1)), 1e-9)
        spread = 1.4826 * _weighted_median(error, weights) + 1e-6
        trust = weights * np.clip(1 - (error / (4.0 * spread)) ** 2, 0, 1) ** 2
        trust /= max(trust.sum(), 1e-12)
    return light


def shading(light: npt.ArrayLike, basis: npt.ArrayLike, weights: npt.ArrayLike, least: float = 0.2) -> Doubles:
    """What light does to a surface, ``(N, C)``: its :func:`irradiance` over the weighted mean of it; never under ``least``.

    Args:
        light: ``(9, C)``.
        basis: ``(N, 9)``.
        weights: ``(N,)`` of the places that the mean is taken over.
        least: darker places are held there, smoothly, for dividing by them would only show noise.
    """
    sent = irradiance(light, basis)
    weights = np.asarray(weights, np.float64)
    relative = sent / np.maximum(weights @ sent / weights.sum(), 1e-9)
    soft = 0.1
    return np.asarray(least + soft * np.logaddexp(0.0, (relative - least) / soft))


def _weighted_median(values: Doubles, weights: Doubles) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, 0.5 * total[-1])])
