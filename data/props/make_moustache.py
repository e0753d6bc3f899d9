"""Makes the moustache: ``python data/props/make_moustache.py`` writes ``left.glb`` and ``right.glb`` beside its ``prop.yaml``.

Two halves that hold on to their own side of the upper lip, so that each goes with its corner of the mouth. Sizes are
millimetres, in the frame of the default model's mean head.
"""

from __future__ import annotations

import numpy as np
from modelling import PROPS, Array, Finish, Shape, curve, sweep, write_glb

from morph.model import MorphableModel, load_default_model

HAIR = Finish((1.0, 1.0, 1.0, 1.0), roughness=0.7)
DARK, LIGHT = np.array([0.016, 0.008, 0.005]), np.array([0.140, 0.062, 0.028])
CORNERS, RINGS = 56, 90
PATH = [  # across, up, millimetres off the skin
    (-1.5, -25.8, 0.5),
    (5.0, -25.2, 2.0),
    (13.0, -27.4, 2.6),
    (22.0, -33.4, 3.2),
    (31.0, -39.5, 4.5),
    (39.5, -38.5, 7.0),
    (43.0, -31.0, 8.5),
    (39.5, -26.0, 8.5),
    (36.0, -28.5, 8.5),
]


def left_half(model: MorphableModel) -> Shape:
    """The half under the left nostril (+x): a twist of hair that ends in a curl."""
    mean = model.mean[model.vertex_masks["face"] > 0.5].astype(np.float64)

    def skin(x: float, y: float) -> float:
        """How far forward the face reaches about a place."""
        near = np.exp(-((mean[:, 0] - x) ** 2 + (mean[:, 1] - y) ** 2) / 18)
        return float(near @ mean[:, 2] / near.sum())

    path = curve([(x, y, skin(x, y) + off) for x, y, off in PATH], RINGS)
    along = np.linspace(0, 1, RINGS)
    tall = np.interp(along, [0, 0.08, 0.25, 0.45, 0.7, 0.9, 1], [7, 11.5, 13, 10, 5.5, 2.8, 0.8])
    deep = np.interp(along, [0, 0.08, 0.25, 0.45, 0.7, 0.9, 1], [6, 9.5, 10, 8, 5, 2.8, 0.8])
    points, triangles = sweep(path, np.array([0, 0, 1.0]), tall, deep, closed=False, corners=CORNERS)
    strand = strands(along)
    ring = np.repeat(np.arange(RINGS), CORNERS)
    grown = path[ring] + (points[: len(ring)] - path[ring]) * (0.90 + 0.16 * strand.ravel()[:, None])
    colours = DARK + strand.ravel()[:, None] ** 2 * (LIGHT - DARK)
    ends = [points[-2:], np.stack([DARK, LIGHT])]
    return Shape(np.concatenate([grown, ends[0]]), triangles, HAIR, np.concatenate([colours, ends[1]]))


def strands(along: Array, seed: int = 3) -> Array:
    """``(RINGS, CORNERS)`` in 0..1: bundles of hair that wind slowly round the twist."""
    rng = np.random.default_rng(seed)
    angle = np.arange(CORNERS) / CORNERS * 2 * np.pi
    out = np.zeros((len(along), CORNERS))
    for waves, wind, phase in zip(rng.integers(5, 17, 9), rng.uniform(-2.5, 4, 9), rng.uniform(0, 6.28, 9), strict=True):
        out += np.sin(waves * angle[None] + wind * along[:, None] * 3 + phase)
    return np.clip(0.5 + out / 7, 0, 1)


def main() -> None:
    """Write the meshes beside their ``prop.yaml``."""
    left, folder = left_half(load_default_model(1)), PROPS / "moustache"
    write_glb(folder / "left.glb", {"left": left})
    write_glb(folder / "right.glb", {"right": left.mirrored()})


if __name__ == "__main__":
    main()
