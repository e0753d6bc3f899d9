"""Makes the mesh of the glasses: ``python data/props/make_glasses.py`` writes ``viewer/props/glasses/glasses.glb``.

All sizes are millimetres, in the frame of the default model's mean head, from which the places of eyes, temples and ears
are taken.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from modelling import PROPS, Finish, Shape, curve, disc, sweep, write_glb

from morph.model import MorphableModel, load_default_model

Array = npt.NDArray[np.float64]
LENS_WIDTH, LENS_HEIGHT, BRIDGE = 50.0, 38.0, 17.0
RIM = 3.2
FRAME = Finish((0.012, 0.010, 0.010, 1.0), roughness=0.28)
GLASS = Finish((0.05, 0.07, 0.06, 0.22), roughness=0.42, glass=True)


def outline(count: int) -> Array:
    """``(count, 2)`` edge of a lens about its middle, anticlockwise; the outer (+x) upper corner is the squarest."""
    angle = np.arange(count) / count * 2 * np.pi
    x, y = np.cos(angle), np.sin(angle)
    power = 2 / 3.0
    x, y = np.sign(x) * np.abs(x) ** power, np.sign(y) * np.abs(y) ** power
    x = x * (1 + 0.05 * y)
    y = y * (1 - 0.04 * x) + 0.05 * x * (y > 0)
    return np.stack([x * LENS_WIDTH / 2, y * LENS_HEIGHT / 2], axis=1)


def glasses(model: MorphableModel) -> dict[str, Shape]:
    """Pieces by name, in the frame of the model's mean."""
    mean = model.mean.astype(np.float64)
    marks = mean[model.landmarks]
    eye_y = 0.5 * (marks[36:42, 1].mean() + marks[42:48, 1].mean())
    middle = np.array([(BRIDGE + LENS_WIDTH) / 2, eye_y - 1.5])
    front = max(marks[[36, 39, 42, 45], 2].mean() + 15.5, marks[17:27, 2].max() + 2.5, marks[27, 2] + 3.0)

    def bend(points: Array, lift: float = 0.0) -> Array:
        """The front is bent round the face."""
        return np.stack([points[:, 0], points[:, 1], front + lift - 0.0022 * points[:, 0] ** 2], axis=1)

    ears = mean[(model.vertex_masks["ears"] > 0.5) & (mean[:, 0] > 0)]
    ear = ears[ears[:, 1].argmax()]
    beside = np.abs(mean[(np.abs(mean[:, 1] - ear[1]) < 5) & (np.abs(mean[:, 2] - 0.5 * (front + ear[2])) < 25)][:, 0]).max()
    edge = outline(72) + middle
    corner = edge[(edge[:, 0] + edge[:, 1]).argmax()]
    hinge = np.array([beside + 0.5, ear[1] - 0.5, front - 13.0])
    start = bend(np.array([[corner[0] - 1.0, corner[1] - 4.0]]))[0]
    path = [
        start,
        0.5 * (start + hinge) + np.array([1.5, 0.0, 3.0]),
        hinge,
        [0.5 * (beside + ear[0]), ear[1] + 1.0, 0.5 * (hinge[2] + ear[2])],
        [ear[0] - 4.0, ear[1] + 2.6, ear[2] + 3.0],
        [ear[0] - 6.0, ear[1] - 0.5, ear[2] - 6.0],
        [ear[0] - 9.5, ear[1] - 14.0, ear[2] - 14.0],
        [ear[0] - 11.5, ear[1] - 28.0, ear[2] - 18.0],
    ]
    flat, lens = disc(outline(48) * 0.97 + middle, 6)
    along = np.linspace(0, 1, 40)
    thick = np.interp(along, [0, 0.15, 0.3, 1], [3.4, 3.0, 2.4, 2.8])
    tall = np.interp(along, [0, 0.15, 0.6, 0.8, 1], [7.0, 6.0, 4.0, 4.0, 5.0])
    left = {
        "rim": Shape(*sweep(bend(edge), np.array([0, 0, 1.0]), RIM, 3.6, closed=True), FRAME),
        "lens": Shape(bend(flat, -0.2), lens, GLASS),
        "temple": Shape(*sweep(curve(path, 40), np.array([0, 1.0, 0.25]), thick, tall, closed=False), FRAME),
    }
    pieces = {f"left_{name}": shape for name, shape in left.items()}
    pieces |= {f"right_{name}": shape.mirrored() for name, shape in left.items()}
    high = middle[1] + LENS_HEIGHT * 0.24
    arch = curve([[-BRIDGE / 2 - 0.4, high, 0], [0, high + 2.6, 0], [BRIDGE / 2 + 0.4, high, 0]], 17)
    pieces["bridge"] = Shape(*sweep(bend(arch[:, :2], 0.4), np.array([0, 1.0, 0]), 3.2, 4.4, closed=False), FRAME)
    return pieces


def main() -> None:
    """Write the mesh beside its ``prop.yaml``."""
    write_glb(PROPS / "glasses" / "glasses.glb", glasses(load_default_model(1)))


if __name__ == "__main__":
    main()
