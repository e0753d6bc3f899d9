"""Makes the horns: ``python data/props/make_horns.py`` writes ``viewer/props/horns/horns.glb``.

Sizes are millimetres, in the frame of the default model's mean head.
"""

from __future__ import annotations

import numpy as np
from modelling import PROPS, Array, Finish, Shape, curve, sweep, write_glb

from morph.model import MorphableModel, load_default_model

HORN = Finish((1.0, 1.0, 1.0, 1.0), roughness=0.38)
ROOT, MIDDLE, TIP = np.array([0.030, 0.012, 0.008]), np.array([0.24, 0.10, 0.05]), np.array([0.62, 0.47, 0.30])
ACROSS, UP = 35.0, 86.0  # where a horn leaves the forehead
PATH = [(-6, -9, -20), (0, 0, 0), (6, 13, 9), (14, 28, 13), (23, 44, 10), (29, 59, 0), (29, 71, -11)]
RINGS, CORNERS, GROOVES = 110, 28, 13


def horn(model: MorphableModel) -> Shape:
    """The left horn (+x): grooved, bent outwards and up; its root goes under the skin."""
    face = model.mean.astype(np.float64)
    face = face[face[:, 2] > -60]
    root = face[np.hypot(face[:, 0] - ACROSS, face[:, 1] - UP).argmin()]
    path = curve(root + np.asarray(PATH, np.float64), RINGS)
    along = np.linspace(0, 1, RINGS)
    width = np.interp(along, [0, 0.12, 0.19, 0.26, 0.4, 0.7, 0.92, 1], [34, 31, 26, 22.5, 18, 11, 4, 0.8])
    groove = grooves(along)
    points, triangles = sweep(
        path, np.array([0, 0.3, 1.0]), width * groove, 1.1 * width * groove, closed=False, corners=CORNERS
    )
    shade = np.repeat(along, CORNERS)[:, None]
    colours = ROOT + np.clip(shade / 0.5, 0, 1) * (MIDDLE - ROOT) + np.clip((shade - 0.45) / 0.5, 0, 1) * (TIP - MIDDLE)
    colours = colours * np.repeat(0.35 + 0.65 * (groove - groove.min()) / np.ptp(groove), CORNERS)[:, None]
    return Shape(points, triangles, HORN, np.concatenate([colours, ROOT[None], TIP[None]]))


def grooves(along: Array) -> Array:
    """``(N,)`` scale of the width: rings that fade towards the tip."""
    wave = np.abs(np.sin(np.pi * GROOVES * along**0.9)) ** 0.6
    return 1 - 0.11 * (1 - wave) * np.clip((0.85 - along) / 0.3, 0, 1)


def main() -> None:
    """Write the mesh beside its ``prop.yaml``."""
    left = horn(load_default_model(1))
    write_glb(PROPS / "horns" / "horns.glb", {"left_horn": left, "right_horn": left.mirrored()})


if __name__ == "__main__":
    main()
