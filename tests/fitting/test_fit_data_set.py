"""`morph fit`: data set in, crop set and 300W-LP files out, read back; wrong input is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.datasets.published.aflw2000 import read_picture
from morph.datasets.published.labels_300w_lp import labels_to_coefficients
from morph.datasets.published.mat import read_face_mat
from morph.model import Coefficients, MorphableModel, landmark_decoder, load_default_model
from morph.model.rotation import euler_to_matrix

pytest.importorskip("torch")
N = 6


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(1)


@pytest.fixture
def crops(tmp_path: Path, model: MorphableModel) -> Path:
    """Six crops of noise with landmarks of known faces; two points of the second face are hidden."""
    rng = np.random.default_rng(0)
    angles = np.radians(np.stack([np.zeros(N), np.linspace(-40, 40, N), np.zeros(N)], 1))
    z = rng.normal(size=(N, model.n_shape)), 0.5 * rng.normal(size=(N, model.n_expression))
    true = Coefficients(*z, euler_to_matrix(angles), np.full(N, 0.55), np.full((N, 2), 60.0))
    landmarks = landmark_decoder(model).project(true)[..., :2]
    weights = np.ones((N, 68))
    weights[1, [36, 40]] = 0.0
    landmarks[1, [36, 40]] = np.nan
    images = rng.integers(0, 255, (N, 120, 120, 3), np.uint8)
    labels = {"landmarks": landmarks, "landmark_weights": weights, "name": np.array([f"person/{i}" for i in range(N)])}
    CropSet(images, {**labels, "group": np.arange(N) // 2}, {"licence": "CC0"}).save(tmp_path / "in")
    return tmp_path / "in"


def test_crop_set_and_mat_files_agree(crops: Path, model: MorphableModel, capsys: pytest.CaptureFixture[str]) -> None:
    out = crops.parent / "out"
    assert main(["fit", "--data", str(crops), "--out", str(out), "--mat", "--contour", "fixed"]) == 0
    text = capsys.readouterr().out
    assert "6 faces" in text
    assert "px mean" in text
    assert "beyond 2" in text
    before, after = CropSet.open(crops), CropSet.open(out)
    np.testing.assert_array_equal(after.images, before.images)
    assert after.meta["model"] == {"name": model.name, "identity": model.identity}
    assert after.meta["licence"] == "CC0"
    np.testing.assert_array_equal(after.labels["group"], before.labels["group"])
    decoded = landmark_decoder(model).project(after.coefficients)[..., :2]
    seen = before.labels["landmark_weights"] > 0
    assert np.linalg.norm(decoded - before.labels["landmarks"], axis=-1)[seen].mean() < 1.0
    np.testing.assert_array_equal(after.labels["landmarks"][seen], before.labels["landmarks"].astype(np.float32)[seen])
    np.testing.assert_allclose(after.labels["landmarks"][~seen], decoded[~seen], atol=0.02)

    stems = [str(name).replace("/", "_") for name in after.labels["name"]]
    faces = [read_face_mat(out / "mat" / f"{stem}.mat") for stem in stems]
    back = labels_to_coefficients(model, faces, [120] * N)
    np.testing.assert_allclose(landmark_decoder(model).project(back)[..., :2], decoded, atol=0.02)
    np.testing.assert_allclose(back.shape, after.coefficients.shape, atol=1e-5)
    np.testing.assert_allclose(np.stack([face.points_2d for face in faces]) - 1.0, decoded, atol=0.02)
    picture = read_picture(out / "mat" / f"{stems[0]}.jpg")
    assert picture.shape == (120, 120, 3)


def test_jaw_of_a_contour_fit_is_the_models(crops: Path, model: MorphableModel) -> None:
    out = crops.parent / "out"
    assert main(["fit", "--data", str(crops), "--out", str(out)]) == 0
    after = CropSet.open(out)
    assert not after.labels["landmark_annotated"][:, :17].any()
    decoded = landmark_decoder(model).project(after.coefficients)[..., :2]
    np.testing.assert_allclose(after.labels["landmarks"][:, :17], decoded[:, :17], atol=0.02)


def test_one_bad_face_is_left_out(crops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    landmarks = np.load(crops / "labels.npz")
    arrays = {name: landmarks[name] for name in landmarks.files}
    arrays["landmarks"][2, 3] = np.nan
    np.savez(crops / "labels.npz", **arrays)
    out = crops.parent / "out"
    assert main(["fit", "--data", str(crops), "--out", str(out)]) == 2
    message = capsys.readouterr().err
    assert "person/2: its points are not finite" in message
    assert message.count("\n") == 1
    assert not (out / "meta.json").exists()
    assert main(["fit", "--data", str(crops), "--out", str(out), "--max-bad", "0.2"]) == 0
    after = CropSet.open(out)
    assert list(after.labels["name"]) == [f"person/{i}" for i in (0, 1, 3, 4, 5)]
    np.testing.assert_array_equal(after.images, CropSet.open(crops).images[[0, 1, 3, 4, 5]])


def test_bfm_coefficients_fill_the_layout_of_300w_lp(research_data: Path, tmp_path: Path) -> None:
    from morph.fitting.mat_files import mat_variables, write_face_mat
    from morph.model.readers import read_model

    std = research_data / "reference" / "param_std_62.txt"
    bfm = read_model(research_data / "BFM" / "bfm53215_40_10.npz", std=std)
    rng = np.random.default_rng(0)
    true = Coefficients(
        rng.normal(size=40), rng.normal(size=10), euler_to_matrix([0.1, 0.5, -0.2]), 6e-4, np.array([60.0, 66.0])
    )
    points = landmark_decoder(bfm).project(true)[:, :2]
    variables = mat_variables(bfm, true, points, (120, 130))
    write_face_mat(tmp_path / "a.mat", variables)
    face = read_face_mat(tmp_path / "a.mat")
    assert face.shape.shape == (199,)
    assert face.expression.shape == (29,)
    assert not face.shape[40:].any()
    back = labels_to_coefficients(bfm, [face], [120])
    np.testing.assert_allclose(landmark_decoder(bfm).project(back)[0, :, :2], points, atol=0.02)


@pytest.mark.slow
def test_real_faces_are_met(research_data: Path) -> None:
    from morph.fitting import fit_landmarks
    from morph.fitting.landmark_sets import open_landmark_set
    from morph.fitting.spread import spread
    from morph.model.readers import read_model

    data = open_landmark_set(research_data / "AFLW_MERLRAV")
    assert len(data) == 12452
    bfm = read_model(research_data / "BFM" / "bfm53215_40_10.npz")
    rows = np.arange(0, len(data), 40)
    fit = fit_landmarks(bfm, data.points[rows], data.weights[rows])
    assert fit.error.mean() < 1.75
    assert np.percentile(fit.error, 99) < 4.0
    far = spread(fit.coefficients)
    assert far.largest <= 3.0 + 1e-4
    assert far.beyond_2 < 0.08


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--data", "nowhere"], "no folder nowhere"),
        (["--data", "."], "neither a crop set"),
        (["--model", "nothing.npz"], "nothing.npz"),
        (["--jaw-weight", "-1"], "weight of the jaw"),
        (["--mean", "none.txt"], "none.txt is not a text file of numbers"),
    ],
)
def test_wrong_input_is_one_line(
    crops: Path, arguments: list[str], text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(crops.parent)
    given = ["--data", str(crops), "--out", "out", *arguments]
    assert main(["fit", *given]) == 2
    message = capsys.readouterr().err
    assert text in message
    assert message.count("\n") == 1


def test_a_set_is_not_written_onto_itself(crops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--data", str(crops), "--out", str(crops)]) == 2
    assert "the data set itself" in capsys.readouterr().err
    assert len(CropSet.open(crops)) == N


def test_damaged_merl_rav_labels(tmp_path: Path) -> None:
    from morph.errors import MorphError
    from morph.fitting.landmark_sets import open_landmark_set

    (tmp_path / "images").mkdir()
    (tmp_path / "labels.npz").write_bytes(b"not an archive")
    with pytest.raises(MorphError, match="cannot be read"):
        open_landmark_set(tmp_path)
    np.savez(tmp_path / "labels.npz", name=np.array(["a"]), pts68=np.zeros((1, 68, 2)))
    with pytest.raises(MorphError, match="has no visibility"):
        open_landmark_set(tmp_path)
    np.savez(tmp_path / "labels.npz", name=np.array(["a"]), pts68=np.zeros((1, 60, 2)), visibility=np.ones((1, 60)))
    with pytest.raises(MorphError, match=r"pts68 must be \(1, 68, 2\)"):
        open_landmark_set(tmp_path)
