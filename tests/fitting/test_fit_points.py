"""A labeller's points of any number: known faces come back, weights follow the yaw, what cannot be explained is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.fitting.point_table import PointTable, read_point_table
from morph.model import Coefficients, Decoder, MorphableModel, load_default_model
from morph.model.rotation import angle_between, euler_to_matrix

pytest.importorskip("torch")
N, P = 6, 160


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(1)


@pytest.fixture(scope="module")
def table(model: MorphableModel) -> PointTable:
    """Points all over the front of the face; those of the far side are worth nothing in profile."""
    front = np.flatnonzero(model.mean[:, 2] > np.percentile(model.mean[:, 2], 75))
    vertices = np.sort(np.random.default_rng(4).choice(front, P, replace=False))
    far = model.mean[vertices, 0] / np.abs(model.mean[vertices, 0]).max()
    error = np.stack([0.016 + 0.2 * np.clip(side * far, 0, 1) for side in (-1, 0, 1)])
    return PointTable(vertices, np.array([-60.0, 0.0, 60.0]), error, 0.016, model.identity)


@pytest.fixture
def faces(model: MorphableModel, table: PointTable, tmp_path: Path) -> Coefficients:
    """Six faces in IN, the last of them with points that no face has."""
    rng = np.random.default_rng(1)
    angles = np.radians(np.stack([rng.uniform(-10, 10, N), np.linspace(-50, 50, N), rng.uniform(-10, 10, N)], 1))
    true = Coefficients(
        0.8 * rng.normal(size=(N, model.n_shape)),
        np.abs(0.3 * rng.normal(size=(N, model.n_expression))),
        euler_to_matrix(angles),
        np.full(N, 0.55),
        np.full((N, 2), 60.0),
    )
    points = Decoder(model, table.vertices).project(true)[..., :2].astype(np.float32)
    points[-1] = points[-1, rng.permutation(P)]
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "images.npy", rng.integers(0, 255, (N, 120, 120, 3), np.uint8))
    np.savez(tmp_path / "in" / "labels.npz", name=[f"face {i}" for i in range(N)], points=points, group=np.arange(N) + 10)
    table.save(tmp_path / "table.npz")
    return true


def test_the_command_finds_the_faces_and_leaves_out_what_is_none(
    faces: Coefficients, model: MorphableModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["fit", "--data", str(tmp_path / "in"), "--points", str(tmp_path / "table.npz"), "--out", str(tmp_path / "out")]
    assert main(line) == 0
    printed = capsys.readouterr()
    assert "5 faces in" in printed.out
    assert "1 left out" in printed.out
    assert "face 5" in printed.err
    crops = CropSet.open(tmp_path / "out")
    crops.check_model(model, tmp_path, "")
    assert crops.labels["group"].tolist() == [10, 11, 12, 13, 14]
    assert np.degrees(angle_between(crops.coefficients.rotation, faces.rotation[:5])).max() < 4
    away = np.linalg.norm(crops.labels["landmarks"] - Decoder(model, model.landmarks).project(faces[:5])[..., :2], axis=-1)
    assert away.mean() < 1.5
    assert crops.labels["expression"].min() > -0.5
    assert (crops.labels["fit_error"] < 0.013).all()


def test_a_point_weighs_what_it_is_worth_at_the_yaw(table: PointTable) -> None:
    weights = table.weights([-90.0, -60.0, 0.0, 30.0])
    assert weights.shape == (4, P)
    assert weights[2] == pytest.approx(1.0)
    assert weights[0] == pytest.approx(weights[1])
    between = (0.016 / ((table.error[1] + table.error[2]) / 2)) ** 2
    assert weights[3] == pytest.approx(between, rel=1e-5)
    assert weights[1].min() < 0.05


def test_a_table_survives_its_file(table: PointTable, model: MorphableModel, tmp_path: Path) -> None:
    table.save(tmp_path / "t.npz")
    again = read_point_table(tmp_path / "t.npz", model)
    assert np.array_equal(again.vertices, table.vertices)
    assert again.weights([17.0]) == pytest.approx(table.weights([17.0]), rel=0.02)


def test_the_table_that_ships_fits_the_default_model(model: MorphableModel) -> None:
    table = read_point_table(Path(__file__).parents[2] / "data" / "free_faces" / "points478.npz", model)
    assert len(table) == 478
    weights = table.weights([0.0, 60.0])
    assert weights[1].mean() < 0.5 * weights[0].mean()  # the labeller is weak from the side


def test_wrong_tables_and_sets_are_one_line(
    faces: Coefficients, model: MorphableModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = PointTable(np.arange(3), np.array([0.0, 1.0]), np.ones((2, 3)), 0.016, "another")
    other.save(tmp_path / "other.npz")
    with pytest.raises(MorphError, match="is for model another"):
        read_point_table(tmp_path / "other.npz", model)
    few = PointTable(np.arange(3), np.array([0.0, 1.0]), np.ones((2, 3)), 0.016, model.identity)
    few.save(tmp_path / "few.npz")
    base = ["fit", "--out", str(tmp_path / "out"), "--data"]
    assert main([*base, str(tmp_path / "in"), "--points", str(tmp_path / "few.npz")]) == 2
    assert "give the table that fits" in capsys.readouterr().err
    assert main([*base, str(tmp_path), "--points", str(tmp_path / "table.npz")]) == 2
    assert "it needs images.npy, and labels.npz" in capsys.readouterr().err
    assert main([*base, str(tmp_path / "in"), "--points", str(tmp_path / "in" / "labels.npz")]) == 2
    assert "not a table of points, or damaged" in capsys.readouterr().err
