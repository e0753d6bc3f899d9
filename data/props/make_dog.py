"""Makes the meshes of the dog: ``python data/props/make_dog.py`` writes ``viewer/props/dog/nose.glb`` and ``dog/ears.glb``.

Sizes are millimetres, in the frame of the default model's mean head.
"""

from __future__ import annotations

import numpy as np
from modelling import PROPS, Finish, Shape, blob, curve, sweep, write_glb

from morph.model import MorphableModel, load_default_model

BROWN, DARK, PINK = np.array([0.19, 0.085, 0.035]), np.array([0.075, 0.032, 0.016]), np.array([0.62, 0.28, 0.24])
FUR = Finish((1.0, 1.0, 1.0, 1.0), roughness=0.75)
WET = Finish((0.012, 0.011, 0.012, 1.0), roughness=0.30)


def nose(model: MorphableModel) -> dict[str, Shape]:
    """A wet nose over the tip of the wearer's, with two nostrils."""
    tip = model.mean[model.landmarks[30]].astype(np.float64)
    points, triangles = blob((0, 0, 0), (17.0, 13.0, 13.5), 0.85, 40, 64)
    points[:, 0] *= 1 + 0.02 * points[:, 1]  # broad above, narrow below
    for side in (-1, 1):
        off = np.hypot((points[:, 0] - side * 7.5) / 3.6, (points[:, 1] + 2.5) / 2.6)
        points[:, 2] -= 5.0 * np.exp(-(off**2)) * (points[:, 2] > 0)
    cleft = np.exp(-((points[:, 0] / 1.3) ** 2)) * (points[:, 1] < 1)
    points[:, 2] -= 1.6 * cleft * (points[:, 2] > 0)
    return {"nose": Shape(points + tip + np.array([0.0, -1.0, 0.5]), triangles, WET)}


def ears(model: MorphableModel) -> dict[str, Shape]:
    """Two ears that rise from the skull, fold over and hang."""
    scalp = model.mean[model.vertex_masks["scalp"] > 0.5].astype(np.float64)
    root = scalp[np.linalg.norm(scalp - np.array([52.0, 118.0, -50.0]), axis=1).argmin()]
    path = curve(
        root + np.array([[-9, -12, 0], [1, 12, 2], [20, 25, 5], [42, 18, 8], [54, -8, 10], [58, -40, 12], [57, -66, 14]]), 60
    )
    along = np.linspace(0, 1, len(path))
    wide = np.interp(along, [0, 0.2, 0.5, 0.75, 0.9, 0.96, 0.99, 1], [34, 44, 56, 50, 34, 22, 10, 3])
    thick = np.interp(along, [0, 0.2, 0.9, 1], [12, 8, 6, 3])
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    across = np.array([-0.55, 0.0, 0.85])  # the width runs backwards and out, so that the inside is seen from the front
    outer = np.cross(across, tangent)
    corners = 28
    points, triangles = sweep(path, outer, wide, thick, closed=False, corners=corners)
    outer /= np.linalg.norm(outer, axis=1, keepdims=True)
    ring = np.repeat(np.arange(len(path)), corners)
    offset = points[: len(ring)] - path[ring]
    side = np.sum(offset * outer[ring], axis=1) / (thick[ring] / 2)
    reach = np.linalg.norm(offset - side[:, None] * outer[ring] * thick[ring, None] / 2, axis=1) / (wide[ring] / 2)
    fur = BROWN + (DARK - BROWN) * np.clip(1.3 * along[ring] - 0.3, 0, 1)[:, None]
    inside = np.clip((-side - 0.3) / 0.3, 0, 1) * np.clip((0.8 - reach) / 0.15, 0, 1) * (along[ring] > 0.12)
    colours = fur + inside[:, None] * (PINK - fur)
    colours = np.concatenate([colours, BROWN[None], DARK[None]])
    left = Shape(points, triangles, FUR, colours)
    return {"left_ear": left, "right_ear": left.mirrored()}


def main() -> None:
    """Write the meshes beside their ``prop.yaml``."""
    model, folder = load_default_model(1), PROPS / "dog"
    write_glb(folder / "nose.glb", nose(model))
    write_glb(folder / "ears.glb", ears(model))


if __name__ == "__main__":
    main()
