"""Finds irises: the mesh says about where, the picture says where exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Bools, Doubles, Floats, Reals
from viewer.effects.colour import blurred, smooth_step, to_lab

FINE = 10.0  # pixels of an iris's radius in the patch that is searched
SEARCH = 0.95  # radii that the iris may be away from where the mesh has it
SIZES = (0.82, 0.92, 1.02)  # radii that are tried
LEAST = 0.35  # cosine between the eye's axis and the way to the viewer
CONTRAST = (0.10, 0.22)  # an iris is so much darker than what lies beside it


@dataclass(frozen=True, eq=False)
class Iris:
    """An iris in a picture.

    Attributes:
        centre: ``(2,)`` column and row.
        radius: pixels.
        squeeze: ``(2, 2)`` that makes a circle of radius 1 of its outline, ``squeeze @ (place - centre)``.
        opening: ``(H, W)`` share of each pixel between the lids.
        open: 0 where the eye is shut, 1 where it is open.
        skin: ``(3,)`` L*a*b* of the skin under the eye.
    """

    centre: Doubles
    radius: float
    squeeze: Doubles
    opening: Floats
    open: float
    skin: Floats

    def crop(self, shape: tuple[int, ...], radii: float) -> tuple[slice, slice] | None:
        """Rows and columns around it, within a picture ``shape``; None where it is out of it."""
        low = np.maximum(np.floor(self.centre - radii * self.radius).astype(int), 0)
        high = np.minimum(np.ceil(self.centre + radii * self.radius).astype(int) + 1, [shape[1], shape[0]])
        return (slice(low[1], high[1]), slice(low[0], high[0])) if (high - low > 2).all() else None

    def distance(self, crop: tuple[slice, slice]) -> Floats:
        """``(h, w)`` from its centre, 1 on its outline."""
        rows, columns = np.mgrid[crop]
        away = np.stack([columns - self.centre[0], rows - self.centre[1]], axis=-1) @ self.squeeze.T
        return np.asarray(np.linalg.norm(away, axis=-1).astype(np.float32))


def find_iris(
    plate: Floats,
    opening: Bools,
    about: Reals,
    axis: Reals,
    radius: float,
) -> Iris | None:
    """The iris near a place, where a dark disc stands out best; lids go with it.

    Args:
        plate: ``(H, W, 3)`` display RGB 0..1.
        opening: ``(H, W)`` where the mesh shows an eyeball.
        about: ``(2,)`` column and row where the mesh has the iris.
        axis: ``(3,)`` unit vector out of the eye: column, row, towards the viewer.
        radius: pixels that irises have on this head.

    Returns:
        None where the eye is shut, turned away, hidden or too small.
    """
    if axis[2] < LEAST or radius < 1.5:
        return None
    high = _opening_height(opening, about, radius)
    open_ = float(smooth_step(high, 0.30, 0.60))
    if open_ <= 0:
        return None
    zoom = FINE / radius
    half = round(4 * FINE)
    matrix = np.array([[zoom, 0, half - zoom * about[0]], [0, zoom, half - zoom * about[1]]])
    side = (2 * half + 1, 2 * half + 1)
    smooth = blurred(plate, 0.4 / zoom)
    patch = np.asarray(cv2.warpAffine(smooth, matrix, side, borderMode=cv2.BORDER_REPLICATE), np.float32)
    shade = patch.mean(axis=-1)
    skin = to_lab(patch[half + round(1.9 * FINE) : half + round(2.9 * FINE), half - round(FINE) : half + round(FINE)])
    squeeze = _squeeze(axis)
    place, size, contrast = _search(np.minimum(shade, np.percentile(shade, 90)), squeeze, half)
    certain = float(smooth_step(contrast, *CONTRAST))
    if certain <= 0:
        return None
    moved = (place - half) / zoom
    return Iris(
        about + moved,
        size * radius,
        squeeze / (size * radius),
        _moved_opening(opening, moved, radius),
        open_ * certain,
        np.median(skin.reshape(-1, 3), axis=0),
    )


def _opening_height(opening: Bools, about: Reals, radius: float) -> float:
    """How far the lids are apart before the iris, in radii."""
    height, width = opening.shape
    columns = np.clip(np.arange(round(about[0] - 0.5 * radius), round(about[0] + 0.5 * radius) + 1), 0, width - 1)
    rows = slice(max(round(about[1] - 2 * radius), 0), max(min(round(about[1] + 2 * radius), height), 0))
    seen = opening[rows, columns]
    return float(seen.sum(axis=0).mean() / radius) if seen.size else 0.0


def _squeeze(axis: Reals) -> Doubles:
    """``(2, 2)`` that makes the circle again that a turned disc is seen as."""
    flat = np.asarray(axis[:2], np.float64)
    length = float(np.linalg.norm(flat))
    if length < 1e-6:
        return np.eye(2)
    along = flat / length
    return np.eye(2) + (1 / float(axis[2]) - 1) * np.outer(along, along)


def _search(shade: Floats, squeeze: Doubles, half: int) -> tuple[Doubles, float, float]:
    """Place in the patch, size and contrast of the disc that stands out best."""
    reach = round(SEARCH * FINE)
    window = slice(half - reach, half + reach + 1)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1] / FINE
    far = 0.06 * (rows**2 + columns**2)  # the mesh is believed where two places are alike
    best: tuple[float, Doubles, float, float] = (-np.inf, np.zeros(2), 1.0, 0.0)
    for size in SIZES:
        inner, outer = _kernels(squeeze, size)
        inside, beside = (
            cv2.filter2D(shade, -1, kernel, borderType=cv2.BORDER_REPLICATE)[window, window] for kernel in (inner, outer)
        )
        contrast = (beside - inside) / np.maximum(beside, 0.02)
        score = contrast - far
        row, column = np.unravel_index(int(score.argmax()), score.shape)
        if score[row, column] > best[0]:
            place = np.array([column, row], float) + half - reach
            best = (
                float(score[row, column]),
                place + _between(score, int(row), int(column)),
                size,
                float(contrast[row, column]),
            )
    return best[1], best[2], best[3]


def _kernels(squeeze: Doubles, size: float) -> tuple[Floats, Floats]:
    """Means over a disc and over what lies to both sides of it and a little below; lids cover the rest."""
    half = round(1.6 * FINE)
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    place = np.stack([columns, rows], axis=-1) @ squeeze.T / (size * FINE)
    distance = np.linalg.norm(place, axis=-1)
    low = np.abs(rows) < 0.75 * size * FINE
    inner = (distance < 0.95) & low
    outer = (distance > 1.05) & (distance < 1.5) & (rows > -0.5 * size * FINE) & (rows < 0.6 * size * FINE)
    return (inner / inner.sum()).astype(np.float32), (outer / outer.sum()).astype(np.float32)


def _between(score: Reals, row: int, column: int) -> Doubles:
    """``(2,)`` columns and rows from a peak to the top of the parabolas through its neighbours."""
    out = np.zeros(2)
    for k, (dr, dc) in enumerate(((0, 1), (1, 0))):
        if 0 < row < score.shape[0] - 1 and 0 < column < score.shape[1] - 1:
            a, b, c = score[row - dr, column - dc], score[row, column], score[row + dr, column + dc]
            out[k] = 0.5 * (a - c) / min(a - 2 * b + c, -1e-6)
    return np.clip(out, -0.5, 0.5)


def _moved_opening(opening: Bools, moved: Reals, radius: float) -> Floats:
    """The opening where the picture has it, a little larger to the sides, with soft edges."""
    matrix = np.array([[1, 0, moved[0]], [0, 1, moved[1]]])
    high, wide = (2 * max(round(share * radius), 0) + 1 for share in (0.15, 0.5))
    wider = cv2.dilate(opening.astype(np.float32), np.ones((high, wide), np.uint8))
    there = cv2.warpAffine(wider, matrix, wider.shape[::-1], flags=cv2.INTER_LINEAR)
    return blurred(np.asarray(there, np.float32), max(0.12 * radius, 0.5))
