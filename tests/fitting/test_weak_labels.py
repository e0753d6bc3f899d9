"""Annotated points and a network's points, blended: nearer the truth than either, and in the network's style."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model import Coefficients, landmark_decoder, load_default_model
from morph.model.rotation import euler_to_matrix

pytest.importorskip("torch")
from morph.fitting.landmark_sets import open_landmark_set
from morph.fitting.weak_labels import blend_weak_labels, read_weak_labels

N, SCALE = 150, 0.5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Turned faces; the annotator puts the jaw 4 px further out the more a head is turned, the network errs per face."""
    root = tmp_path_factory.mktemp("weak")
    rng = np.random.default_rng(3)
    model = load_default_model()
    yaw, roll = rng.uniform(-70, 70, N), rng.uniform(-30, 30, N)
    rotation = euler_to_matrix(np.radians(np.stack([np.zeros(N), yaw, roll], 1)))
    z = rng.normal(size=(N, model.n_shape)) * 0.3, np.zeros((N, model.n_expression))
    faces = Coefficients(*z, rotation, np.full(N, SCALE), np.full((N, 2), 60.0))
    truth = landmark_decoder(model).project(faces)
    up = rotation[:, :2, 1] * [1, -1] / np.linalg.norm(rotation[:, :2, 1], axis=1, keepdims=True)
    annotated = truth[..., :2] + rng.normal(0, 0.3, (N, 68, 2))
    annotated[:, :17] += (4 * np.sin(np.radians(yaw))[:, None] * up)[:, None]
    weights = np.ones((N, 68))
    hidden = (np.abs(yaw) > 40)[:, None] & (np.arange(68) < 8)
    annotated[hidden], weights[hidden] = np.nan, 0.0
    weak = truth + rng.normal(0, 1.5, (N, 1, 3)) + rng.normal(0, 0.7, (N, 68, 3))
    names = np.array([f"face{i}" for i in range(N)])
    labels = {"landmarks": annotated, "landmark_weights": weights, "name": names, "group": np.arange(N)}
    CropSet(np.zeros((N, 8, 8, 3), np.uint8), labels, {"licence": "CC0"}).save(root / "in")
    order = rng.permutation(N)
    np.savez(root / "weak.npz", name=names[order], pts68=weak[order])
    np.savez(root / "truth.npz", truth=truth, weak=weak, hidden=hidden)
    return root


def test_blend_is_nearer_the_truth_than_either(folder: Path) -> None:
    data = open_landmark_set(folder / "in")
    blended = blend_weak_labels(data, read_weak_labels(folder / "weak.npz", data), load_default_model())
    with np.load(folder / "truth.npz") as archive:
        truth, weak, hidden = archive["truth"], archive["weak"], archive["hidden"]
    error = {
        name: np.linalg.norm(points[..., :2] - truth[..., :2], axis=-1)
        for name, points in {"blend": blended.points, "weak": weak, "annotated": data.points}.items()
    }
    jaw = ~hidden & (np.arange(68) < 17)
    assert error["blend"][:, 17:].mean() < 0.7 * error["weak"][:, 17:].mean()
    assert error["blend"][jaw].mean() < 0.85 * min(error["weak"][jaw].mean(), np.nanmean(error["annotated"][jaw]))
    np.testing.assert_allclose(blended.points[hidden], weak[hidden], atol=1e-4)
    assert (blended.weights > 0).all()


@pytest.mark.slow
def test_command_writes_coefficients_of_the_blend(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "out"
    assert main(["fit", "--data", str(folder / "in"), "--weak-labels", str(folder / "weak.npz"), "--out", str(out)]) == 0
    crops = CropSet.open(out)
    with np.load(folder / "truth.npz") as archive:
        truth, weak = archive["truth"], archive["weak"]
    fitted = landmark_decoder(load_default_model()).project(crops.coefficients)[..., :2]
    error, weak_error = (np.linalg.norm(p[..., :2] - truth[..., :2], axis=-1).mean() for p in (fitted, weak))
    assert error < 0.7 * weak_error
    assert crops.meta["fit"]["weak_labels"] == "weak.npz"
    assert "150 faces" in capsys.readouterr().out


def test_wrong_files_are_one_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "few.npz", name=np.array(["face0"]), pts68=np.zeros((1, 68, 3)))
    np.savez(tmp_path / "flat.npz", name=np.array(["face0"]), pts68=np.zeros((1, 68, 2)))
    np.savez(tmp_path / "none.npz", name=np.array(["face0"]))
    (tmp_path / "text.npz").write_text("no")
    for name, word in {
        "few": "no points of face1",
        "flat": "(1, 68, 3)",
        "none": "has no pts68",
        "text": "cannot be read",
    }.items():
        options = ["--weak-labels", str(tmp_path / f"{name}.npz"), "--out", str(tmp_path / "out")]
        assert main(["fit", "--data", str(folder / "in"), *options]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        assert word in lines[0]
        assert not (tmp_path / "out").exists()
    data = open_landmark_set(folder / "in")
    with pytest.raises(MorphError, match=r"0\.\.1"):
        blend_weak_labels(data, np.zeros((N, 68, 3)), load_default_model(), share=1.2)
