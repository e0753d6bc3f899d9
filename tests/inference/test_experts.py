"""Experts: closer to the truth on renders, nothing else changes, and files that do not fit are said to."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.evaluation.renders.renders import Shown

pytest.importorskip("onnx")

from clips import PORTRAIT, portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker, TrackerOptions
from morph.cli import main
from morph.crop.parts import EYE
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.evaluation.renders.held_out import look_at
from morph.evaluation.renders.renders import compare
from morph.inference.experts import DEFAULT, Experts, default_experts, open_experts
from morph.inference.face_reader import FaceReader, Refinements
from morph.inference.regressor import Regressor, default_weights
from morph.model import Coefficients, MorphableModel, landmark_decoder, load_default_model
from morph.model.coefficients import stack
from morph.model.rotation import euler_to_matrix


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


@pytest.fixture(scope="module")
def eyes(model: MorphableModel) -> Experts:
    found = open_experts("eyes", model, default_weights().name)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> CropSet:
    folder = tmp_path_factory.mktemp("rendered") / "set"
    assert main(["synth", "--count", "48", "--seed", "771", "--out", str(folder)]) in (0, None)
    return CropSet.open(folder)


@pytest.fixture(scope="module")
def first(rendered: CropSet, model: MorphableModel) -> Coefficients:
    """What the shipped weights say of the pictures."""
    return reading(rendered, FaceReader(Regressor(), landmark_decoder(model)))


def reading(crops: CropSet, reader: FaceReader) -> Coefficients:
    return stack([look.coefficients for look in look_at(crops, reader)])


def columns(model: MorphableModel, *starts: str) -> np.ndarray:
    return np.array([name.startswith(starts) for name in model.expression_names])


def test_eyes_come_closer_to_the_truth(rendered: CropSet, first: Coefficients, model: MorphableModel, eyes: Experts) -> None:
    better = reading(rendered, FaceReader(Regressor(), landmark_decoder(model), refinements=Refinements(experts=eyes)))
    for name in ("shape", "rotation", "scale", "translation"):
        np.testing.assert_array_equal(getattr(better, name), getattr(first, name))
    assert np.isfinite(better.expression).all()
    truth = rendered.coefficients
    points, seen = rendered.labels["landmarks"], rendered.labels["visibility"]
    before, after = (compare(model, c, truth, Shown(points, seen)) for c in (first, better))
    assert after["eyelids"] > before["eyelids"] + 0.01
    assert after["eyelids_visible"] > before["eyelids_visible"]
    assert np.isnan(compare(model, first, truth, Shown(points))["eyelids_visible"])
    idle = Experts(use=())
    idle.bind(model)
    none = reading(rendered, FaceReader(Regressor(), landmark_decoder(model), refinements=Refinements(experts=idle)))
    np.testing.assert_array_equal(none.expression, first.expression)


def test_eyes_correct_their_own_expressions(
    rendered: CropSet, first: Coefficients, model: MorphableModel, eyes: Experts
) -> None:
    changed = eyes(list(rendered.images), first).expression != first.expression
    about_eyes = columns(model, "eye", "brow", "cheekSquint")
    assert changed[:, about_eyes].any(0).all()
    assert not changed[:, ~about_eyes].any()


def test_experts_that_were_not_trained_are_refused(model: MorphableModel) -> None:
    for choice in ("mouth", "both"):
        with pytest.raises(MorphError, match="holds no trained expert for the mouth"):
            open_experts(choice, model, default_weights().name)


def test_faces_of_one_batch_do_not_touch_each_other(rendered: CropSet, first: Coefficients, eyes: Experts) -> None:
    placed = dataclasses.replace(first, translation=first.translation + 0.5)
    images = list(rendered.images[:5])
    together = eyes(images, placed[:5]).expression
    alone = np.concatenate([eyes([image], placed[i : i + 1]).expression for i, image in enumerate(images)])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert eyes([], placed[:0]).expression.shape == (0, first.expression.shape[1])


def test_the_far_eye_fades_without_a_jump(model: MorphableModel, eyes: Experts) -> None:
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (240, 240, 3), np.uint8), (0, 0), 6)
    yaw = np.arange(-89.0, 90.0, 0.5)
    count = len(yaw)
    faces = Coefficients(
        np.zeros((count, model.n_shape), np.float32),
        np.zeros((count, model.n_expression), np.float32),
        euler_to_matrix(np.radians(np.stack([0 * yaw, yaw, 0 * yaw], 1))).astype(np.float32),
        np.full(count, 1.2, np.float32),
        np.full((count, 2), 120.0, np.float32),
    )
    added = eyes([picture] * count, faces).expression
    names = list(model.expression_names)
    left, right = (added[:, [names.index(name) for name in EYE.names(side) if name != "browInnerUp"]] for side in (False, True))
    far = [np.abs(side[rows]).max() for side in (left, right) for rows in (yaw > 61, yaw < -61)]
    assert sorted(value == 0 for value in far) == [False, False, True, True]
    assert np.abs(np.diff(added, axis=0)).max() < 0.25 * max(np.abs(added).max(), 0.4)


def test_a_tracker_looks_closer_when_it_is_asked_to() -> None:
    picture = cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB)
    faces = {}
    for choice in ("none", "eyes"):
        tracker = Tracker(level=0, experts=choice, identity="none", expressions="none", smoothing=None)
        assert (tracker.experts is None) == (choice == "none")
        (faces[choice],) = tracker.process(picture)
        assert ("experts" in tracker.stopwatch.calls) == (choice == "eyes")
    none, eyes = faces["none"].coefficients, faces["eyes"].coefficients
    changed = columns(faces["eyes"].model, "eye", "brow", "cheekSquint")
    assert (none.expression[changed] != eyes.expression[changed]).all()
    np.testing.assert_array_equal(none.expression[~changed], eyes.expression[~changed])
    np.testing.assert_array_equal(none.rotation, eyes.rotation)
    assert np.abs(faces["none"].landmarks[36:48] - faces["eyes"].landmarks[36:48]).max() > 0.05


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    sheet_model().save(folder / "toy.npz")
    write_weights(folder / "toy.onnx", sheet_model())
    (folder / "text.onnx").write_text("hello")
    write_clip(folder / "clip.mp4", [portrait()] * 3)
    return folder


def test_a_model_of_ones_own_works_without_experts_and_says_so_when_asked(toy: Path) -> None:
    assert Tracker(toy / "toy.onnx", toy / "toy.npz").experts is None
    assert open_experts(None, load_default_model(0), "other.onnx") is None
    assert (open_experts(None, load_default_model(0), default_weights().name) is None) == (DEFAULT == "none")
    with pytest.raises(MorphError, match=r"corrects expressions of the model 'morph-head-1'.*`experts=none`"):
        Tracker(toy / "toy.onnx", toy / "toy.npz", experts="eyes")


def test_files_that_are_no_experts(toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for choice, said in (
        ("ears", "no experts called 'ears'; choose none, eyes, mouth, both"),
        (str(toy / "none.onnx"), "no weights file"),
        (str(toy / "text.onnx"), "is not an ONNX network"),
        (str(default_weights()), "has format 'morph-weights-1'"),
    ):
        assert main(["track", str(toy / "clip.mp4"), "--out", str(tmp_path / "out"), "--experts", choice]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_the_shipped_file_says_what_it_is() -> None:
    info = Experts().info
    assert info["licence"] == "CC0-1.0"
    assert info["first_look"] == default_weights().name
    assert info["trained_on"].startswith("experts_x1.0: ")
    assert info["model"]["identity"] == load_default_model(0).identity
    assert default_experts().stat().st_size < 1_300_000


def test_averaged_points_and_experts_exclude_each_other() -> None:
    from morph.evaluation.aflw2000.weights import run_weights

    with pytest.raises(MorphError, match="`flip=` averages points"):
        run_weights(None, TrackerOptions(experts="both"), flip=True)  # type: ignore[arg-type]
