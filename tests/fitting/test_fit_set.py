"""What ``morph fit`` does, from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'morph-face[train]'")

from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.fitting.fit_set import FitPlan, fit_set
from morph.fitting.profiling.profile_set import ProfileSettings, profile_set
from morph.fitting.profiling.profiling_set import ProfilingPlan
from morph.model import load_default_model


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """Two upright heads of the default model, landmarks only."""
    model = load_default_model(0)
    marks = model.mean[model.landmarks][:, :2] * np.array([0.5, -0.5]) + 48.0
    CropSet(
        np.full((2, 96, 96, 3), 128, np.uint8),
        {"landmarks": np.stack([marks, marks + 1.0]).astype(np.float32), "name": np.array(["a", "b"])},
        {"source": "made by the test"},
    ).save(tmp_path / "in")
    return tmp_path / "in"


def test_a_set_is_fitted_from_python_and_says_how(crops: Path, tmp_path: Path) -> None:
    report = fit_set(crops, tmp_path / "out", FitPlan(contour="fixed", jaw_weight=0.5))
    assert report.as_text().splitlines()[2] == f"{tmp_path / 'out'}: crop set with coefficients of morph-head-1"
    assert report.counts.startswith("2 faces in ")
    assert report.bad == []
    written = CropSet.open(tmp_path / "out")
    assert written.meta["fit"]["contour"] == "fixed"
    assert written.meta["fit"]["jaw_weight"] == 0.5
    assert written.meta["source"] == "made by the test"
    assert np.abs(written.labels["translation"][1] - written.labels["translation"][0] - 1.0).max() < 0.2


def test_a_set_is_not_turned_onto_itself(crops: Path, tmp_path: Path) -> None:
    fit_set(crops, tmp_path / "out")
    with pytest.raises(MorphError, match="is the set that is turned"):
        profile_set(tmp_path / "out", tmp_path / "out")


def test_a_fitted_set_is_turned_from_python(crops: Path, tmp_path: Path) -> None:
    fit_set(crops, tmp_path / "out")
    seen: list[tuple[int, int]] = []
    settings = ProfileSettings(ProfilingPlan(count=2, min_yaw=30.0, max_yaw=50.0), max_bad=1.0)
    report = profile_set(tmp_path / "out", tmp_path / "turned", settings, lambda done, total: seen.append((done, total)))
    assert report.as_text().startswith(f"{tmp_path / 'turned'}: 2 turned faces of 2 photographs in ")
    assert seen[0] == (0, 2)
    assert seen[-1] == (2, 2)
