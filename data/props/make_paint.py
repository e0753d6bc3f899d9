"""Makes the face paint: ``python data/props/make_paint.py`` writes ``viewer/props/paint/paint.png``, a tiger.

Places are millimetres on the unrolled face, see :mod:`canvas`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from canvas import Array, Canvas, inside, smooth
from modelling import PROPS

from morph.model import load_default_model

ORANGE, AMBER, ROSE = (0.93, 0.46, 0.08), (0.98, 0.66, 0.20), (0.55, 0.20, 0.20)
WHITE, BLACK = (0.97, 0.95, 0.91), (0.06, 0.05, 0.05)
FACE = [(-30, 97), (30, 94), (56, 82), (72, 62), (80, 36), (80, 4), (74, -28), (60, -58), (34, -80), (0, -90), (-30, -90)]
FOREHEAD = [  # strokes: places and widths
    ([(0, 62), (4, 67), (13, 72), (24, 74)], [5.0, 5.0, 4.0, 0.6]),
    ([(0, 73), (5, 78), (14, 82), (22, 83)], [4.6, 4.6, 3.4, 0.6]),
    ([(0, 84), (5, 88), (12, 91)], [4.0, 3.6, 0.6]),
    ([(26, 60), (36, 67), (46, 69)], [0.8, 4.0, 0.6]),
    ([(34, 74), (44, 76), (54, 72)], [0.6, 4.0, 1.0]),
]
CHEEK = [
    ([(82, 44), (70, 46), (60, 42)], [6.0, 5.0, 0.6]),
    ([(84, 24), (72, 22), (60, 24)], [7.0, 5.4, 0.6]),
    ([(84, 4), (70, 0), (56, 4), (48, 8)], [7.0, 6.0, 4.0, 0.6]),
    ([(80, -18), (66, -20), (54, -15), (46, -9)], [7.0, 6.0, 4.0, 0.6]),
    ([(70, -42), (58, -40), (48, -33)], [6.4, 5.2, 0.6]),
    ([(56, -62), (46, -59), (37, -52)], [5.6, 4.6, 0.6]),
]
WHISKERS = [(17, -27), (24, -25), (31, -24), (20, -33), (28, -32)]


def tiger(canvas: Canvas) -> None:
    """Paint a tiger."""
    marks = canvas.marks
    up = canvas.places[:, 1]
    ear, brow = marks[16, 0], marks[24, 1]
    face = canvas.outline(FACE)
    ruffled = face + 1.6 * np.sin(0.55 * canvas.places @ np.array([1.0, 1.7])) * (face > -8)
    warm = np.clip((up + 20) / 90, 0, 1)[:, None]
    canvas.lay(np.asarray(AMBER) + warm * (np.subtract(ORANGE, AMBER)), 0.92 * inside(ruffled, 5.0))
    eye = marks[42:48].mean(axis=0)
    white = [
        canvas.disc(np.add(eye, (3, 15)), (19, 9)),
        canvas.disc(np.add(eye, (3, -10)), (17, 7)),
        canvas.disc((15, -30), (20, 12.5)),
        canvas.disc((0, -68), (24, 13)),
        canvas.stroke([(46, -42), (64, -30), (72, -12)], [10, 12, 2]),
    ]
    canvas.lay(WHITE, 0.92 * inside(np.min(white, axis=0), 5.0) * inside(face + 2, 4.0))
    for points, widths in FOREHEAD + CHEEK:
        brush(canvas, np.multiply(points, (ear / 118.0, 1)), widths)
    lid = np.concatenate([marks[[42, 43, 44, 45]] + [(-2, -1), (0, 4.5), (0, 4.5), (3, 2)], [marks[45] + (17, 9)]])
    brush(canvas, lid, [2.0, 3.2, 3.4, 4.4, 0.6])
    brush(canvas, [marks[42] + (-1, -1), (13, 14), (16, 2)], [3.0, 2.6, 0.6])
    brush(canvas, [(14, brow - 6), (24, brow + 3), (44, brow + 1)], [0.8, 3.4, 0.6])
    nose = canvas.outline([(-20, 2), (9, 1), (13.5, -5), (11, -13), (4, -19), (-20, -20)])
    canvas.lay(ROSE, 0.95 * inside(nose, 1.2))
    canvas.lay(BLACK, 0.92 * inside(np.abs(nose + 0.6) - 0.9, 0.8))
    canvas.lay(BLACK, 0.92 * inside(canvas.stroke([(0, -19), (0, -31)], [2.4, 2.4]), 0.8))
    for place in WHISKERS:
        canvas.lay(BLACK, 0.92 * inside(canvas.disc(place, (1.5, 1.5)), 0.8))
    canvas.alpha = canvas.alpha * bare(canvas)


def brush(canvas: Canvas, points: npt.ArrayLike, widths: list[float]) -> None:
    """A black stroke through places, as wide at each of them as said."""
    line = smooth(points, 6)
    wide = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(widths)), widths)
    canvas.lay(BLACK, 0.93 * inside(canvas.stroke(line, wide), 1.0))


def bare(canvas: Canvas) -> Array:
    """``(N,)`` 1 where paint stays, 0 where it is left out: eyes, lips and the inside of mouth and ears."""
    eye = canvas.outline(canvas.marks[42:48])
    out = np.clip((eye - 1.2) / 1.6, 0, 1)
    for name in ("lips", "inner_mouth", "ears"):
        out = out * np.clip(1 - 1.6 * canvas.masks[name], 0, 1)
    return np.asarray(out)


def main() -> None:
    """Write the texture beside its ``prop.yaml``."""
    canvas = Canvas(load_default_model(1))
    tiger(canvas)
    canvas.write(PROPS / "paint" / "paint.png")


if __name__ == "__main__":
    main()
