"""Tiny pictures, for telling whether two frames show the same face or the same scene."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Reals

SIDE = 16  # of a crop's thumbnail
FACE = np.s_[5:12, 4:12]  # of a shrunk crop
SCENE = (32, 18)  # width and height of a whole picture's


def shrunk(crop: Image) -> Image:
    """A ``(16, 16, 3)`` copy of a crop."""
    return cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def thumbnail(small: Image) -> Reals:
    """A ``(16, 16)`` grey copy of a shrunk crop with mean 0 and variance 1."""
    return _normal(small)


def tone(small: Image) -> Reals:
    """``(3,)`` logarithm of the mean colour of the middle of a shrunk crop, which is the face."""
    return np.asarray(np.log(small[FACE].astype(np.float32) + 8.0).mean((0, 1)))


def glimpse(image: Image) -> Reals:
    """A ``(18, 32)`` grey copy of a whole picture with mean 0 and variance 1; only every few pixels are read."""
    step = max(1, min(image.shape[0] // (2 * SCENE[1]), image.shape[1] // (2 * SCENE[0])))
    return _normal(cv2.resize(np.ascontiguousarray(image[::step, ::step]), SCENE, interpolation=cv2.INTER_AREA))


def likeness(first: Reals, second: Reals) -> float:
    """Correlation of two tiny pictures of one size, -1..1."""
    return float((first * second).mean())


def _normal(small: npt.ArrayLike) -> Reals:
    grey = np.asarray(small).mean(axis=2, dtype=np.float32)
    return np.asarray((grey - grey.mean()) / (grey.std() + np.float32(1.0)))
