"""Weights against the truth of renders: counts and groups of found weights that were made up, and the verb on a small set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.evaluation.renders.held_out import read_held_out
from morph.evaluation.weights.on_renders import HeldOutWeights, compare
from morph.model import load_default_model
from morph.tracking import TrackerOptions

NAMES = load_default_model(0).expression_names
COUNT = 300


def measured(found: np.ndarray, true: np.ndarray, yaw: np.ndarray) -> HeldOutWeights:
    return HeldOutWeights("w.onnx", "none", "none", "none", len(true), **compare(NAMES, found, true, yaw))


@pytest.fixture(scope="module")
def true() -> np.ndarray:
    rng = np.random.default_rng(0)
    weights = rng.uniform(0, 1, (COUNT, len(NAMES))) * (rng.random((COUNT, len(NAMES))) < 0.7)
    weights[:, NAMES.index("tongueOut")] = 0.0
    return weights


def test_the_truth_follows_itself_but_for_what_never_moves(true: np.ndarray) -> None:
    report = measured(true, true, np.zeros(COUNT))
    assert report.groups["never"] == ["tongueOut"]
    assert report.counts["follow"] == len(NAMES) - 1
    assert report.counts["median_r"] == pytest.approx(1)
    assert report.counts["median_apart"] == pytest.approx(1)
    assert report.counts["gaze_horizontal"] == pytest.approx(1)
    assert report.counts["gaze_vertical_slope"] == pytest.approx(1)


def test_weak_and_wrong_weights_are_counted_as_such(true: np.ndarray) -> None:
    found = true.copy()
    found[:, NAMES.index("jawOpen")] *= 0.3
    found[:, NAMES.index("browInnerUp")] *= 0.05
    found[:, NAMES.index("mouthSmileRight")] = found[:, NAMES.index("mouthSmileLeft")]
    report = measured(found, true, np.zeros(COUNT))
    assert report.groups["faint"] == ["jawOpen"]
    assert {"browInnerUp", "mouthSmileRight"} <= set(report.groups["dead"])
    assert report.sides["mouthSmile"].apart == pytest.approx(0, abs=1e-6)
    assert report.sides["mouthFrown"].apart == pytest.approx(1)


def test_faces_beyond_45_degrees_are_only_in_their_own_bin(true: np.ndarray) -> None:
    yaw = np.linspace(0, 90, COUNT, endpoint=False)
    found = np.where(yaw[:, None] < 45, true, 0.0)
    report = measured(found, true, yaw)
    assert report.frontal == (yaw < 45).sum()
    assert report.weights["jawOpen"].correlation == pytest.approx(1)
    assert report.by_yaw["30-45"]["jawOpen"].correlation == pytest.approx(1)
    assert report.by_yaw["45-90"]["jawOpen"].slope == 0.0


def test_the_verb_reads_a_set_as_the_bench_of_renders_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held, out = tmp_path / "held", tmp_path / "weights.json"
    main(["synth", "--count", "24", "--seed", "77", "--size", "96", "--supersampling", "1", "--out", str(held)])
    capsys.readouterr()
    main(
        ["bench", "weights", str(held), "--experts", "none", "--expressions", "none", "--identity", "none", "--json", str(out)]
    )
    text, report = capsys.readouterr().out, json.loads(out.read_text())
    assert "median_r" in text
    assert "eyeBlinkLeft" in text
    assert (report["pictures"], report["experts"], report["identity"]) == (24, "none", "none")
    seen = read_held_out(held, TrackerOptions(experts="none", expressions="none", identity="none"))
    rows = np.flatnonzero(np.abs(seen.crops.labels["rotation"][:, 0, 2]) < np.sin(np.pi / 4))
    jaw = np.clip(seen.found.expression * seen.model.expression_std, 0, 1)[rows, NAMES.index("jawOpen")]
    wanted = np.clip(seen.crops.coefficients.expression * seen.model.expression_std, 0, 1)[rows, NAMES.index("jawOpen")]
    assert report["weights"]["jawOpen"]["correlation"] == pytest.approx(np.corrcoef(jaw, wanted)[0, 1], abs=1e-3)
