"""Things before the face: hands, microphones, cups, hair of others, edges of the photograph."""

from __future__ import annotations

import cv2
import numpy as np

from morph.arrays import Array, Bools, Doubles, Floats, Image
from morph.rendering.colour import decode_gamma
from morph.synthesis.arrays.noise import tiles


def occlude(rng: np.random.Generator, image: Floats, face: Array, skin: Doubles, light: Floats) -> Bools:
    """Draw something over about one picture in eight.

    Args:
        rng: random numbers.
        image: ``(S, S, 3)`` linear light, drawn into.
        face: ``(68, 2)`` landmarks in its pixels.
        skin: ``(3,)`` albedo of the person.
        light: ``(3,)`` light that falls on the face, times the exposure.

    Returns:
        ``(S, S)`` bool: where something hides the face.
    """
    size = image.shape[0]
    hidden = np.zeros((size, size), np.float32)
    if rng.random() > 0.13:
        return hidden > 1
    extent = float(np.ptp(face, axis=0).max())
    if rng.random() < 0.55:
        shade = _hand(rng, hidden, face, extent)
        colour = skin * rng.uniform(0.85, 1.1)
    else:
        shade = _object(rng, hidden, face, extent)
        colour = decode_gamma(np.clip(rng.uniform(0.03, 0.9) + rng.normal(0, 0.15, 3), 0.02, 0.95))
    tile = np.roll(tiles()[3], tuple(rng.integers(0, 512, 2)), (0, 1))
    grain = 1 + 0.08 * (tile[:size, :size] if size <= 512 else cv2.resize(tile, (size, size)))
    alpha = cv2.GaussianBlur(hidden, (0, 0), rng.uniform(0.5, 1.6) * size / 160)[..., None]
    paint = colour * light * (shade * grain)[..., None]
    image += alpha * (paint.astype(np.float32) - image)
    return hidden > 0.5


def _hand(rng: np.random.Generator, hidden: Floats, face: Array, extent: float) -> Floats:
    """Four fingers and the back of a hand as rounded limbs, darker towards their sides."""
    size = hidden.shape[0]
    anchor = face[rng.choice([2, 5, 8, 11, 14, 31, 48, 54, 57, 19, 24])] + rng.normal(0, 0.05 * extent, 2)
    towards = rng.uniform(0, 2 * np.pi) if rng.random() < 0.3 else np.pi / 2 + rng.normal(0, 0.7)  # from below, mostly
    along = np.array([np.cos(towards), np.sin(towards)])
    across = np.array([-along[1], along[0]])
    finger = extent * rng.uniform(0.075, 0.1)
    height = np.zeros((size, size), np.float32)
    for k in range(int(rng.integers(1, 5))):
        base = anchor + across * finger * 2.05 * (k - 1.5) + along * finger * 3.5 * rng.uniform(0.8, 1.2)
        tip = base - along * finger * rng.uniform(3.5, 6.5) + across * finger * rng.normal(0, 0.6)
        middle = (base + tip) / 2 + across * finger * rng.normal(0, 0.3)
        _limb(height, np.stack([tip, middle, base, base + along * finger * 4]), np.array([0.8, 0.95, 1.05, 1.2]) * finger)
    palm = anchor + along * finger * 7
    _limb(height, np.stack([palm, palm + along * finger * 5, palm + along * finger * 40]), np.array([4.0, 3.4, 3.0]) * finger)
    hidden[:] = height > 0
    return np.asarray(np.clip(0.45 + 0.6 * height, 0, 1.1))


def _limb(height: Floats, nodes: Array, radii: Array) -> None:
    size = height.shape[0]
    for a, b, ra, rb in zip(nodes[:-1], nodes[1:], radii[:-1], radii[1:], strict=True):
        reach = max(ra, rb) + 1
        low = np.clip(np.floor(np.minimum(a, b) - reach), 0, size).astype(int)
        high = np.clip(np.ceil(np.maximum(a, b) + reach) + 1, 0, size).astype(int)
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        y, x = np.mgrid[part].astype(np.float32)
        d = b - a
        t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / max(float(d @ d), 1e-6), 0, 1)
        q = np.hypot(x - a[0] - t * d[0], y - a[1] - t * d[1]) / (ra + (rb - ra) * t)
        np.maximum(height[part], np.sqrt(np.clip(1 - q * q, 0, 1)), out=height[part])


def _object(rng: np.random.Generator, hidden: Floats, face: Array, extent: float) -> Floats:
    """A rod, a ball or a slab."""
    size = hidden.shape[0]
    at = face[rng.integers(68)] + rng.normal(0, 0.12 * extent, 2)
    kind = rng.integers(3)
    if kind == 0:
        direction = rng.normal(0, 1, 2)
        direction /= np.linalg.norm(direction)
        height = np.zeros_like(hidden)
        r = extent * rng.uniform(0.02, 0.12)
        _limb(height, np.stack([at, at + direction * size * 1.5]), np.array([r, r]))
        hidden[:] = height > 0
        return np.asarray(np.clip(0.4 + 0.7 * height, 0, 1.1))
    if kind == 1:
        height = np.zeros_like(hidden)
        _limb(height, np.stack([at, at + 1e-3]), np.full(2, extent * rng.uniform(0.06, 0.25)))
        hidden[:] = height > 0
        return np.asarray(np.clip(0.4 + 0.7 * height, 0, 1.1))
    box = cv2.boxPoints(
        (
            (float(at[0]), float(at[1])),
            (extent * rng.uniform(0.1, 0.6), extent * rng.uniform(0.1, 0.5)),
            float(rng.uniform(0, 90)),
        )
    )
    cv2.fillPoly(hidden, [box.astype(np.int32)], 1.0)
    return np.full_like(hidden, rng.uniform(0.6, 1.1))


def frame_edges(rng: np.random.Generator, picture: Image, face: Array) -> Bools:
    """One picture in eight ends before the crop does: black, or its last row repeated, beyond one or two sides.

    Args:
        rng: random numbers.
        picture: ``(S, S, 3)`` uint8, drawn into.
        face: ``(68, 2)`` landmarks.

    Returns:
        ``(S, S)`` bool: what lies beyond the edge.
    """
    size = picture.shape[0]
    beyond = np.zeros((size, size), bool)
    if rng.random() > 0.13:
        return beyond
    low, high = face.min(0), face.max(0)
    margin = 0.12 * (high - low).max()
    repeat = rng.random() < 0.3
    for side in rng.choice(4, rng.integers(1, 3), replace=False):
        axis, far = side % 2, side >= 2
        limit = (size - 1 - high[axis]) if far else low[axis]
        width = int(rng.uniform(0.02 * size, max(limit + margin, 0.03 * size)))
        if width < 1 or width >= size // 2:
            continue
        view = picture.swapaxes(0, 1) if axis == 0 else picture
        view = view[::-1] if far else view
        view[:width] = view[width] if repeat else 0
        sides = beyond.T if axis == 0 else beyond
        (sides[::-1] if far else sides)[:width] = True
    return beyond
