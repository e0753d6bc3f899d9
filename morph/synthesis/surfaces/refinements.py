"""What the second engine adds: folds of expressions, lower lashes, the wet edge of the lower lid, lenses that refract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from morph.arrays import Array, Bools, Doubles, Floats, Indices
from morph.model.ibug68 import EYES, LEFT_LOWER_EDGE, RIGHT_LOWER_EDGE
from morph.synthesis.person.anatomy import Anatomy
from morph.synthesis.person.people import Person
from morph.synthesis.surfaces.pixels import MEAN, Pixels, Surface

VERTEX_DISTANCE = 0.014  # metres from a lens to the eye
CORNERS = (LEFT_LOWER_EDGE, RIGHT_LOWER_EDGE)  # from the outer corner


class Groove(NamedTuple):
    """A fold of the skin.

    Attributes:
        start: ``(2,)`` one end, on the mean seen from the front, mm.
        end: ``(2,)`` the other end.
        depth: mm.
        width: mm.
    """

    start: Doubles
    end: Doubles
    depth: float
    width: float


@dataclass(frozen=True, eq=False)
class Folds:
    """Folds of a person's skin: crow's feet, nasolabial folds and frown lines.

    Attributes:
        grooves: all of them.
        front: skin behind this z of the mean has none, mm.
    """

    grooves: list[Groove]
    front: float


def sample_folds(rng: np.random.Generator, anatomy: Anatomy, person: Person) -> Folds:
    """Draw folds as deep as age and expression ask for."""
    marks, w = anatomy.landmarks[:, :2].astype(np.float64), person.weights
    liking, aged = rng.uniform(0.5, 1.2, 3), 0.25 + 1.0 * person.age
    out = []
    for side, name in ((1.0, "Left"), (-1.0, "Right")):
        flip = np.array([side, 1.0])

        def at(mark: int, right: float, up: float, flip: Doubles = flip) -> Doubles:
            return np.asarray((marks[mark] * [1, 1] + [right, up]) * flip)  # marks of the left half, mirrored

        smile, squint = w.get(f"mouthSmile{name}", 0.0), w.get(f"eyeSquint{name}", 0.0)
        squint = max(squint, 0.8 * w.get(f"cheekSquint{name}", 0.0), 0.6 * smile)
        fold = (0.25 * person.age + 0.75 * max(smile, w.get(f"noseSneer{name}", 0.0))) * aged * liking[1]
        for angle in (-28, -5, 18):
            ray = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
            out.append(Groove(at(45, *(3.5 * ray)), at(45, *(14 * ray)), 0.5 * squint * aged * liking[0], 0.8))
        out.append(Groove(at(35, 3.5, 2.0), at(54, 7.0, 4.0), 1.3 * fold, 1.6))
        out.append(Groove(at(54, 7.0, 4.5), at(54, 7.5, -5.0), 0.9 * fold, 1.6))
        frown = w.get(f"browDown{name}", 0.0) * aged * liking[2]
        out.append(Groove(at(22, -4.0, -2.0), at(22, -5.0, 9.0), 0.9 * frown, 1.0))
    return Folds([groove for groove in out if groove.depth > 0.02], anatomy.landmarks[list(EYES), 2].min() - 15)


def fold_skin(folds: Folds, pixels: Pixels, rows: Indices, rotation: Array, surface: Surface) -> None:
    """Bend and darken skin along folds.

    Args:
        folds: of the person.
        pixels: of the head; the place on the mean is read.
        rows: ``(n,)`` which are skin.
        rotation: ``(3, 3)`` model to camera.
        surface: its bend is added to, its sky lowered.
    """
    place = pixels.table[rows, MEAN : MEAN + 3]
    front = place[:, 2] > folds.front
    for start, end, depth, width in folds.grooves:
        low, high = np.minimum(start, end) - 3 * width, np.maximum(start, end) + 3 * width
        near = np.flatnonzero(front & (place[:, :2] > low).all(1) & (place[:, :2] < high).all(1))
        along = end - start
        length = np.linalg.norm(along)
        along = along / length
        across = np.array([-along[1], along[0]])
        offset = place[near, :2] - start
        t, d = offset @ along / length, offset @ across
        fade = np.clip(np.minimum(t, 1 - t) / 0.25 + 0.4, 0, 1)
        inside = fade * np.exp(-0.5 * (d / width) ** 2)
        slope = -depth * d / width**2 * inside
        turned = rotation[:2, :2] @ across
        surface.bend[rows[near]] += (slope[:, None] * turned).astype(np.float32)
        surface.sky[rows[near]] *= (1 - min(0.6 * depth / width, 0.55) * inside).astype(np.float32)


def lower_lashes(rng: np.random.Generator, anatomy: Anatomy, vertices: Floats, person: Person) -> Floats:
    """Lower lashes of both eyes, ``(n, 4, 3)`` in the frame of the model: short, sparse, pointing down."""
    count, length = 14, rng.uniform(1.8, 3.0) if person.masculine else rng.uniform(2.4, 4.2)
    marks = vertices[anatomy.model.landmarks]
    out = []
    for corners, eye in zip(CORNERS, anatomy.eyes, strict=True):
        t = np.sort(rng.uniform(0.05, 0.8, count)) * 3
        root = np.stack([np.interp(t, np.arange(4), marks[list(corners)][:, c]) for c in range(3)], 1)
        root = root + 0.6 * np.sin(np.pi * (t / 3))[:, None] * np.array([0, -1.0, 0.3])
        direction = root - vertices[eye].mean(0)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        direction = direction + rng.normal(0, 0.1, (count, 3)) + np.array([0, -0.35, 0])
        s = np.linspace(0, 1, 4)[None, :, None]
        out.append(root[:, None] + length * (direction[:, None] * s + np.array([0, -0.25, 0]) * s**2))
    return np.concatenate(out).astype(np.float32)


def wet_edge(eye: Bools, up: Doubles, pixel: float) -> Floats:
    """Where tears stand on the lower lid's edge, ``(H, W)`` 0..1.

    Args:
        eye: ``(H, W)`` where eyeballs are seen.
        up: ``(2,)`` the head's up in the picture (x right, y down), not longer than 1.
        pixel: pixels a millimetre at the eyes.
    """
    cover = 1 - eye.astype(np.float32)
    shift = np.array([[1, 0, up[0] * 0.7 * pixel], [0, 1, up[1] * 0.7 * pixel]], np.float32)
    lid = cv2.warpAffine(cover, shift, cover.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(lid, np.float32) * eye


def refract(image: Floats, mask: Floats, middle: Doubles, power: float) -> None:
    """What lies behind a lens of ``power`` dioptres, larger or smaller about its middle.

    Args:
        image: ``(S, S, 3)``, changed.
        mask: ``(S, S)`` where the lens is, 0..1.
        middle: ``(2,)`` of the lens in pixels.
        power: below 0 for the short-sighted, whose eyes look smaller.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    shrink = 1 - VERTEX_DISTANCE * power
    y, x = np.mgrid[part].astype(np.float32)
    x, y = middle[0] + shrink * (x - middle[0]), middle[1] + shrink * (y - middle[1])
    seen = cv2.remap(image, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    image[part] += mask[part][..., None] * (np.asarray(seen, np.float32) - image[part])
