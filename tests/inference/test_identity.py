"""The identity network: nearer to the truth on renders, read now and then, and files that do not fit are said to."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT, portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker, TrackerOptions
from morph.cli import main
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.evaluation.aflw2000.weights import run_weights
from morph.evaluation.renders.renders import measure_renders
from morph.inference.identity import IdentityReader, default_identity, name_identity, open_identity
from morph.inference.regressor import Regressor, default_weights
from morph.model import load_default_model
from morph.model.coefficients import model_symmetry


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "set"
    arguments = ["synth", "--count", "60", "--seed", "772", "--people", "measured", "--out", str(folder)]
    assert main(arguments) in (0, None)
    return folder


def test_shapes_are_nearer_to_the_truth_and_nothing_else_changes(rendered: Path) -> None:
    with_it = measure_renders(rendered, TrackerOptions(experts="none", expressions="none", identity="default"))
    without = measure_renders(rendered, TrackerOptions(experts="none", expressions="none", identity="none"))
    assert (with_it.identity, without.identity) == ("default", "none")
    assert with_it.shape_gain > without.shape_gain + 0.03
    assert with_it.shape_mm < 0.8 * with_it.mean_head_mm
    assert with_it.yaw == without.yaw
    assert abs(with_it.nme_balanced - without.nme_balanced) < 0.2


def test_a_turned_picture_shows_the_same_person(rendered: Path) -> None:
    """The crop is set upright."""
    model = load_default_model(0)
    reader = IdentityReader(model)
    crops = CropSet.open(rendered)
    some = np.flatnonzero(np.abs(crops.coefficients.rotation[:, 2, 0]) < 0.5)[:8]
    upright = crops.coefficients[some]
    images = [np.ascontiguousarray(crops.images[row]) for row in some]
    size = images[0].shape[0]
    turned = [np.ascontiguousarray(np.rot90(image)) for image in images]  # anticlockwise: x' = y, y' = size - 1 - x
    turn = np.tile(np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, size - 1.0]]), (len(some), 1, 1))
    first, second = reader(images, upright), reader(turned, upright.transform(turn))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.95
    assert np.corrcoef(first.ravel(), np.roll(second, 1, 0).ravel())[0, 1] < 0.8  # somebody else


def test_a_mirrored_picture_shows_the_mirrored_person(rendered: Path) -> None:
    model = load_default_model(0)
    reader = IdentityReader(model)
    crops = CropSet.open(rendered)
    upright, size = crops.coefficients[:6], crops.images.shape[1]
    first = reader(list(crops.images[:6]), upright)
    other = upright.mirror(model_symmetry(model), size)
    second = reader([np.ascontiguousarray(image[:, ::-1]) for image in crops.images[:6]], other)
    np.testing.assert_allclose(second * model.shape_mirror, first, atol=0.1)  # crops differ by parts of a pixel
    assert np.abs(second - first).max() > 0.2


def test_a_tracker_reads_the_shape_of_a_new_face_and_then_now_and_then(picture: np.ndarray) -> None:
    tracker = Tracker(level=0, detect_every=4, smoothing=None, experts="none", expressions="none")
    shapes = [tracker.process(picture)[0].coefficients.shape for _ in range(9)]
    assert tracker.stopwatch.calls["network"] == 10  # the first face is looked at twice
    assert tracker.stopwatch.calls["identity"] == 3  # frames 0, 4 and 8
    changes = [not np.array_equal(a, b) for a, b in itertools.pairwise(shapes)]
    assert not any(changes[row] for row in (0, 1, 2, 4, 5, 6))
    alone = Tracker(level=0, detect_every=4, smoothing=None, experts="none", expressions="none", identity="none")
    (face,) = alone.process(picture)
    assert not np.allclose(face.coefficients.shape, shapes[0], atol=0.05)
    assert "identity" not in alone.stopwatch.calls
    said = Regressor(default_identity())
    assert said.input_size == 128


def test_who_gets_one_by_default(tmp_path: Path) -> None:
    model = load_default_model(0)
    found = open_identity(None, model, default_weights().name)
    assert name_identity(found) == "default"
    assert open_identity(None, model, "own.onnx") is None
    assert open_identity("none", model, default_weights().name) is None
    assert name_identity(open_identity(default_weights(), model, "own.onnx")) == default_weights().name
    assert default_identity().stat().st_size < 4_000_000


def test_what_does_not_fit_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet_model().save(tmp_path / "toy.npz")
    write_weights(tmp_path / "toy.onnx", sheet_model())
    (tmp_path / "text.onnx").write_text("hello")
    clip = write_clip(tmp_path / "clip.mp4", [portrait()] * 3)
    for choice, said in (
        ("yes", "no identity network called 'yes'; choose default, none, or an .onnx file"),
        (str(tmp_path / "none.onnx"), "no weights file"),
        (str(tmp_path / "text.onnx"), "is not an ONNX network"),
        (str(tmp_path / "toy.onnx"), "was trained for the model 'toy'"),
    ):
        assert main(["track", str(clip), "--out", str(tmp_path / "out"), "--identity", choice]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_averaged_points_and_identity_exclude_each_other() -> None:
    with pytest.raises(MorphError, match="`flip=` averages points"):
        run_weights(None, TrackerOptions(identity="default"), flip=True)  # type: ignore[arg-type]
