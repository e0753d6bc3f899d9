"""Eyes that dark glasses hide: the crops of both eyes are dark against the skin, and flat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from morph.model import Coefficients

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

PATCH = np.s_[:, 14:28, 11:29, 1]  # about the eye in its crops of 40 x 32 pixels; green
BRIGHT = 0.8  # quantile that stands for what is bright in it: the white of the eye, the lid
FLAT = 0.2  # contrast in shares of the bright (plus FLOOR) above which no eye counts as hidden
FLOOR = 32.0  # levels
LEAST_SKIN = 50.0  # level of skin below which nobody can say what a lens hides
HIDDEN, SEEN = 0.4, 0.5  # what is bright, in shares of the level of the skin; set on drawn lenses and 1,500 held-out renders
PREFIX = "eye"  # of the expressions that nobody can see then; brows may be seen
# Skin about the nose and on the cheeks, as middles of two landmarks; of their levels the second highest, for some lie in shade.
SKIN = np.array([[30, 30], [29, 29], [31, 3], [35, 13], [31, 48], [35, 54]])


def hidden_eyes(
    crops: npt.NDArray[np.uint8], images: Sequence[Image], coefficients: Coefficients, resting: Floats
) -> npt.NDArray[np.float64]:
    """How far eyes are hidden, ``(views, N)``: 0 seen, 1 hidden; glasses hide both.

    Args:
        crops: ``(views * N, 32, 40, 3)`` uint8 RGB of one eye of N faces and then of the other, as the expert sees them.
        images: the N pictures ``(H, W, 3)`` that they are from.
        coefficients: of the N faces, in pixels of the pictures.
        resting: ``(N, 68, 3)`` landmarks without expression, model frame.
    """
    patch = np.sort(crops[PATCH].reshape(len(crops), -1), axis=1)
    bright = patch[:, int(BRIGHT * patch.shape[1])].astype(np.float64)
    flat = (patch.std(axis=1) <= FLAT * (bright + FLOOR)).reshape(-1, len(images)).all(0)
    out = np.zeros(len(images))
    rows = np.flatnonzero(flat)
    if len(rows):
        skin = _skin([images[row] for row in rows.tolist()], coefficients[rows], resting[rows])
        seen = bright.reshape(-1, len(images))[:, rows].max(0) / (skin + 8.0)  # of the eye that shows more
        share = np.where(skin > LEAST_SKIN, np.clip((SEEN - seen) / (SEEN - HIDDEN), 0.0, 1.0), 0.0)
        out[rows] = share * share * (3.0 - 2.0 * share)
    return np.repeat(out[None], len(crops) // len(images), axis=0)


def _skin(images: Sequence[Image], coefficients: Coefficients, resting: Floats) -> Floats:
    """``(N,)`` level of the skin of each face in green, 0..255."""
    points = coefficients.camera.project(resting[:, SKIN].mean(2).astype(np.float64))[..., :2]
    levels = []
    for image, places in zip(images, points, strict=True):
        x, y = np.clip(np.nan_to_num(places).round().astype(int), 0, [image.shape[1] - 1, image.shape[0] - 1]).T
        levels.append(np.sort(image[y, x, 1])[-2])
    return np.array(levels)
