"""Eyeballs at every pixel: white, iris, pupil, limbal ring, the lids' shadow and what the cornea mirrors."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from morph.arrays import Array, Bools, Doubles, Floats
from morph.compiled import compiled
from morph.synthesis.arrays.angles import angle, cross
from morph.synthesis.arrays.noise import at, small_tiles
from morph.synthesis.person.people import Person

IRIS_RADIUS = 5.85  # mm: the visible iris of adults is 11.7 mm across, within half a millimetre


def gaze_direction(person: Person, eye: int) -> Doubles:
    """Unit vector of the gaze of the left (0) or right (1) eye in the frame of the model."""
    right, up = person.gaze[eye]
    return np.array([np.sin(right) * np.cos(up), np.sin(up), np.cos(right) * np.cos(up)])


class Eyeball(NamedTuple):
    """What one eyeball looks like.

    Attributes:
        radius: of the eyeball, mm.
        iris: ``(3,)`` linear RGB.
        pupil: radius, mm.
        seed: of the iris pattern.
        bloodshot: 0..1.
        white: brightness of the white.
    """

    radius: float
    iris: Array
    pupil: float
    seed: float
    bloodshot: float
    white: float = 1.0


def eye_colour(normals: Floats, gaze: Doubles, eye: Eyeball) -> tuple[Floats, Floats]:
    """Albedo of an eyeball.

    Args:
        normals: ``(N, 3)`` directions from its centre, in any frame.
        gaze: ``(3,)`` in the same frame.
        eye: what it looks like.

    Returns:
        Linear albedo ``(N, 3)`` and ``(N,)`` how much is cornea.
    """
    side = cross([0.0, 1.0, 0.01], gaze)
    side /= np.linalg.norm(side)
    axes = np.stack([side, cross(gaze, side), gaze]).astype(np.float32)
    albedo, wet = np.empty((len(normals), 3), np.float32), np.empty(len(normals), np.float32)
    numbers = tuple(np.asarray(value, np.float32)[()] for value in eye)
    _colour(normals, axes, numbers, small_tiles()[1], (albedo, wet))
    return albedo, wet


WHITE = np.array([0.62, 0.565, 0.53], np.float32)
VEINS = np.array([0.1, 1.0, 0.9], np.float32)
COLLAR = np.array([0.10, 0.055, 0.02], np.float32)  # around the pupil


@compiled
def _colour(normals: Any, axes: Any, eye: Any, tile: Any, out: Any) -> None:
    albedo, wet = out
    radius, iris, pupil, seed, bloodshot, white = eye
    f = np.float32
    one, none, rim_at = f(1.0), f(0.0), f(IRIS_RADIUS)
    for i in range(normals.shape[0]):
        x, y, front = none, none, none
        for c in range(3):
            x += normals[i, c] * axes[0, c]
            y += normals[i, c] * axes[1, c]
            front += normals[i, c] * axes[2, c]
        r = np.sqrt(x * x + y * y) * radius
        if front <= none:
            r = f(2.0) * radius - r
        edge = min(max((r - rim_at + f(0.45)) / f(0.9), none), one)
        veins = (f(0.05) + f(0.25) * bloodshot) * min(max((r - f(7.0)) / f(6.0), none), one)
        glow = f(0.45)
        if r < pupil:
            glow = f(0.8)
        elif r < pupil + f(1.2):
            glow = f(0.8) + f(0.55) * (r - pupil) / f(1.2)
        elif r < f(0.8) * rim_at:
            glow = f(1.35) - f(0.4) * (r - pupil - f(1.2)) / (f(0.8) * rim_at - pupil - f(1.2))
        elif r < rim_at:
            glow = f(0.95) - f(0.5) * (r - f(0.8) * rim_at) / (f(0.2) * rim_at)
        rim = min(max((r / rim_at - f(0.72)) / f(0.28), none), one)
        fibres = at(tile, angle(y, x) * f(40.0) + seed, r * f(2.0))
        bright = glow * (one + f(0.22) * fibres) * (one - f(0.55) * rim * rim)
        collar = f(0.35) * min(max(one - (r - pupil) / f(1.1), none), one)
        for c in range(3):
            value = iris[c] * bright
            value += (COLLAR[c] - value) * collar
            if r < pupil:
                value = f(0.006)
            value += (white * WHITE[c] * (one - veins * VEINS[c]) - value) * edge
            albedo[i, c] = min(max(value, f(0.004)), f(0.8))
        wet[i] = one - edge


def lid_shadow(eye: Bools, up: Doubles, pixel: float) -> Floats:
    """How much light the lids and lashes leave on the eyeballs, ``(H, W)`` 0..1.

    Args:
        eye: ``(H, W)`` where eyeballs are seen.
        up: ``(2,)`` the head's up in the picture (x right, y down), not longer than 1.
        pixel: pixels a millimetre at the eyes.
    """
    cover = 1 - eye.astype(np.float32)
    rows, columns = np.flatnonzero(eye.any(1)), np.flatnonzero(eye.any(0))
    out = np.ones_like(cover)
    if not len(rows):
        return out
    pad = int(6 * pixel) + 3
    part = np.s_[max(rows[0] - pad, 0) : rows[-1] + pad, max(columns[0] - pad, 0) : columns[-1] + pad]
    shift = np.array([[1, 0, -up[0] * 1.6 * pixel], [0, 1, -up[1] * 1.6 * pixel]], np.float32)
    patch = np.ascontiguousarray(cover[part])
    lid = cv2.warpAffine(patch, shift, patch.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.GaussianBlur(lid, (0, 0), max(1.5 * pixel, 0.6))
    rim = cv2.GaussianBlur(patch, (0, 0), max(0.9 * pixel, 0.4))
    out[part] = np.clip(1 - 0.62 * np.clip(shade * 1.5, 0, 1) - 0.25 * rim, 0.12, 1)
    return out
