"""The expression network: sides by themselves, nothing else changes, and files that do not fit are said to."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT, portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker
from morph.cli import main
from morph.datasets.crops import CropSet
from morph.inference.expressions import ExpressionReader, default_expressions, name_expressions, open_expressions
from morph.inference.regressor import default_weights
from morph.model import load_default_model
from morph.model.coefficients import model_symmetry


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> CropSet:
    folder = tmp_path_factory.mktemp("rendered") / "set"
    arguments = [
        "synth",
        "--count",
        "120",
        "--seed",
        "773",
        "--people",
        "measured",
        "--expressions",
        "measured",
        "--engine",
        "2",
    ]
    assert main([*arguments, "--size", "192", "--out", str(folder)]) in (0, None)
    return CropSet.open(folder)


@pytest.fixture(scope="module")
def weights(rendered: CropSet) -> tuple[np.ndarray, np.ndarray]:
    """``(N, E)`` as read and as they are, of faces within 45 degrees."""
    model = load_default_model(0)
    truth = rendered.coefficients
    rows = np.flatnonzero(np.abs(truth.rotation[:, 2, 0]) < 0.7)
    said = ExpressionReader(model)([np.asarray(rendered.images[row]) for row in rows], truth[rows])
    return said * model.expression_std, truth.expression[rows] * model.expression_std


@pytest.mark.parametrize(
    ("name", "least"),
    [("jawOpen", 0.8), ("eyeBlinkLeft", 0.65), ("mouthSmileRight", 0.6), ("browInnerUp", 0.5), ("mouthPucker", 0.5)],
)
def test_weights_follow_the_truth_of_renders(weights: tuple[np.ndarray, np.ndarray], name: str, least: float) -> None:
    said, truth = (values[:, load_default_model(0).expression_names.index(name)] for values in weights)
    assert np.corrcoef(said, truth)[0, 1] > least


@pytest.mark.parametrize("stem", ["mouthPress", "mouthSmile", "browDown"])
def test_left_and_right_are_told_apart(weights: tuple[np.ndarray, np.ndarray], stem: str) -> None:
    names = load_default_model(0).expression_names
    sides = [[values[:, names.index(stem + side)] for side in ("Left", "Right")] for values in weights]
    said, truth = (left - right for left, right in sides)
    assert np.corrcoef(said, truth)[0, 1] > 0.25  # 0.04 by a network that learned from faces whose sides are tied


def test_a_mirrored_picture_shows_the_mirrored_expression(rendered: CropSet) -> None:
    model = load_default_model(0)
    reader = ExpressionReader(model, mirrored=True)
    upright, size = rendered.coefficients[:6], rendered.images.shape[1]
    first = reader(list(rendered.images[:6]), upright)
    other = upright.mirror(model_symmetry(model), size)
    second = reader([np.ascontiguousarray(image[:, ::-1]) for image in rendered.images[:6]], other)
    np.testing.assert_allclose(
        second @ model_symmetry(model).expression.T, first, atol=0.25
    )  # crops differ by parts of a pixel
    assert np.abs(second - first).max() > 0.3


def test_a_tracker_reads_it_in_each_frame(picture: np.ndarray) -> None:
    options = {"level": 0, "smoothing": None, "identity": "none", "experts": "none"}
    with_it, without = Tracker(**options), Tracker(**options, expressions="none")
    for _ in range(3):
        (face,), (plain,) = with_it.process(picture), without.process(picture)
    assert with_it.stopwatch.calls["expression"] == 3
    assert "expression" not in without.stopwatch.calls
    assert np.abs(face.coefficients.expression - plain.coefficients.expression).max() > 0.1
    assert np.abs(face.landmarks - plain.landmarks).max() < 0.03 * np.ptp(plain.landmarks)


def test_it_changes_the_expression_alone(rendered: CropSet) -> None:
    first = rendered.coefficients[:4]
    read = ExpressionReader(load_default_model(0)).correct(list(rendered.images[:4]), first)
    for name in ("shape", "rotation", "scale", "translation"):
        assert np.array_equal(getattr(read, name), getattr(first, name))
    assert np.abs(read.expression - first.expression).max() > 0.1


def test_who_gets_one_by_default() -> None:
    model = load_default_model(0)
    assert name_expressions(open_expressions(None, model, default_weights().name)) == "default"
    assert open_expressions(None, model, "own.onnx") is None
    assert open_expressions("none", model, default_weights().name) is None
    assert name_expressions(open_expressions(default_weights(), model, "own.onnx")) == default_weights().name
    assert default_expressions().stat().st_size < 6_500_000


def test_what_does_not_fit_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet_model().save(tmp_path / "toy.npz")
    write_weights(tmp_path / "toy.onnx", sheet_model())
    clip = write_clip(tmp_path / "clip.mp4", [portrait()] * 3)
    for choice, said in (
        ("eyes", "no expression network called 'eyes'; choose default, none, or an .onnx file"),
        (str(tmp_path / "none.onnx"), "no weights file"),
        (str(tmp_path / "toy.onnx"), "was trained for the model 'toy'"),
    ):
        assert main(["track", str(clip), "--out", str(tmp_path / "out"), "--expressions", choice]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
        assert not (tmp_path / "out").exists()
