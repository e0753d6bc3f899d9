"""Measures on renders: exact coefficients score perfectly, and each kind of fault lowers its own measure."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from toy_crops import crop_set

from morph.cli import main
from morph.evaluation.renders.renders import LEANS, Shown, compare, shape_error
from morph.model import Coefficients, MorphableModel, landmark_decoder, load_default_model
from morph.model.rotation import euler_to_matrix

COUNT = 120


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(1)


@pytest.fixture(scope="module")
def truth(model: MorphableModel) -> Coefficients:
    rng = np.random.default_rng(0)
    weights = np.zeros((COUNT, model.n_expression))
    names = list(model.expression_names)
    blink = np.where(rng.random(COUNT) < 0.3, 1.0, 0.0)
    for side in ("Left", "Right"):
        weights[:, names.index(f"eyeBlink{side}")] = blink
    weights[:, names.index("jawOpen")] = rng.uniform(0, 0.8, COUNT)
    angles = np.stack([rng.normal(0, 0.1, COUNT), rng.uniform(-1.4, 1.4, COUNT), rng.normal(0, 0.1, COUNT)], 1)
    return Coefficients(
        rng.normal(size=(COUNT, model.n_shape)),
        weights / model.expression_std,
        euler_to_matrix(angles),
        np.full(COUNT, 0.6),
        np.full((COUNT, 2), 48.0),
    )


def measure(model: MorphableModel, got: Coefficients, truth: Coefficients) -> dict:
    return compare(model, got, truth, Shown(landmark_decoder(model).project(truth)[..., :2]))


def test_truth_is_perfect(model: MorphableModel, truth: Coefficients) -> None:
    found = measure(model, truth, truth)
    assert max(found["nme"]) < 1e-3
    assert max(found["yaw"], found["pitch"], found["roll"]) < 1e-3
    assert np.abs(found["yaw_lean"][:4]).max() < 1e-3
    assert np.isnan(found["yaw_lean"][4])  # nobody looks further back than 90 degrees
    assert found["eyelids"] == pytest.approx(1)
    assert found["lips"] == pytest.approx(1)
    assert found["blink"] < 0.15
    assert found["open"] == pytest.approx(1, abs=0.05)
    assert found["shape_gain"] == pytest.approx(1, abs=1e-3)
    assert found["mean_head_mm"] > 1.5


def test_faults_show_where_they_belong(model: MorphableModel, truth: Coefficients) -> None:
    still = measure(model, dataclasses.replace(truth, expression=0 * truth.expression), truth)
    assert still["blink"] == pytest.approx(1)
    assert still["shape_gain"] == pytest.approx(1, abs=1e-3)
    mean = measure(model, dataclasses.replace(truth, shape=0 * truth.shape), truth)
    assert mean["shape_gain"] == pytest.approx(0, abs=1e-6)
    turned = dataclasses.replace(truth, rotation=euler_to_matrix(np.array([0, 0.1, 0])) @ truth.rotation)
    assert measure(model, turned, truth)["yaw"] > 3
    shifted = dataclasses.replace(truth, translation=truth.translation + np.array([3.0, 4.0]))
    size = np.sqrt(np.ptp(landmark_decoder(model).project(truth)[..., :2], axis=1).prod(1))
    assert np.mean(measure(model, shifted, truth)["nme_balanced"]) == pytest.approx(np.mean(500 / size), rel=0.1)


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_heads_that_turn_too_little_or_too_far(model: MorphableModel, truth: Coefficients, share: float) -> None:
    yaw = np.linspace(-1.4, 1.4, COUNT)
    straight, turned = (euler_to_matrix(np.stack([0 * yaw, k * yaw, 0 * yaw], 1)) for k in (1.0, share))
    want = dataclasses.replace(truth, rotation=straight)
    found = measure(model, dataclasses.replace(truth, rotation=turned), want)
    degrees = np.abs(np.degrees(yaw))
    for lean, (low, high) in zip(found["yaw_lean"][:4], LEANS[:4], strict=True):
        inside = (degrees >= low) & (degrees < high)
        assert lean == pytest.approx((share - 1) * degrees[inside].mean(), abs=0.01)
    assert found["pitch"] < 0.01


def test_yaws_beyond_90_degrees(model: MorphableModel, truth: Coefficients) -> None:
    sign = np.where(np.arange(COUNT) % 2, 1.0, -1.0)
    straight, turned = (euler_to_matrix(np.radians(np.stack([0 * sign, k * sign, 0 * sign], 1))) for k in (98.0, 86.0))
    found = measure(model, dataclasses.replace(truth, rotation=turned), dataclasses.replace(truth, rotation=straight))
    assert found["yaw_lean"][4] == pytest.approx(-12, abs=0.01)
    assert found["yaw"] == pytest.approx(12, abs=0.01)
    assert max(found["pitch"], found["roll"]) < 0.01


def test_shape_error_does_not_count_where_the_head_is(model: MorphableModel) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(5, model.n_shape))
    error, of_mean = shape_error(model, z, z)
    assert error < 1e-3
    assert of_mean > 1.5


def test_other_models_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crop_set().save(tmp_path / "toy")
    assert main(["bench", "renders", str(tmp_path / "toy")]) != 0
    assert "holds coefficients of model 'toy'" in capsys.readouterr().err


@pytest.mark.slow
def test_shipped_weights_on_renders(tmp_path: Path) -> None:
    rendered, report = tmp_path / "held", tmp_path / "report.json"
    assert main(["synth", "--count", "24", "--seed", "990", "--size", "128", "--out", str(rendered)]) in (0, None)
    assert main(["bench", "renders", str(rendered), "--json", str(report)]) in (0, None)
    found = json.loads(report.read_text())
    assert found["pictures"] == 24
    assert found["nme_balanced"] < 6
    assert found["yaw"] < 8
    assert len(found["yaw_lean"]) == len(LEANS)
    assert abs(found["yaw_lean"][0]) < 8
