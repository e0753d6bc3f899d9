"""Eyeballs at every pixel: white, iris, pupil, limbal ring, the lids' shadow and what the cornea mirrors."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.synthesis.noise import sample
from morph.synthesis.people import Person

Floats = npt.NDArray[np.float32]
IRIS_RADIUS = 5.85  # mm: the visible iris of adults is 11.7 mm across, within half a millimetre


def gaze_direction(person: Person, eye: int) -> npt.NDArray[np.float64]:
    """Unit vector of the gaze of the left (0) or right (1) eye in the frame of the model."""
    right, up = person.gaze[eye]
    return np.array([np.sin(right) * np.cos(up), np.sin(up), np.cos(right) * np.cos(up)])


def eye_colour(
    normals: Floats,
    gaze: npt.NDArray[np.float64],
    radius: float,
    iris: npt.NDArray[np.float64],
    pupil: float,
    seed: float,
    bloodshot: float,
    white: float = 1.0,
) -> tuple[Floats, Floats]:
    """Albedo of an eyeball.

    Args:
        normals: ``(N, 3)`` directions from its centre, in any frame.
        gaze: ``(3,)`` in the same frame.
        radius: of the eyeball, mm.
        iris: linear RGB.
        pupil: radius, mm.
        seed: of the iris pattern.
        bloodshot: 0..1.
        white: brightness of the white.

    Returns:
        Linear albedo ``(N, 3)`` and ``(N,)`` how much is cornea.
    """
    side = np.cross([0.0, 1.0, 0.01], gaze)
    side /= np.linalg.norm(side)
    x, y = normals @ side * radius, normals @ np.cross(gaze, side) * radius
    front = normals @ gaze > 0
    r = np.where(front, np.hypot(x, y), radius * 2 - np.hypot(x, y))
    angle = np.arctan2(y, x)
    white = (
        white
        * np.array([0.62, 0.565, 0.53])
        * (1 - (0.05 + 0.25 * bloodshot) * np.clip((r - 7) / 6, 0, 1)[:, None] * np.array([0.1, 1, 0.9]))
    )
    fibres = sample(1, angle * 40 + seed, r * 2.0)
    rim = np.clip((r / IRIS_RADIUS - 0.72) / 0.28, 0, 1)
    glow = np.interp(r, [pupil, pupil + 1.2, IRIS_RADIUS * 0.8, IRIS_RADIUS], [0.8, 1.35, 0.95, 0.45])
    colour = iris * (glow * (1 + 0.22 * fibres) * (1 - 0.55 * rim**2))[:, None]
    inner = np.array([0.10, 0.055, 0.02])
    colour = colour + (inner - colour) * (0.35 * np.clip(1 - (r - pupil) / 1.1, 0, 1))[:, None]
    colour = np.where((r < pupil)[:, None], 0.006, colour)
    edge = np.clip((r - IRIS_RADIUS + 0.45) / 0.9, 0, 1)[:, None]
    albedo = colour * (1 - edge) + white * edge
    return np.clip(albedo, 0.004, 0.8).astype(np.float32), (1 - edge[:, 0]).astype(np.float32)


def lid_shadow(eye: npt.NDArray[np.bool_], up: npt.NDArray[np.float64], pixel: float) -> Floats:
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
