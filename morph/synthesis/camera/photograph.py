"""What a camera and a web site do to light: exposure, blur, noise, scaling, JPEG."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Array, Doubles, Floats, Image
from morph.rendering.colour import GAMMA, LUMINANCE
from morph.synthesis.arrays.noise import normals
from morph.synthesis.camera.video_compression import pass_through_video
from morph.synthesis.recipe import Recipe

USUAL = Recipe()
LUMA = LUMINANCE.astype(np.float32)


def expose(rng: np.random.Generator, face: Floats, skin: Doubles, tone: float) -> Doubles:
    """Gains ``(3,)`` that bring the light of the face's pixels ``(N, 3)`` to a level that photographs have.

    Args:
        rng: random numbers.
        face: ``(N, 3)`` linear.
        skin: ``(3,)`` albedo, to tell the colour of the light from that of the skin.
        tone: 0 light .. 1 dark.
    """
    face = face[::3]
    level = float(np.partition(face @ LUMA, 6 * len(face) // 10)[6 * len(face) // 10]) if len(face) else 0.3
    wanted = np.clip(rng.normal(0.66, 0.10), 0.25, 0.86) * (1.0 - 0.40 * tone)
    if rng.random() < 0.07:
        wanted *= rng.uniform(0.35, 0.7)  # underexposed
    balance = np.exp(rng.normal(0, 0.10) * np.array([1.0, 0.05, -1.1]) + rng.normal(0, 0.03, 3))
    average = face.mean(0) / skin if len(face) else np.full(3, 0.3)  # the colour of the light
    grey = average / max(float(average @ LUMA), 1e-6)
    pull = grey ** -rng.uniform(0.55, 1.0)  # automatic white balance takes part of the light's colour away
    return np.asarray(wanted**GAMMA / max(level, 1e-4) * balance * pull)


@dataclass(frozen=True, eq=False)
class ExtraChance:
    """Random numbers that :func:`develop` takes besides its own.

    Attributes:
        grain: draws the noise alone: a new one for each frame of a clip that one ``rng`` develops. None: the same ``rng``.
        video: draws video compression for one picture in four; None leaves it out.
    """

    grain: np.random.Generator | None = None
    video: np.random.Generator | None = None


NO_EXTRA = ExtraChance()


def develop(
    rng: np.random.Generator,
    light: Floats,
    size: int,
    *,
    recipe: Recipe = USUAL,
    extra: ExtraChance = NO_EXTRA,
) -> Image:
    """Linear light ``(S, S, 3)`` to a picture ``(size, size, 3)`` uint8.

    Blur of the lens and of motion, sensor noise, tone curve, small originals scaled up, colour casts, grey, JPEG.

    Args:
        rng: random numbers.
        light: ``(S, S, 3)`` linear.
        size: pixels of the picture.
        recipe: may leave out blur and noise.
        extra: random numbers of noise and of video compression alone.
    """
    blurred, noisy = recipe.has("blur"), recipe.has("noise")
    supersampling = light.shape[0] / size
    sigma = rng.choice([rng.uniform(0.3, 0.55), rng.uniform(0.5, 1.0), rng.uniform(1.0, 2.0)], p=[0.6, 0.3, 0.1]) * size / 160
    if blurred:
        light = _float(cv2.GaussianBlur(light, (0, 0), sigma * supersampling))
    if rng.random() < 0.08:
        kernel = _motion(rng, supersampling * size / 160)
        light = _float(cv2.filter2D(light, -1, kernel)) if blurred else light
    if supersampling != 1:
        light = _float(cv2.resize(light, (size, size), interpolation=cv2.INTER_AREA))
    small = None
    if rng.random() < 0.28:
        side = int(size * rng.uniform(0.26, 0.8))
        small = side if blurred else size
        light = _float(cv2.resize(light, (small, small), interpolation=cv2.INTER_AREA))
    amount = rng.choice([rng.uniform(0, 0.008), rng.uniform(0.008, 0.03), rng.uniform(0.03, 0.07)], p=[0.6, 0.33, 0.07])
    noise = normals(rng if extra.grain is None else extra.grain, *light.shape)
    amount = amount if noisy else 0.0
    light = light + np.float32(amount) * noise * np.sqrt(np.maximum(light, 0) * np.float32(0.5) + np.float32(0.02))
    picture = _tone(rng, light)
    picture = _style(rng, picture)
    if rng.random() < 0.25:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
        picture = picture + np.float32(rng.uniform(0.2, 0.9)) * (picture - soft)  # sharpened by the camera
    out = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    if rng.random() < 0.75:
        quality = int(rng.integers(35, 96))
        out = _jpeg(out, quality) if noisy else out
    if extra.video is not None and extra.video.random() < 0.25 and noisy:
        out = pass_through_video(out, extra.video)
    if small is not None:
        scaled = cv2.resize(out, (size, size), interpolation=(cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(2)])
        out = np.asarray(scaled, np.uint8)
        if rng.random() < 0.5:
            quality = int(rng.integers(60, 97))
            out = _jpeg(out, quality) if noisy else out
    return out


def _float(picture: Array) -> Floats:
    return np.asarray(picture, np.float32)


def _motion(rng: np.random.Generator, scale: float) -> Floats:
    length, angle = rng.uniform(2, 7) * scale, rng.uniform(0, np.pi)
    r = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * r + 1, 2 * r + 1), np.float32)
    for t in np.linspace(-length / 2, length / 2, 4 * r + 1):
        x, y = r + t * np.cos(angle), r + t * np.sin(angle)
        kernel[round(y), round(x)] += 1
    return np.asarray(kernel / kernel.sum())


def _tone(rng: np.random.Generator, light: Floats) -> Floats:
    """sRGB-like curve with a soft shoulder and a random contrast."""
    light = np.maximum(light, 0)
    knee = np.float32(0.72)
    over = cv2.exp(np.minimum(knee - light, 0) * np.float32(1 / (1 - knee)))
    picture = cv2.pow(np.minimum(light, knee) + np.float32(1 - knee) * (1 - over), 1 / GAMMA)
    contrast = np.float32(4 * rng.normal(0.12, 0.16))
    return np.asarray(picture * (1 + contrast * ((picture - np.float32(0.5)) * (1 - picture))))


def _style(rng: np.random.Generator, picture: Floats) -> Floats:
    grey = picture @ LUMA
    kind = rng.random()
    if kind < 0.09:
        return np.repeat(grey[..., None], 3, 2)
    if kind < 0.11:
        tint = np.array([1.08, 0.98, 0.78]) if rng.random() < 0.7 else rng.uniform(0.7, 1.1, 3)
        return (grey[..., None] * tint).astype(np.float32)
    saturation = np.clip(rng.normal(1.0, 0.18), 0.4, 1.5)
    picture = grey[..., None] + np.float32(saturation) * (picture - grey[..., None])
    if rng.random() < 0.12:  # filters and stage light
        picture = picture * rng.uniform(0.7, 1.15, 3).astype(np.float32) + np.float32(rng.uniform(0, 0.08))
    if rng.random() < 0.2:
        size = picture.shape[0]
        y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
        picture = picture * (1 - np.float32(rng.uniform(0.1, 0.9)) * (x * x + y * y))[..., None]
    return picture


def _jpeg(picture: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
