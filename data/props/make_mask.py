"""Makes the mask: ``python data/props/make_mask.py`` writes ``viewer/props/mask/mask.png``, a half mask for carnival.

Places are millimetres on the unrolled face, see :mod:`canvas`.
"""

from __future__ import annotations

import numpy as np
from canvas import Array, Canvas, inside, smooth
from modelling import PROPS

from morph.model import load_default_model

NIGHT, VELVET = (0.10, 0.05, 0.22), (0.34, 0.12, 0.52)
GOLD, SHINE, SHADE = (0.80, 0.58, 0.20), (1.0, 0.90, 0.60), (0.36, 0.22, 0.06)
RUBY, GLINT = (0.72, 0.04, 0.12), (1.0, 0.72, 0.72)
EDGE = [(0, 66), (8, 70), (22, 68), (42, 66), (60, 71), (80, 84), (82, 70), (78, 48), (72, 26), (60, 8), (46, -4)]
EDGE += [(32, -6), (22, -3), (16, -9), (8, -13), (0, -13)]
SCROLLS = [  # places, and width at the thick end
    ([(54, 46), (62, 54), (70, 66), (76, 76)], 2.2),
    ([(54, 46), (64, 48), (72, 56), (74, 64), (69, 64), (67, 59)], 1.8),
    ([(54, 22), (60, 24), (68, 32), (71, 42), (67, 45), (64, 41)], 1.8),
    ([(50, 8), (42, 4), (32, 4), (26, 10), (29, 14), (33, 11)], 1.8),
    ([(4, 40), (9, 52), (18, 60), (27, 60), (28, 55), (23, 54)], 1.8),
    ([(8, 56), (24, 64), (40, 61), (52, 60)], 1.4),
    ([(3, 28), (7, 14), (8, 2), (4, -4)], 1.6),
]


def half_mask(canvas: Canvas) -> None:
    """Paint the mask."""
    across, up = canvas.places.T
    edge = canvas.outline(np.concatenate([smooth(EDGE), [(-30, -13), (-30, 66)]]))
    eye = canvas.marks[42:48]  # inner corner, upper lid, outer corner, lower lid
    hole = np.add(eye, [(-5, -1.5), (-3, 7), (3, 8), (7, 1.5), (2, -7.5), (-4, -7)])
    opening = canvas.outline(smooth([*hole, hole[0]]))
    solid = np.maximum(edge, -opening)  # negative in the mask
    fade = np.clip((up + across * 0.5 - 10) / 90, 0, 1)[:, None]
    weave = 0.03 * np.sin(2.2 * (across + up)) * np.sin(2.2 * (across - up))
    canvas.lay(np.asarray(NIGHT) + fade * np.subtract(VELVET, NIGHT) + weave[:, None], inside(solid))
    for points, width in SCROLLS:
        line = smooth(points)
        gild(canvas, canvas.stroke(line, np.linspace(width, 0.7, len(line))), solid)
    for x in np.linspace(14, 74, 9):
        gild(canvas, canvas.disc((x, np.interp(x, *np.transpose(EDGE[:6])) - 5.2), (1.1, 1.1)), solid)
    gild(canvas, np.abs(solid + 1.5) - 1.5, solid)
    gem = np.abs(across) / 5.0 + np.abs(up - 52) / 9.0
    gild(canvas, (gem - 1.28) * 4.4, solid)
    light = np.clip(0.5 + (up - 52) / 14 - across / 9, 0, 1)[:, None]
    canvas.lay(np.asarray(RUBY) * (0.55 + 0.6 * light), inside((gem - 1) * 4.4))
    canvas.lay(GLINT, 0.8 * inside(canvas.disc((1.2, 55), (0.9, 1.8))))
    canvas.alpha = canvas.alpha * inside(solid) * np.clip(1 - 2 * canvas.masks["ears"], 0, 1)


def gild(canvas: Canvas, signed: Array, solid: Array) -> None:
    """Lay gold where a signed distance is negative, within the mask, lit from above like a raised bead."""
    across, up = canvas.places.T
    glitter = 0.5 + 0.5 * np.sin(0.33 * up + 0.21 * across)
    round_ = np.clip(-signed / 1.1, 0, 1)[:, None]
    colour = np.asarray(SHADE) + round_ * np.subtract(GOLD, SHADE)
    colour = colour + round_**2 * (0.75 * glitter**3)[:, None] * np.subtract(SHINE, GOLD)
    canvas.lay(colour, inside(signed) * inside(solid))


def main() -> None:
    """Write the texture beside its ``prop.yaml``."""
    canvas = Canvas(load_default_model(1))
    half_mask(canvas)
    canvas.write(PROPS / "mask" / "mask.png")


if __name__ == "__main__":
    main()
