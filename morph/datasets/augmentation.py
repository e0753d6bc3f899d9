"""Augmentation: one warp for pixels, landmarks and coefficients, then what cameras and files do to pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from morph.arrays import Doubles, Floats, Image, Reals
from morph.crop.rules import CropRule


@dataclass(frozen=True)
class AugmentationConfig:
    """How far each change may go; probabilities are per picture.

    Attributes:
        rotation: degrees, the limit of a normal distribution of a third of it.
        rotation_wide: share of the pictures that draw uniformly up to that limit instead.
        translation, scale: shares of the crop's side, uniform.
        flip: probability of mirroring.
        colour: probability of other brightness, contrast, gamma, white balance and saturation.
        grey: probability of black and white.
        blur: probability of a lens's or a motion's blur.
        low_resolution: probability of 0.2 to 0.7 of the pixels.
        noise: probability of sensor noise.
        jpeg: probability of compression.
        occluder: probability of something before the face.
        style: probability of a random colour matrix and a random small filter, blended with the picture: texture and
            colour go, shape stays (after Xu et al., *Robust and Generalizable Visual Representation Learning via Random
            Convolutions*, 2021).
    """

    rotation: float = 40.0
    rotation_wide: float = 0.2
    translation: float = 0.1
    scale: float = 0.1
    flip: float = 0.5
    colour: float = 0.8
    grey: float = 0.1
    blur: float = 0.15
    low_resolution: float = 0.2
    noise: float = 0.3
    jpeg: float = 0.2
    occluder: float = 0.25
    style: float = 0.0


def draw_similarity(
    config: AugmentationConfig, landmarks: Reals, rotation: Reals, rule: CropRule, rng: np.random.Generator
) -> Doubles:
    """A random crop of a face with ``(68, 2)`` landmarks and the head's ``(3, 3)`` rotation."""
    limit = np.deg2rad(config.rotation)
    wide = rng.random() < config.rotation_wide
    angle = rng.uniform(-limit, limit) if wide else np.clip(rng.normal(0, limit / 3), -limit, limit)
    shift = rng.uniform(-config.translation, config.translation, 2)
    zoom = 1.0 + rng.uniform(-config.scale, config.scale)
    return rule.similarity(landmarks, rotation, angle=float(angle), shift=(shift[0], shift[1]), zoom=zoom)


def _blur(image: Any, rng: np.random.Generator) -> Any:
    size = len(image)
    if rng.random() < 0.6:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, size / 60))
    return cv2.filter2D(image, -1, _motion_kernel(int(rng.integers(3, max(size // 14, 4))), rng.uniform(0, np.pi)))


def draw_pixels(config: AugmentationConfig, picture: Image, rng: np.random.Generator) -> Image:
    """Colour, greys, blur, low resolution, noise, compression and occluders on an ``(S, S, 3)`` uint8 RGB crop."""
    image: Any = picture  # OpenCV does not say what it returns
    size = len(image)
    chance = rng.random(7)
    if chance[0] < config.occluder:
        image = _occlude(image, rng)
    if config.style and rng.random() < config.style:
        image = _restyle(image, rng)
    if chance[1] < config.low_resolution:
        small = max(int(size * rng.uniform(0.2, 0.7)), 12)
        down = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
        image = cv2.resize(down, (size, size), interpolation=cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC)
    if chance[2] < config.blur:
        image = _blur(image, rng)
    if chance[3] < config.colour:
        levels = np.arange(256, dtype=np.float32) / 255
        gain = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.06, 3))
        table = levels[:, None] ** np.exp(rng.normal(0, 0.2)) * gain
        table = (table - 0.5) * np.exp(rng.normal(0, 0.15)) + 0.5 + rng.normal(0, 0.05)
        image = cv2.LUT(image, (np.clip(table, 0, 1) * 255).astype(np.uint8)[:, None, :])
        if rng.random() < 0.5:
            grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            k = rng.uniform(0.3, 1.4)
            image = cv2.addWeighted(image, k, grey, 1 - k, 0)
    if chance[4] < config.grey:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if chance[5] < config.noise:
        noise = np.empty(image.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31 - 1)))
        cv2.randn(noise, (0, 0, 0), (rng.uniform(1, 12),) * 3)  # type: ignore[call-overload]
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if chance[6] < config.jpeg:
        _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))])
        image = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return np.asarray(image)


def _restyle(image: Image, rng: np.random.Generator) -> Image:
    """Mix channels and neighbouring pixels at random, keep mean and contrast, and blend with the picture itself."""
    mixed: Any = cv2.transform(image.astype(np.float32), rng.normal(0, 1, (3, 3)))
    side = 2 * int(rng.integers(4)) + 1
    if side > 1:
        kernel = rng.normal(0, 1, (side, side))
        kernel[side // 2, side // 2] += side
        mixed = cv2.filter2D(mixed, -1, kernel)
    low, high = np.percentile(mixed[::3, ::3], (1, 99))
    mixed = (mixed - low) * (rng.uniform(140, 255) / max(float(high - low), 1e-3)) + rng.uniform(0, 40)
    share = rng.uniform(0.15, 0.9)
    return np.asarray(np.clip(image * (1 - share) + mixed * share, 0, 255).astype(np.uint8))


def _motion_kernel(length: int, angle: float) -> Floats:
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    arm = np.array([np.cos(angle), np.sin(angle)]) * middle
    start, end = np.round(middle - arm).astype(int), np.round(middle + arm).astype(int)
    cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0)
    return np.asarray(kernel / kernel.sum())


def _occlude(image: Image, rng: np.random.Generator) -> Image:
    """Cover part of the picture with a flat, noisy or copied patch."""
    size = len(image)
    mask = np.zeros((size, size), np.uint8)
    kind = rng.integers(3)
    centre = rng.uniform(0, size, 2)
    if kind == 0:  # a half plane, as a picture's edge or a door
        normal = rng.normal(size=2)
        normal /= np.linalg.norm(normal)
        offset = rng.uniform(0.22, 0.5) * size
        y, x = np.mgrid[:size, :size]
        mask[((x - size / 2) * normal[0] + (y - size / 2) * normal[1]) > offset] = 255
    elif kind == 1:
        axes = rng.uniform(0.06, 0.25, 2) * size
        cv2.ellipse(mask, (int(centre[0]), int(centre[1])), (int(axes[0]), int(axes[1])), rng.uniform(0, 180), 0, 360, 255, -1)
    else:
        half = rng.uniform(0.05, 0.2, 2) * size
        box = cv2.boxPoints(
            ((float(centre[0]), float(centre[1])), (float(2 * half[0]), float(2 * half[1])), rng.uniform(0, 90))
        )
        cv2.fillConvexPoly(mask, box.astype(np.int32), 255)
    if rng.random() < 0.5:
        cover = np.empty_like(image)
        cover[:] = rng.integers(0, 256, 3)
        if rng.random() < 0.5:
            small = rng.integers(-40, 40, (rng.integers(3, 14),) * 2 + (3,)).astype(np.float32)
            cover = np.clip(cover + cv2.resize(small, (size, size)), 0, 255).astype(np.uint8)
    else:
        cover = np.roll(image[::-1], int(rng.integers(size)), axis=int(rng.integers(2)))
    return np.where(mask[..., None] > 0, cover, image)
