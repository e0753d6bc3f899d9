"""A small face that is symmetric about x = 0, with modes of every kind of symmetry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from morph.model import MorphableModel
from morph.model.subdivision import quads_to_triangles

JAW_AND_BROWS = [*range(16, -1, -1), *range(26, 16, -1)]
NOSE_AND_EYES = [27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
MOUTH = [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
MIRROR_68 = np.array([*JAW_AND_BROWS, *NOSE_AND_EYES, *MOUTH])


def sketch() -> npt.NDArray[np.float64]:
    """68 points of a frontal face in mm, y up, symmetric."""
    jaw = [(-70 * np.cos(a), -80 * np.sin(a)) for a in np.linspace(0, np.pi, 17)]
    brow = [(-55, 40), (-46, 46), (-36, 48), (-27, 47), (-18, 44)]
    bridge = [(0, 28), (0, 16), (0, 4), (0, -8)]
    nostrils = [(-14, -18), (-7, -20), (0, -21)]
    eye = [(-44, 26), (-37, 31), (-28, 31), (-20, 26), (-28, 22), (-37, 22)]
    lips = [(-26, -42), (-16, -36), (-6, -33), (0, -34)], [(0, -52), (-8, -51), (-17, -47)]
    inner = [(-22, -42), (-8, -40), (0, -40)], [(0, -44), (-8, -44)]
    points = np.zeros((68, 2))
    for start, part in ((0, jaw), (17, brow), (27, bridge), (31, nostrils), (36, eye)):
        points[start : start + len(part)] = part
    points[48:52], points[57:60] = lips
    points[60:63], points[66:68] = inner
    for here, there in enumerate(MIRROR_68):
        if points[there].any() and not points[here].any():
            points[here] = points[there] * (-1, 1)
    return points


@pytest.fixture(scope="session")
def mirror_68() -> npt.NDArray[np.int64]:
    """The iBUG point on the other side of the face, for each of the 68."""
    return MIRROR_68


@pytest.fixture(scope="session")
def sketch_model() -> MorphableModel:
    """15 × 19 vertices in mm: 6 shape modes, half of them symmetric, and 5 named expressions."""
    rng = np.random.default_rng(7)
    xs, ys = np.linspace(-77, 77, 15), np.linspace(-95, 75, 19)
    x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
    z = 70 - x**2 / 90 - y**2 / 220 + 25 * np.exp(-(x**2) / 200 - (y + 8) ** 2 / 300)
    mean = np.stack([x, y, z], axis=1)
    index = np.arange(15 * 19).reshape(19, 15)
    partner = index[:, ::-1].ravel()
    flip = np.array([-1.0, 1.0, 1.0])[:, None]

    def field() -> npt.NDArray[np.float64]:
        frequency, phase = rng.normal(scale=0.03, size=(2, 3)), rng.uniform(0, 6, 3)
        return np.sin(mean[:, :2] @ frequency + phase)

    fields = np.stack([field() for _ in range(6)], axis=2)
    shape = fields + np.array([1, 1, 1, -1, -1, -1]) * flip * fields[partner]
    one, two, three = (field()[:, :, None] for _ in range(3))
    expression = np.concatenate([one + flip * one[partner], two, flip * two[partner], three, flip * three[partner]], axis=2)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    points = sketch()
    landmarks = ((points[:, None] - mean[None, :, :2]) ** 2).sum(-1).argmin(1)
    left = np.arange(68) > MIRROR_68
    landmarks[left] = partner[landmarks[MIRROR_68[left]]]
    triangles, _ = quads_to_triangles(quads.astype(np.int32))
    return MorphableModel(
        name="toy",
        unit="mm",
        licence="CC0",
        mean=mean,
        shape_basis=shape,
        expression_basis=expression,
        shape_std=np.array([3.0, 2.0, 1.5, 3.0, 1.0, 0.5]),
        expression_std=np.array([4.0, 2.0, 2.0, 1.0, 1.0]),
        triangles=triangles,
        landmarks=landmarks,
        expression_names=("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthLeft", "mouthRight"),
        uv=(mean[:, :2] + 100) / 200,
        uv_triangles=triangles,
        quads=quads,
        uv_quads=quads,
        regions=np.zeros(len(triangles), int),
        region_names=("skin",),
        vertex_mirror=partner,
        vertex_masks={"lower": (mean[:, 1] < 0).astype(np.float32)},
    )


@pytest.fixture
def random_coefficients(sketch_model: MorphableModel):
    """A function from a batch shape to Coefficients of the toy model in a 200-pixel picture."""
    from morph.model import Coefficients
    from morph.model.rotation import euler_to_matrix

    def make(*batch: int, seed: int = 0) -> Coefficients:
        rng = np.random.default_rng(seed)
        return Coefficients(
            rng.normal(size=(*batch, sketch_model.n_shape)),
            rng.normal(size=(*batch, sketch_model.n_expression)),
            euler_to_matrix(rng.uniform(-1.2, 1.2, (*batch, 3))),
            rng.uniform(0.5, 1.5, batch),
            rng.uniform(50, 150, (*batch, 2)),
        )

    return make
