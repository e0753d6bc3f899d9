"""A regressor on the benchmark: crops, flips, pose, shape, weights; with faces of a toy model whose truth is known."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from face_pairs import PICTURE, as_mat, dot, toy_coefficients, write_pairs
from standins import sheet_model, write_weights
from toy import toy_model

from morph.cli import main
from morph.crop.face_crop import box_of, crop_of_box, cut, turned
from morph.crop.geometry import apply_affine, box_to_crop, invert_affine
from morph.crop.roll import LEAN, lean, next_turn
from morph.datasets.published.aflw2000 import Aflw2000, open_aflw2000
from morph.errors import MorphError
from morph.evaluation.aflw2000.crops import cut_benchmark
from morph.evaluation.aflw2000.evaluator import Aflw2000Evaluator, nearest_similarities, predict_flat
from morph.evaluation.aflw2000.sheet import Grid, write_sheet
from morph.evaluation.aflw2000.weights import open_weights
from morph.evaluation.aflw2000.whole_picture import track_benchmark
from morph.inference.face_reader import FaceReader
from morph.model import Coefficients, Decoder, landmark_decoder, model_symmetry
from morph.tracking.face import Face

N = 7


@pytest.fixture
def benchmark(tmp_path: Path) -> Aflw2000:
    """Seven faces in the packed layout; labels count pixels from 1, square boxes."""
    model = toy_model()
    names = [f"image{i:05d}" for i in range(N)]
    faces = write_pairs(tmp_path / "AFLW2000", model, names)
    points = np.stack([as_mat(model, faces[i])["pt3d_68"] for i in range(N)]).astype(np.float32)
    low, high = points[:, :2].min(2), points[:, :2].max(2)
    centre, half = (low + high) / 2, np.round((high - low).max(1) / np.sqrt(2))[:, None]
    np.savez(
        tmp_path / "AFLW2000_labels.npz",
        names=np.array([f"{name}.jpg" for name in names]),
        pts68_original=points,
        pts68_reannotated=points[:, :2] - 1,
        yaw_deg=np.linspace(-80, 80, N).astype(np.float32),
        roi_box=np.round(np.concatenate([centre - half, centre - half], 1)).astype(np.float32)
        + np.concatenate([np.zeros((N, 2)), np.repeat(2 * half, 2, 1)], 1).astype(np.float32),
    )
    return open_aflw2000(tmp_path)


class Oracle:
    """Knows the truth of each crop by its pixels."""

    def __init__(self, evaluator: Aflw2000Evaluator) -> None:
        truth = toy_coefficients(toy_model(), N).transform(evaluator.crops.matrices)
        mirrored = truth.mirror(model_symmetry(toy_model()), evaluator.size)
        images = evaluator.crops.images
        self.known = {image.tobytes(): flat for image, flat in zip(images, truth.flatten(), strict=True)}
        self.known |= {i[:, ::-1].tobytes(): flat for i, flat in zip(images, mirrored.flatten(), strict=True)}

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        return np.stack([self.known[np.ascontiguousarray(crop).tobytes()] for crop in crops])


def test_a_crop_is_what_cutting_and_resizing_gives() -> None:
    rng = np.random.default_rng(0)
    small = cv2.resize(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8), (100, 100), interpolation=cv2.INTER_CUBIC)
    matrix = box_to_crop([20, 30, 80, 70], 40)
    cut = cv2.resize(small[30:70, 20:80], (40, 40), interpolation=cv2.INTER_LINEAR)
    warped = cv2.warpAffine(small, matrix, (40, 40), flags=cv2.INTER_LINEAR)
    assert np.abs(cut.astype(int) - warped)[2:-2, 2:-2].max() <= 3
    assert apply_affine(matrix, [[19.5, 29.5], [79.5, 69.5]]) == pytest.approx(np.array([[-0.5, -0.5], [39.5, 39.5]]))
    points = rng.normal(size=(5, 2))
    assert apply_affine(invert_affine(matrix), apply_affine(matrix, points)) == pytest.approx(points)
    with pytest.raises(MorphError, match="no width"):
        box_to_crop([5, 5, 5, 9], 40)


def test_pixels_and_points_of_the_crops_agree(benchmark: Aflw2000) -> None:
    crops = cut_benchmark(benchmark, 120)
    there = apply_affine(crops.matrices, benchmark.original[:, 30:31, :2] - 1)[:, 0]
    assert np.abs(np.array([dot(image) for image in crops.images]) - there).max() < 0.3


@pytest.mark.parametrize("flip", [False, True])
def test_the_truth_has_no_error(benchmark: Aflw2000, flip: bool) -> None:
    evaluator = Aflw2000Evaluator(benchmark, toy_model(), 120)
    predictions = evaluator.predict(Oracle(evaluator), flip=flip, batch=3)
    report = evaluator.report(predictions, flip=flip)
    assert report.reannotated.plain == pytest.approx(0, abs=1e-3)
    assert report.original_from_1.plain == pytest.approx(0, abs=1e-3)
    assert report.original.plain > 0.5  # one pixel, both ways
    assert report.extra["pose_degrees"]["geodesic"] == pytest.approx(0, abs=1e-3)
    assert report.extra["shape_share"]["mean_face"] > report.extra["shape_share"]["full"] + 1
    assert 0 < report.extra["shape_share"]["share"] < 1
    assert report.protocol["flip_averaging"] is flip
    assert "dense_nme" not in report.extra  # another mesh than the labels' own
    assert json.loads(json.dumps(report.as_json()))["protocol"]["input_size"] == 120


def test_wrong_handedness_and_channel_faults_show(benchmark: Aflw2000) -> None:
    """A flipped axis, pose in other pixels and swapped halves of the face must each cost dearly."""
    evaluator = Aflw2000Evaluator(benchmark, toy_model(), 120)
    good = Oracle(evaluator)

    def faulty(change: np.ndarray) -> float:
        return evaluator.quick(lambda crops: good(crops) + change).original.plain

    base = faulty(np.zeros(16))
    shift = np.zeros(16)
    shift[-2] = 6  # pixels of the crop
    assert faulty(shift) > base + 5
    grow = np.zeros(16)
    grow[-3] = 0.2  # log of the scale
    assert faulty(grow) > base + 3


def test_torch_modules_are_called_in_evaluation_mode() -> None:
    torch = pytest.importorskip("torch")

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1))
            self.drop = torch.nn.Dropout(0.9)

        def forward(self, image):
            assert not torch.is_grad_enabled()
            return self.drop(image.float().mean((1, 2)) * self.weight), torch.zeros(len(image))

    crops = np.random.default_rng(0).integers(0, 255, (5, 4, 4, 3), dtype=np.uint8)
    network = Network().train()
    assert predict_flat(network, crops, batch=2) == pytest.approx(crops.mean((1, 2)), rel=1e-5)
    assert network.training


def test_regressors_that_do_not_fit(benchmark: Aflw2000) -> None:
    evaluator = Aflw2000Evaluator(benchmark, toy_model(), 120)
    with pytest.raises(MorphError, match=r"gives \(9,\) numbers"):
        evaluator.quick(lambda crops: np.zeros((len(crops), 9)))
    with pytest.raises(MorphError, match="not finite"):
        evaluator.quick(lambda crops: np.full((len(crops), 16), np.nan))


class FakeTracker:
    """Finds the face in all pictures but two, beside another face; keeps nothing between pictures."""

    def __init__(self, benchmark: Aflw2000) -> None:
        model = toy_model()
        self.faces, self.decoder = toy_coefficients(model, N), Decoder(model)
        self.known = {benchmark.picture(i).tobytes(): i for i in range(N)}
        self.mirror = {benchmark.picture(i)[:, ::-1].tobytes(): i for i in range(N)}
        self.symmetry, self.resets = model_symmetry(model), 0

    def reset(self) -> None:
        self.resets += 1

    def process(self, image: np.ndarray) -> list[Face]:
        key = np.ascontiguousarray(image).tobytes()
        i = self.known.get(key, self.mirror.get(key, -1))
        face = self.faces[i] if key in self.known else self.faces[i].mirror(self.symmetry, PICTURE)
        points = self.decoder.project(face)[:, :2]

        def made(shift: float) -> Face:
            moved = points + shift
            box = np.concatenate([moved.min(0), moved.max(0)])
            return Face(0, 0.0, 0, box, 1.0, face, moved, self.decoder)

        return {2: [], 4: [made(300.0)]}.get(i, [made(300.0), made(0.0)])


@pytest.mark.parametrize("flip", [False, True])
def test_whole_pictures_through_a_tracker(benchmark: Aflw2000, flip: bool) -> None:
    tracker = FakeTracker(benchmark)
    predictions = track_benchmark(benchmark, tracker, flip=flip)
    assert tracker.resets >= N
    report = Aflw2000Evaluator(benchmark, toy_model(), 120).report(predictions, crop="detector", flip=flip)
    assert sum(report.original.not_found) == 2
    assert report.reannotated.found_only().plain == pytest.approx(0, abs=1e-3)
    assert report.reannotated.plain == pytest.approx(100 * 2 / N, abs=1e-3)
    assert report.extra["pose_degrees"]["geodesic"] == pytest.approx(0, abs=1e-3)
    assert "whole picture" in report.as_text()


def test_the_sheet_shows_best_median_and_worst(benchmark: Aflw2000, tmp_path: Path) -> None:
    points = benchmark.original[..., :2].astype(np.float64) + np.arange(N)[:, None, None]
    points[3] = np.nan
    from morph.evaluation.aflw2000.points import evaluate_points

    report = evaluate_points(benchmark, benchmark.names, points)
    names = write_sheet(tmp_path / "sheet.png", benchmark, points, report.original, Grid(2, 96))
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape == (4 * 96, 2 * 96, 3)
    assert names[:2] == ["image00000.jpg", "image00001.jpg"]
    assert names[4] == "image00003.jpg"  # not found: worse than any
    blue, green, red = sheet[4 * 24 :][:96, :96].astype(int).transpose(2, 0, 1)
    assert ((green > 180) & (red < 120)).sum() > 30
    assert ((red > 180) & (green < 120) & (blue < 120)).sum() > 30


def test_bench_runs_weights(benchmark: Aflw2000, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = sheet_model()
    model.save(tmp_path / "model.npz")
    weights = write_weights(tmp_path / "w.onnx", model, size=64)
    base = ["bench", "aflw2000", "--data", str(tmp_path), "--weights", str(weights)]
    out = [*base, "--model", str(tmp_path / "model.npz")]
    saved, first = str(tmp_path / "saved.npz"), str(tmp_path / "first.json")
    sheet = str(tmp_path / "s.png")
    assert main([*out, "--json", first, "--save-predictions", saved, "--flip", "--sheet", sheet]) == 0
    one = json.loads(Path(first).read_text())
    assert one["protocol"]["flip_averaging"] is True
    assert one["protocol"]["weights"] == "w.onnx"
    assert {"shape_share", "pose_degrees"} <= set(one)
    assert main([*out, "--passes", "2", "--json", str(tmp_path / "twice.json")]) == 0
    twice = json.loads((tmp_path / "twice.json").read_text())
    assert (one["protocol"]["passes"], twice["protocol"]["passes"]) == (1, 2)
    assert twice["original"] != one["original"]
    again = ["bench", "aflw2000", "--data", str(tmp_path), "--predictions", saved, "--json", str(tmp_path / "b.json")]
    assert main(again) == 0
    two = json.loads((tmp_path / "b.json").read_text())
    assert one["original"] == two["original"]
    assert one["reannotated"] == two["reannotated"]
    capsys.readouterr()
    assert main(base) == 2  # the weights belong to another model than the default
    assert "name its file with --model" in capsys.readouterr().err
    assert main([*again, "--flip"]) == 2
    assert "--flip is for --weights" in capsys.readouterr().err


@pytest.mark.slow
def test_a_runs_safetensors_open_too(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from morph.network.regressor import CoefficientRegressor, WeightsInfo, save_weights

    torch.manual_seed(0)
    model = toy_model()
    info = WeightsInfo("toy", model.identity, model.n_shape, model.n_expression, width=0.5, input_size=64)
    network = CoefficientRegressor(info).eval()
    save_weights(network, tmp_path / "w.safetensors")
    crops = np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)
    opened = open_weights(tmp_path / "w.safetensors")
    assert (opened.input_size, opened.model_name, opened.model_identity) == (64, "toy", model.identity)
    with torch.no_grad():
        want = network(torch.from_numpy(crops))[0].numpy()
    assert predict_flat(opened.predictor, crops, batch=2) == pytest.approx(want, abs=1e-4)


class Looker:
    """A regressor that knows crops by their pixels, and keeps those that it was shown."""

    path = Path("oracle.onnx")

    def __init__(self, evaluator: Aflw2000Evaluator, off: float) -> None:
        """The first look is off by some pixels to the right; the second one, in the mirror, knows the truth."""
        self.input_size, self.off = evaluator.size, np.r_[np.zeros(toy_model().n_shape + toy_model().n_expression + 7), off, 0]
        self.oracle, self.exact = Oracle(evaluator), evaluator.predict(Oracle(evaluator))
        placed = self.exact.coefficients.transform(nearest_similarities(invert_affine(self.exact.matrices)))
        self.truth = placed
        self.crops: list[np.ndarray] = []

    def __call__(self, crops: np.ndarray) -> tuple[Coefficients, None]:
        self.crops.append(crops)
        if crops[0].tobytes() in self.oracle.known:
            return Coefficients.from_flat(self.oracle(crops) + self.off, toy_model().n_shape), None
        return self.answer_again(crops), None

    def answer_again(self, crops: np.ndarray) -> Coefficients:
        """The truth in the second crops, which lie where the first answers asked for them."""
        scale = np.linalg.norm(self.exact.matrices[:, :, 0], axis=1)
        moved = dataclasses.replace(self.truth, translation=self.truth.translation + self.off[-2:] / scale[:, None])
        points = landmark_decoder(toy_model()).project(moved)[..., :2]
        turns = [next_turn(0.0, rotation) for rotation in moved.rotation]
        there = [crop_of_box(box_of(turned(p, t)), self.input_size, t) for p, t in zip(points, turns, strict=True)]
        self.turns, self.to_crop = turns, there
        return self.truth.transform(np.stack(there)).mirror(model_symmetry(toy_model()), self.input_size)


def test_the_answer_is_half_way_between_the_two_looks(benchmark: Aflw2000) -> None:
    evaluator = Aflw2000Evaluator(benchmark, toy_model(), 120)
    looker, decoder = Looker(evaluator, 6.0), landmark_decoder(toy_model())
    exact = looker.exact.points
    once, twice = (evaluator.look(FaceReader(looker, decoder, passes)) for passes in (1, 2))
    assert twice.points - exact == pytest.approx((once.points - exact) / 2, abs=0.3)
    assert np.abs(once.points - exact)[..., 0].min() > 3
    assert twice.matrices == pytest.approx(np.tile([[1.0, 0, 0], [0, 1.0, 0]], (N, 1, 1)))


def test_heads_that_lean_stand_upright_in_the_second_crop(benchmark: Aflw2000) -> None:
    evaluator = Aflw2000Evaluator(benchmark, toy_model(), 120)
    looker = Looker(evaluator, 0.0)
    evaluator.look(FaceReader(looker, landmark_decoder(toy_model()), 2))
    assert len(looker.crops) == 2
    for row, (seen, to_crop) in enumerate(zip(looker.crops[1], looker.to_crop, strict=True)):
        leaning = lean(looker.truth.rotation[row])
        turn = np.arctan2(to_crop[1, 0], to_crop[0, 0])
        assert turn == pytest.approx(-leaning if abs(leaning) > LEAN else 0.0, abs=1e-6)
        wanted = cut(benchmark.picture(row), to_crop, 120)[:, ::-1]
        assert np.abs(seen.astype(int) - wanted).mean() < 1.0
    assert any(abs(lean(rotation)) > LEAN for rotation in looker.truth.rotation)


def test_the_stretch_of_rounded_boxes_is_left_out() -> None:
    stretched = np.array([[[2.0, 0, 5], [0, 2.02, 7]]])
    assert nearest_similarities(stretched)[0] == pytest.approx(np.array([[2.00997, 0, 5], [0, 2.00997, 7]]), abs=1e-4)
