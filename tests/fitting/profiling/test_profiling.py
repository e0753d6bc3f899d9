"""Face profiling: a drawn head turned by its picture against the same head drawn turned; crop sets; wrong input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from morph.cli import main
from morph.crop.face_crop import cut
from morph.crop.geometry import crop_similarity
from morph.datasets.crops import CropSet
from morph.datasets.published.labels_300w_lp import labels_to_coefficients
from morph.datasets.published.mat import read_face_mat
from morph.errors import MorphError
from morph.fitting.profiling.profiling import Profiler, head_yaw, turn_head
from morph.fitting.profiling.profiling_fill import fill_smoothly
from morph.fitting.profiling.profiling_set import ProfilingPlan
from morph.frames.picture import read_picture
from morph.model import Coefficients, Decoder, MorphableModel, landmark_decoder, load_default_model
from morph.model.rotation import euler_to_matrix
from morph.rendering.rasteriser import interpolate, rasterise

SIZE = 120
YAWS = (4.0, 22.0, -35.0)


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(1)


@pytest.fixture(scope="module")
def profiler(model: MorphableModel) -> Profiler:
    return Profiler(model)


def pose(model: MorphableModel, yaw: float, pitch: float = -8.0, roll: float = 6.0) -> Coefficients:
    """A face that fills the published crop."""
    rng = np.random.default_rng(int(yaw + 90))
    z = rng.normal(size=model.n_shape), 0.3 * rng.uniform(size=model.n_expression)
    rotation = turn_head(euler_to_matrix(np.radians([pitch, 0, roll])), np.radians(yaw))
    raw = Coefficients(*z, rotation, np.float64(0.5), np.array([60.0, 60.0]))
    return raw.transform(crop_similarity(landmark_decoder(model).project(raw)[:, :2], SIZE))


def draw(model: MorphableModel, coefficients: Coefficients) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """The head in colours that stay with its skin, before stripes; and where it is."""
    points = Decoder(model).project(coefficients)
    x, y, z = model.mean.T / 9.0
    colours = 140 + 60 * np.stack([np.sin(x) * np.cos(y), np.cos(y + 0.5 * z), np.sin(0.7 * x + 0.4 * z)], 1)
    fragments = rasterise(points, model.triangles, SIZE, SIZE)
    stripes = np.repeat(np.where(np.arange(SIZE) // 12 % 2, 40, 90)[None, :, None], SIZE, 0) * np.ones(3)
    picture = np.where(
        fragments.covered[..., None], interpolate(fragments, model.triangles, colours.astype(np.float32)), stripes
    )
    return cv2.GaussianBlur(picture, (0, 0), 0.6).astype(np.uint8), fragments.covered  # type: ignore[return-value]


def face_mask(points: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    hull = cv2.convexHull(points.round().astype(np.int32))
    return cv2.fillConvexPoly(np.zeros((SIZE, SIZE), np.uint8), hull, 1) > 0  # type: ignore[return-value]


@pytest.mark.parametrize(("yaw", "turn"), [(4.0, 30.0), (22.0, 30.0), (-35.0, -30.0), (22.0, 55.0)])
def test_a_turned_picture_is_that_of_the_turned_head(
    model: MorphableModel, profiler: Profiler, yaw: float, turn: float
) -> None:
    start = pose(model, yaw)
    picture, _ = draw(model, start)
    face = profiler.view(picture, start).turn(np.radians(turn), SIZE)
    turned = face.coefficients
    gained = head_yaw(turned.rotation) - head_yaw(start.rotation)
    assert np.degrees(gained) == pytest.approx(turn, abs=1e-3)
    np.testing.assert_array_equal(turned.shape, start.shape)
    np.testing.assert_array_equal(turned.expression, start.expression)
    np.testing.assert_allclose(
        np.linalg.inv(start.rotation) @ turned.rotation, turn_head(np.eye(3), np.radians(turn)), atol=1e-6
    )

    decoded = landmark_decoder(model).project(turned)[:, :2]
    np.testing.assert_allclose(face.landmarks, decoded, atol=0.1)
    low, high = decoded.min(0), decoded.max(0)
    np.testing.assert_allclose((low + high) / 2, (SIZE - 1) / 2, atol=0.1)
    assert np.sqrt(2) * (high - low).max() == pytest.approx(SIZE, abs=0.1)

    truth, head = draw(model, turned)
    inside = face_mask(decoded) & head
    error = np.abs(face.image.astype(float) - truth)[inside].mean()
    unturned = np.abs(picture.astype(float) - truth)[inside].mean()
    assert error < 0.25 * unturned
    assert error < 10


def test_no_turn_gives_the_picture_back(model: MorphableModel, profiler: Profiler) -> None:
    for yaw in YAWS:
        start = pose(model, yaw)
        picture, _ = draw(model, start)
        face = profiler.view(picture, start).turn(0.0, SIZE)
        points = landmark_decoder(model).project(start)[:, :2]
        again = cut(picture, crop_similarity(points, SIZE), SIZE, cv2.BORDER_REPLICATE)
        inside = face_mask(face.landmarks)
        assert np.abs(face.image.astype(float) - again)[inside].mean() < 2.5
        np.testing.assert_allclose(face.landmarks, points, atol=0.1)


@pytest.mark.parametrize("turn", [20.0, 50.0, 85.0])
def test_no_hole_opens(model: MorphableModel, profiler: Profiler, turn: float) -> None:
    picture = np.full((SIZE, SIZE, 3), 255, np.uint8)
    picture[0, 0] = 0  # what a pixel without a triangle would show
    face = profiler.view(picture, pose(model, 4.0)).turn(np.radians(turn), SIZE)
    assert (face.image[8:-8, 8:-8] > 250).all()


def test_hidden_points_are_those_of_the_far_side(model: MorphableModel, profiler: Profiler) -> None:
    picture, _ = draw(model, pose(model, 4.0))
    face = profiler.view(picture, pose(model, 4.0)).turn(np.radians(76.0), SIZE)
    assert not face.visibility[:5].any()  # positive yaw shows the subject's left, where the last jaw points are
    assert face.visibility[12:16].all()
    assert face.visibility[30]


def test_plan_turns_away_from_the_camera() -> None:
    yaw = np.array([0.0, 8.0, -30.0, 45.0, 70.0, -52.0])
    turns = ProfilingPlan(step=20).turns(yaw)
    reached = [(row, round(yaw[row] + turn)) for row, turn in turns]
    assert [to for row, to in reached if row == 0] == [-80, -60, -40, -20, 20, 40, 60, 80]
    assert sorted(to for row, to in reached if row == 1) == [-72, -52, -32, -12, 28, 48, 68, 88]
    assert sorted(to for row, to in reached if row == 2) == [-90, -70, -50]
    assert sorted(to for row, to in reached if row == 3) == [65, 85]
    assert not {4, 5} & {row for row, _ in reached}
    drawn = ProfilingPlan(min_yaw=40, count=400, seed=1).turns(yaw)
    assert drawn == ProfilingPlan(min_yaw=40, count=400, seed=1).turns(yaw)
    assert drawn != ProfilingPlan(min_yaw=40, count=400, seed=2).turns(yaw)
    rows = np.array([row for row, _ in drawn])
    assert np.bincount(rows, minlength=6).tolist() == [100, 100, 100, 100, 0, 0]
    to = yaw[rows] + np.array([turn for _, turn in drawn])
    assert np.abs(to).min() >= 40
    assert np.abs(to).max() <= 90
    assert ((to > 0) == (yaw[rows] > 0))[rows >= 2].all()
    assert np.histogram(np.abs(to), [40, 50, 60, 70, 80, 90])[0].min() > 40
    with pytest.raises(MorphError, match="`start_yaw=`"):
        ProfilingPlan(start_yaw=20).turns(np.array([60.0]))


def test_fill_is_even_between_what_is_known() -> None:
    wanted = np.stack(np.meshgrid(np.linspace(-3, 5, 41), np.linspace(0, 9, 33)), -1).astype(np.float32)
    known = np.zeros(wanted.shape[:2], bool)
    known[0] = known[-1] = known[:, 0] = known[:, -1] = True
    known[12:18, 20:25] = True
    values = np.where(known[..., None], wanted, np.float32(99))
    fill_smoothly(values, known)
    assert np.abs(values - wanted).max() < 0.2
    np.testing.assert_array_equal(values[known], wanted[known])


@pytest.fixture
def crops(tmp_path: Path, model: MorphableModel) -> Path:
    poses = [pose(model, yaw) for yaw in YAWS]
    labels = {
        name: np.stack([getattr(p, name) for p in poses])
        for name in ("shape", "expression", "rotation", "scale", "translation")
    }
    labels |= {
        "landmarks": np.stack([landmark_decoder(model).project(p)[:, :2] for p in poses]),
        "group": np.array([7, 7, 2**60]),
        "name": np.array(["a", "b", "folder/c"]),
    }
    meta = {"source": "drawn", "licence": "CC0-1.0", "model": {"name": model.name, "identity": model.identity}}
    CropSet(np.stack([draw(model, p)[0] for p in poses]), labels, meta).save(tmp_path / "in")
    return tmp_path / "in"


def test_crop_set_of_turned_faces(crops: Path, model: MorphableModel, capsys: pytest.CaptureFixture[str]) -> None:
    out = crops.parent / "out"
    assert main(["profile", str(crops), "--out", str(out), "--step", "25", "--mat"]) == 0
    text = capsys.readouterr().out
    assert "turned faces of 3 photographs" in text
    assert "300W-LP files in mat/" in text
    before, after = CropSet.open(crops), CropSet.open(out)
    after.verify()
    rows = after.labels["source_row"]
    assert np.bincount(rows).tolist() == [6, 2, 2]  # a frontal face goes to both sides
    np.testing.assert_array_equal(after.labels["group"], before.labels["group"][rows])
    np.testing.assert_array_equal(after.labels["shape"], before.labels["shape"][rows].astype(np.float32))
    assert after.meta["licence"] == "CC0-1.0"
    assert after.meta["source"] == "drawn"
    assert after.meta["model"] == before.meta["model"]
    assert after.meta["profiling"]["of"]["set"] == "in"
    assert after.images.shape == (10, SIZE, SIZE, 3)
    np.testing.assert_allclose(
        after.labels["landmarks"], landmark_decoder(model).project(after.coefficients)[..., :2], atol=0.1
    )
    assert (after.labels["landmark_weights"] == 1).all()
    reached = np.degrees(head_yaw(before.coefficients.rotation))[rows] + after.labels["yaw_turn_deg"]
    np.testing.assert_allclose(after.labels["yaw_deg"], reached, atol=0.01)
    assert len(set(after.labels["name"])) == 10
    assert after.labels["name"][-1].startswith("folder/c_")

    stem = after.labels["name"][-1].replace("/", "_")
    pair = read_face_mat(out / "mat" / f"{stem}.mat")
    back = labels_to_coefficients(model, [pair], [SIZE])
    np.testing.assert_allclose(landmark_decoder(model).project(back)[0, :, :2], after.labels["landmarks"][-1], atol=0.05)
    assert read_picture(out / "mat" / f"{stem}.jpg").shape == (SIZE, SIZE, 3)

    again = crops.parent / "again"
    assert main(["profile", str(crops), "--out", str(again), "--step", "25"]) == 0
    for name in ("images.npy", "labels.npz"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_a_face_outside_its_picture_is_left_out(crops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(crops / "labels.npz") as archive:
        labels = dict(archive)
    labels["translation"][1] += 900
    np.savez(crops / "labels.npz", **labels)
    out = crops.parent / "out"
    assert main(["profile", str(crops), "--out", str(out)]) == 2
    message = capsys.readouterr().err
    assert "b: its coefficients put the face outside the picture" in message
    assert message.count("\n") == 1
    assert not (out / "meta.json").exists()
    assert main(["profile", str(crops), "--out", str(out), "--max-bad", "0.5"]) == 0
    assert set(CropSet.open(out).labels["source_row"]) == {0, 2}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--out", "in"], "is the set that is turned"),
        (["--out", "taken"], "it is a file"),
        (["--step", "0"], "step of 0"),
        (["--min-yaw", "95"], "out of range"),
        (["--min-yaw", "85", "--max-yaw", "86", "--step", "40"], "widen"),
        (["--start-yaw", "1", "--both-ways", "1"], "--start-yaw"),
        (["--count", "0"], "cannot make 0 pictures"),
        (["--margin", "9"], "margin of 9"),
        (["--model", "nothing.npz"], "nothing.npz"),
        (["--processes", "0"], "workers 0"),
    ],
)
def test_wrong_input_is_one_line(
    crops: Path, arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(crops.parent)
    Path("taken").write_text("")
    assert main(["profile", "in", "--out", "out", *arguments]) == 2
    message = capsys.readouterr().err
    assert text in message
    assert message.count("\n") == 1
    assert not Path("out/meta.json").exists()


def test_a_set_that_cannot_be_turned_is_one_line(crops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(crops.parent / "out")

    def line() -> str:
        assert main(["profile", str(crops), "--out", out]) == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        return message

    meta = json.loads((crops / "meta.json").read_text())
    (crops / "meta.json").write_text(json.dumps({**meta, "model": {"name": "other", "identity": "1234"}}))
    assert "coefficients of model 'other' (1234)" in line()
    (crops / "meta.json").write_text(json.dumps(meta))
    with np.load(crops / "labels.npz") as archive:
        labels = dict(archive)
    np.savez(crops / "labels.npz", landmarks=labels["landmarks"])
    assert "fit a model to it with `morph fit`" in line()
    np.savez(crops / "labels.npz", **labels)
    assert main(["profile", str(crops), "--out", out, "--step", "30"]) == 0
    assert "holds another crop set" in line()
    (crops / "meta.json").unlink()
    assert "not a whole crop set" in line()


def test_odd_pictures_and_poses(model: MorphableModel, profiler: Profiler) -> None:
    start = pose(model, 0.0)
    with pytest.raises(MorphError, match=r"\(H, W, 3\) uint8"):
        profiler.view(np.zeros((5, 5), np.uint8), start)
    with pytest.raises(MorphError, match="not finite, or its scale"):
        profiler.view(np.zeros((9, 9, 3), np.uint8), replace(start, scale=np.float64(np.nan)))
    with pytest.raises(MorphError, match="one face"):
        profiler.view(np.zeros((9, 9, 3), np.uint8), Coefficients(*(np.asarray(v)[None] for v in vars(start).values())))
