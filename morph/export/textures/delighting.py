"""Takes the clip's light out of a texture: smooth shading, told from the colours of the face and where its places faced."""

from __future__ import annotations

import numpy as np

from morph.arrays import Floats, Reals
from morph.rendering.colour import GAMMA
from morph.rendering.harmonics import shading, solve_light

MOST = 40_000  # places that the light is told from


def delight(colours: Reals, basis: Reals, trust: Reals) -> Floats:
    """Colours as under light from everywhere; the mean colour of the face stays.

    Texels were pooled from many frames, in which they faced different ways under one light that stands still before the
    camera. What such a light adds to a pool is its answer to the pool's mean of spherical harmonics, so that no frame has to
    be lit on its own. Cast shadows and highlights stay, and the light takes a colour that the whole face shares for its own.

    Args:
        colours: ``(N, 3)`` display RGB 0..255.
        basis: ``(N, 9)`` mean of :func:`morph.rendering.harmonics.harmonic_basis` over the frames, camera frame.
        trust: ``(N,)`` how far each is skin of the face that was seen well, 0..1.

    Raises:
        MorphError: fewer than nine texels are.
    """
    linear = (np.asarray(colours, np.float64) / 255) ** GAMMA
    sure = np.flatnonzero(trust > 0.5)
    some = sure[:: max(len(sure) // MOST, 1)]
    light = solve_light(basis[some], linear[some], trust[some])
    flat = linear / shading(light, basis, trust)
    flat *= trust @ linear / np.maximum(trust @ flat, 1e-9)
    return np.asarray(255 * np.clip(flat, 0, 1) ** (1 / GAMMA), np.float32)
