"""The default head model: names, counts, exact symmetry, landmarks, and shapes that do what their names say."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from morph.model import MorphableModel, load_default_model

ASSET = Path(__file__).parents[2] / "morph" / "assets" / "default_model.npz"
FLIP = np.array([-1.0, 1.0, 1.0], np.float32)
PAIRED = [
    "browDown",
    "browOuterUp",
    "cheekSquint",
    "eyeBlink",
    "eyeLookDown",
    "eyeLookIn",
    "eyeLookOut",
    "eyeLookUp",
    "eyeSquint",
    "eyeWide",
    "mouthDimple",
    "mouthFrown",
    "mouthLowerDown",
    "mouthPress",
    "mouthSmile",
    "mouthStretch",
    "mouthUpperUp",
    "noseSneer",
]
SINGLE = [
    "browInnerUp",
    "cheekPuff",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthFunnel",
    "mouthLeft",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "tongueOut",
]
ARKIT = sorted([f"{name}{side}" for name in PAIRED for side in ("Left", "Right")] + SINGLE)
IBUG_PAIRS = (
    [(i, 16 - i) for i in range(8)]
    + [(i, 43 - i) for i in range(17, 22)]
    + [(31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    + [(48, 54), (49, 53), (50, 52), (59, 55), (58, 56), (60, 64), (61, 63), (67, 65)]
)
MIDLINE = [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
UPPER_LIDS, LOWER_LIDS = [37, 38, 43, 44], [41, 40, 47, 46]


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


def offsets(model: MorphableModel, name: str) -> np.ndarray:
    return model.expression_basis[:, :, model.expression_names.index(name)]


def part(model: MorphableModel, region: str) -> np.ndarray:
    return np.unique(model.triangles[model.regions == model.region_names.index(region)])


def identities(model: MorphableModel, n: int) -> np.ndarray:
    scores = np.random.default_rng(7).normal(size=(n, model.n_shape)).astype(np.float32)
    return model.mean + np.einsum("vcs,ns->nvc", model.shape_basis, scores)


def mirrored(name: str) -> str:
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one):
            return name.removesuffix(one) + other
    return name


def test_names_counts_and_licence(model: MorphableModel) -> None:
    assert (model.unit, model.licence) == ("mm", "CC0-1.0")
    assert list(model.expression_names) == ARKIT
    assert len(ARKIT) == 52
    assert model.n_shape == 80
    assert model.region_names == ("skin", "left_eye", "right_eye", "upper_teeth", "lower_teeth", "tongue")
    assert {"lips", "ears", "inner_mouth", "face", "scalp", "neck", "eyelids"} <= set(model.vertex_masks)
    assert ASSET.stat().st_size <= 5_000_000


@pytest.mark.parametrize(("level", "vertices"), [(0, 4054), (1, 16005), (2, 63619)])
def test_levels(level: int, vertices: int) -> None:
    fine = load_default_model(level)
    assert fine.n_vertices == vertices
    assert fine.identity == load_default_model(0).identity
    for array in (fine.mean, fine.shape_basis, fine.expression_basis, fine.uv):
        assert np.isfinite(array).all()
    assert fine.uv.min() >= 0
    assert fine.uv.max() <= 1
    assert all(mask.min() >= 0 and mask.max() <= 1 for mask in fine.vertex_masks.values())


def test_subdividing_costs_no_more_than_a_few_readings_of_the_file() -> None:
    load_default_model(1)  # what it imports is loaded
    reading, subdividing = [], []
    for _ in range(3):
        load_default_model.cache_clear()
        start = time.thread_time()
        load_default_model(0)
        middle = time.thread_time()
        load_default_model(1)
        reading.append(middle - start)
        subdividing.append(time.thread_time() - middle)
    assert min(subdividing) < 8 * min(reading)


def test_every_triangle_and_vertex_is_used(model: MorphableModel) -> None:
    assert len(np.unique(model.triangles)) == model.n_vertices
    assert len(np.unique(model.uv_triangles)) == len(model.uv)
    corners = model.mean[model.triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    assert area.min() > 1e-3
    flat = model.uv[model.uv_triangles]
    across = np.abs(np.linalg.det(np.stack([flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]], axis=1)))
    assert (across > 1e-9).mean() > 0.999


def test_triangles_face_outwards(model: MorphableModel) -> None:
    for region in model.region_names[1:3]:
        centre = model.mean[part(model, region)].mean(axis=0)
        corners = model.mean[model.triangles[model.regions == model.region_names.index(region)]]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert (np.einsum("fi,fi->f", normals, corners.mean(axis=1) - centre) > 0).all()
    tip = model.triangles[(model.triangles == model.landmarks[30]).any(axis=1)]
    corners = model.mean[tip]
    assert np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2].mean() > 0


def test_no_edge_is_shared_by_more_than_two_faces(model: MorphableModel) -> None:
    edges = np.sort(model.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    assert count.max() == 2


@pytest.mark.parametrize("level", [0, 1])
def test_symmetry(level: int) -> None:
    fine = load_default_model(level)
    mirror = fine.vertex_mirror
    assert np.array_equal(mirror[mirror], np.arange(fine.n_vertices))
    tolerance = 0 if level == 0 else 1e-4  # sums of a subdivided vertex run in another order on the other side
    assert np.abs(fine.mean[mirror] * FLIP - fine.mean).max() <= tolerance
    assert set(np.unique(fine.shape_mirror)) == {-1.0, 1.0}
    image = fine.shape_basis[mirror] * FLIP[:, None] * fine.shape_mirror
    assert np.abs(image - fine.shape_basis).max() <= tolerance
    partner = [fine.expression_names.index(mirrored(name)) for name in fine.expression_names]
    for name in ("jawLeft", "mouthLeft"):
        assert fine.expression_names[partner[fine.expression_names.index(name)]] == name.replace("Left", "Right")
    image = (fine.expression_basis[mirror] * FLIP[:, None])[:, :, partner]
    assert np.abs(image - fine.expression_basis).max() <= tolerance


@pytest.mark.parametrize("level", [0, 1])
def test_landmarks_are_symmetric_and_in_order(level: int) -> None:
    fine = load_default_model(level)
    marks = fine.landmarks
    assert len(set(marks.tolist())) == 68
    for one, other in IBUG_PAIRS:
        assert fine.vertex_mirror[marks[one]] == marks[other]
    assert np.array_equal(fine.vertex_mirror[marks[MIDLINE]], marks[MIDLINE])
    assert set(marks.tolist()) <= set(part(fine, "skin").tolist())
    x, y, z = fine.mean[marks].T
    for row in (range(6, 11), range(17, 27), range(31, 36), range(48, 55), [36, 37, 38, 39, 42, 43, 44, 45], range(60, 65)):
        assert (np.diff(x[list(row)]) > 0).all()
    assert (np.diff(y[:9]) < 0).all()
    assert (np.diff(y[27:31]) < 0).all()
    assert z.argmax() == 30
    assert y[51] < min(y[50], y[52])  # Cupid's bow
    assert (y[[19, 24]] > y[[37, 44]] + 12).all()
    assert abs(y[0] - y[36]) < 5


def test_size_and_origin(model: MorphableModel) -> None:
    eyes = [model.mean[part(model, side)].mean(axis=0) for side in ("left_eye", "right_eye")]
    assert eyes[0][0] - eyes[1][0] == pytest.approx(63.0, abs=0.1)  # the left eye is at +x
    head = model.mean[model.mean[:, 1] > model.mean[model.landmarks[8], 1]]
    assert 210 < np.ptp(head[:, 1]) < 260  # chin to crown of an adult, mm
    face = model.mean[model.vertex_masks["face"] > 0.5]
    assert np.abs(face.mean(axis=0)).max() < 1.0
    assert face[:, 2].max() > 20


def test_shape_modes_are_sorted_and_plausible(model: MorphableModel) -> None:
    assert np.array_equal(model.shape_std, np.ones(80, np.float32))
    face = model.vertex_masks["face"] > 0.5
    rms = np.sqrt(np.square(model.shape_basis[face]).sum(axis=1).mean(axis=0))
    assert 1.0 < rms[0] < 4.0
    assert rms[-1] < 0.15 * rms[0]
    assert 5 <= (model.shape_mirror < 0).sum() <= 30
    spread = identities(model, 200)[:, face].std(axis=0)
    assert 1.5 < np.sqrt(np.square(spread).sum(axis=1).mean()) < 6.0


def test_modes_are_independent_and_scaled(model: MorphableModel) -> None:
    assert ((model.expression_std >= 0.2) & (model.expression_std <= 0.4)).all()
    gram = np.einsum("vcs,vct->st", model.shape_basis.astype(np.float64), model.shape_basis.astype(np.float64))
    assert np.linalg.cond(gram) < 1e5  # no mode repeats another


def lid_gaps(vertices: np.ndarray, model: MorphableModel) -> np.ndarray:
    margin = load_default_model(0).landmarks  # vertices of the lids' margins at every level
    return vertices[:, margin[UPPER_LIDS], 1] - vertices[:, margin[LOWER_LIDS], 1]


@pytest.mark.parametrize("level", [0, 1])
def test_blink_closes_every_eye(level: int) -> None:
    fine = load_default_model(level)
    heads = np.concatenate([fine.mean[None], identities(fine, 20)])
    closed = heads + offsets(fine, "eyeBlinkLeft") + offsets(fine, "eyeBlinkRight")
    ratio = lid_gaps(closed, fine) / lid_gaps(heads, fine)
    assert ratio.max() < 0.15
    assert ratio.min() > -0.4


def test_closed_lids_lie_in_front_of_the_eyeball(model: MorphableModel) -> None:
    for vertices in np.concatenate([model.mean[None], identities(model, 20)]) + offsets(model, "eyeBlinkLeft"):
        ball = vertices[part(model, "left_eye")]
        design = np.concatenate([2 * ball, np.ones((len(ball), 1))], axis=1)
        *centre, rest = np.linalg.lstsq(design, np.square(ball).sum(axis=1), rcond=None)[0]
        radius = np.sqrt(rest + np.dot(centre, centre))
        lids = vertices[model.landmarks[[43, 44]]]
        assert (np.linalg.norm(lids - centre, axis=1) > radius).all()


def test_sides_are_the_subjects(model: MorphableModel) -> None:
    for name in ("eyeBlink", "mouthSmile", "browDown", "cheekSquint"):
        moved = np.linalg.norm(offsets(model, f"{name}Left"), axis=1)
        assert (moved * model.mean[:, 0]).sum() / moved.sum() > 5  # +x is the subject's left
    assert offsets(model, "jawLeft")[model.landmarks[8], 0] > 3
    assert offsets(model, "mouthRight")[model.landmarks[51], 0] < -3


def test_eyeballs_turn_and_keep_their_size(model: MorphableModel) -> None:
    rows = part(model, "left_eye")
    front = rows[model.mean[rows, 2].argmax()]
    expected = {"Up": (1, 1), "Down": (1, -1), "In": (0, -1), "Out": (0, 1)}
    for way, (axis, sign) in expected.items():
        move = offsets(model, f"eyeLook{way}Left")
        assert sign * move[front, axis] > 5.0
        assert np.abs(move[part(model, "right_eye")]).max() == 0
        before = np.linalg.norm(model.mean[rows][:, None] - model.mean[rows], axis=-1)
        turned = (model.mean + move)[rows]
        assert np.allclose(np.linalg.norm(turned[:, None] - turned, axis=-1), before, atol=0.05)


def test_jaw_opens_wide_with_its_teeth_and_tongue(model: MorphableModel) -> None:
    move = offsets(model, "jawOpen")
    opened = model.mean + move
    assert opened[model.landmarks[62], 1] - opened[model.landmarks[66], 1] > 25
    assert move[part(model, "lower_teeth"), 1].mean() < -10
    assert move[part(model, "tongue"), 1].mean() < -10
    assert np.abs(move[part(model, "upper_teeth")]).max() == 0
    shut = opened + offsets(model, "mouthClose")
    assert abs(shut[model.landmarks[62], 1] - shut[model.landmarks[66], 1]) < 4


def test_lips_meet_and_cover_the_teeth(model: MorphableModel) -> None:
    for vertices in np.concatenate([model.mean[None], identities(model, 20)]):
        gap = vertices[model.landmarks[62], 1] - vertices[model.landmarks[66], 1]
        assert -1.5 < gap < 1.5
        teeth = vertices[np.concatenate([part(model, "upper_teeth"), part(model, "lower_teeth")])]
        assert teeth[:, 2].max() < vertices[model.landmarks[[62, 66]], 2].min() - 2


def test_identity_hardly_opens_eyes_or_lips(model: MorphableModel) -> None:
    heads = identities(model, 200)
    gaps = lid_gaps(heads, model)
    assert (gaps.std(axis=0) < 0.1 * gaps.mean(axis=0)).all()
