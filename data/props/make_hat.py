"""Makes the mesh of the hat: ``python data/props/make_hat.py`` writes ``viewer/props/hat/hat.glb``.

Sizes are millimetres, in the frame of the default model's mean head.
"""

from __future__ import annotations

import numpy as np
from modelling import PROPS, Array, Finish, Shape, grid_triangles, write_glb

from morph.model import MorphableModel, load_default_model

FELT = Finish((0.085, 0.060, 0.042, 1.0), roughness=0.85)
RIBBON = Finish((0.012, 0.011, 0.013, 1.0), roughness=0.45)
COLUMNS, LINE = 96, 72.0  # points around; height above the model's origin at which the brim meets the head


def hat(model: MorphableModel) -> dict[str, Shape]:
    """A felt hat with a ribbon: crown, brim and band, as wide as the skull where the brim meets it."""
    skull = model.mean[(model.vertex_masks["scalp"] > 0.3) | (model.vertex_masks["face"] > 0.5)].astype(np.float64)
    ring = skull[np.abs(skull[:, 1] - LINE) < 8]
    width = np.abs(ring[:, 0]).max() + 4.0
    front, back = ring[:, 2].max() + 4.0, ring[:, 2].min() - 4.0
    middle, depth = 0.5 * (front + back), 0.5 * (front - back)
    top = skull[:, 1].max() + 14.0 - LINE
    angle = np.arange(COLUMNS) / COLUMNS * 2 * np.pi
    c, s = np.cos(angle), np.sin(angle)

    def rings(profile: list[tuple[float, float, float]]) -> Array:
        """Rings of ``(scale, added width, height)``; the brim turns up at the sides, and all leans back a little."""
        out = []
        for scale, more, height in profile:
            x, z = (width * scale + more) * s, (depth * scale + more) * c
            y = height + np.where(more > 1, 0.006 * more**2 * s**2 - 0.0035 * more**2 * np.maximum(c, 0), 0.0)
            dent = 14.0 * np.exp(-((x / 20) ** 2)) * np.clip((0.75 - scale) / 0.5, 0, 1) * (height > 50)
            out.append(np.stack([x, LINE + y - dent + 0.06 * z, middle + z], axis=1))
        return np.concatenate(out)

    crown = [(1.0, 0.0, 0.0), (0.995, 0, 20), (0.97, 0, 40), (0.93, 0, 60), (0.88, 0, top - 8), (0.84, 0, top - 2)]
    crown += [(0.78, 0, top), (0.6, 0, top + 0.5), (0.4, 0, top + 0.5), (0.2, 0, top + 0.5), (0.01, 0, top + 0.5)]
    # the brim is one ring after another from the head outwards below, and back above
    out = [0.0, 10.0, 20.0, 30.0, 40.0, 47.0]
    brim = [(0.99, more, -1.2) for more in out] + [(0.99, 48.5, 0.0)] + [(0.99, more, 1.2) for more in reversed(out)]
    band = [(1.0, 0.6, 1.0), (1.0, 1.2, 1.5), (0.999, 1.2, 18), (0.998, 0.6, 18.6)]
    made = {"crown": (crown, FELT), "brim": (brim, FELT), "band": (band, RIBBON)}
    return {
        name: Shape(rings(profile), grid_triangles(len(profile), COLUMNS), finish) for name, (profile, finish) in made.items()
    }


def main() -> None:
    """Write the mesh beside its ``prop.yaml``."""
    write_glb(PROPS / "hat" / "hat.glb", hat(load_default_model(1)))


if __name__ == "__main__":
    main()
