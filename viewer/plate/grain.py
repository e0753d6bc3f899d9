"""The grain of footage, and the same grain for what is laid over it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Floats, Image

SECOND = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6  # blind to edges and slopes (Immerkær 1996)
FLAT = 0.4  # share of the places that is flattest
ENOUGH = 256  # pixels each way that are looked at
TILE = 256  # pixels of the grain that is shifted about
FINEST, COARSEST = 0.5, 0.98  # spread of grain halved in size, over its own: of white noise, and of the coarsest that counts
# Standard deviation in pixels of the blur that turns white noise into grain with that ratio (measured on noise).
RATIOS, BLURS = np.array([0.50, 0.60, 0.75, 0.98]), np.array([0.0, 0.35, 0.55, 0.90])


@dataclass(frozen=True, eq=False)
class Grain:
    """Noise of a picture in display values 0..255; its variance grows in a straight line with the value.

    Attributes:
        floor, slope: ``(3,)`` variance at 0, and for 1 more of the value.
        shared: share of the variance that all channels have in common, 0..1.
        blur: standard deviation in pixels of the blur that makes white noise as coarse as it.
    """

    floor: Floats
    slope: Floats
    shared: float = 0.0
    blur: float = 0.0

    def spread(self, value: npt.ArrayLike) -> Floats:
        """Standard deviation at display values ``(..., 3)`` 0..255."""
        return np.asarray(np.sqrt(np.maximum(self.floor + self.slope * np.asarray(value, np.float32), 0)).astype(np.float32))


NONE = Grain(np.zeros(3, np.float32), np.zeros(3, np.float32))


def measure_grain(picture: Image, box: tuple[int, int, int, int] | None = None) -> Grain:
    """The grain of a picture's flat places, robust against the rest.

    Args:
        picture: ``(H, W, 3)`` uint8 RGB.
        box: left, top, right and bottom of the part that is looked at; None: all of it.
    """
    if box is not None:
        picture = picture[box[1] : box[3], box[0] : box[2]]
    if min(picture.shape[:2]) < 16:
        return NONE
    top, left = (max(size - ENOUGH, 0) // 2 for size in picture.shape[:2])
    picture = picture[top : top + ENOUGH, left : left + ENOUGH]
    values = picture.astype(np.float32)
    smooth = cv2.blur(values, (5, 5))
    rough = cv2.filter2D(values, -1, SECOND)
    grey = smooth.mean(axis=2)
    slope = cv2.blur(np.abs(cv2.Sobel(grey, -1, 1, 0)) + np.abs(cv2.Sobel(grey, -1, 0, 1)), (7, 7))
    usable = (smooth.min(axis=2) > 8) & (smooth.max(axis=2) < 245)
    usable[:3], usable[-3:], usable[:, :3], usable[:, -3:] = False, False, False, False
    if usable.sum() < 200:
        return NONE
    flat = usable & (slope <= np.quantile(slope[usable], FLAT))
    noise, level = rough[flat], smooth[flat]
    floor, rise = np.zeros(3, np.float32), np.zeros(3, np.float32)
    for c in range(3):
        floor[c], rise[c] = _line(level[:, c], noise[:, c])
    spread = 1.4826 * np.median(np.abs(noise), axis=0)
    if spread.min() < 1e-3:
        return Grain(floor, rise)
    together = 1.4826 * float(np.median(np.abs((noise / spread).mean(axis=1))))
    shared = float(np.clip((together**2 - 1 / 3) * 1.5, 0, 1))
    return Grain(floor, rise, shared, _coarseness(values.mean(axis=2), flat))


def _line(level: Floats, noise: Floats) -> tuple[float, float]:
    """Variance at level 0 and its slope, from the medians of thirds of the levels; neither makes it negative."""
    cuts = np.quantile(level, [0, 1 / 3, 2 / 3, 1])
    points = []
    for low, high in itertools.pairwise(cuts):
        here = (level >= low) & (level <= high)
        if here.sum() > 50:
            points.append((float(level[here].mean()), (1.4826 * float(np.median(np.abs(noise[here])))) ** 2))
    if not points:
        return 0.0, 0.0
    at, variance = np.array(points).T
    if np.ptp(at) < 25:
        return float(variance.mean()), 0.0
    slope, floor = np.polyfit(at, variance, 1)
    if floor < 0:  # light alone
        return 0.0, float(max((at @ variance) / (at @ at), 0))
    if floor + 255 * slope < 0:
        return float(variance.mean()), 0.0
    return float(floor), float(slope)


def _coarseness(grey: Floats, flat: Bools) -> float:
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rows, columns = np.array(half.shape) * 2
    where = flat[:rows:2, :columns:2][: half.shape[0], : half.shape[1]]
    fine = float(np.median(np.abs(cv2.filter2D(grey, -1, SECOND)[flat])))
    small = cv2.filter2D(half, -1, SECOND)[: where.shape[0], : where.shape[1]][where]
    if fine < 1e-3 or not len(small):
        return 0.0
    ratio = float(np.clip(np.median(np.abs(small)) / fine, FINEST, COARSEST))
    return float(np.interp(ratio, RATIOS, BLURS))


class GrainMaker:
    """Grain for the frames of a clip: another one each, and the same for the same frame.

    Args:
        seed: of the noise.
    """

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._seed = seed
        self._white = rng.standard_normal((TILE, TILE, 4), dtype=np.float32)
        self._tile = np.zeros((0, 0, 3), np.float32)
        self._made = (-1.0, -1.0)

    def tile(self, grain: Grain, frame: int) -> tuple[Floats, int, int]:
        """``(256, 256, 3)`` noise of standard deviation 1 that goes on at its edges, and where the frame begins in it."""
        key = (round(4 * grain.shared) / 4, round(5 * grain.blur) / 5)  # in steps, for a tile takes time to make
        if key != self._made:
            common, own = np.sqrt(key[0]), np.sqrt(1 - key[0])
            tile = common * self._white[..., 3:] + own * self._white[..., :3]
            if key[1] > 0:
                wide = np.concatenate([tile[-8:], tile, tile[:8]])
                wide = np.concatenate([wide[:, -8:], wide, wide[:, :8]], axis=1)
                tile = cv2.GaussianBlur(wide, (0, 0), key[1])[8:-8, 8:-8]
            self._tile = (tile / tile.std(axis=(0, 1))).astype(np.float32)
            self._made = key
        column, row = np.random.default_rng([self._seed, frame]).integers(0, TILE, 2)
        return self._tile, int(column), int(row)
