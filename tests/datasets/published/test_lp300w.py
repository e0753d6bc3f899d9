"""300W-LP: names, identities, crops, and what happens to bad files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from face_pairs import as_mat, dot, toy_coefficients, write_pairs
from scipy.io import savemat
from toy import toy_model

from morph.datasets.crop_writer import write_crops
from morph.datasets.crops import CropSet
from morph.datasets.published.lp300w import PairReader, count_pairs, find_pairs, identity_number, photograph
from morph.errors import MorphError
from morph.model import landmark_decoder

NAMES = ["AFW/AFW_134212_1_0", "AFW/AFW_134212_1_1", "AFW_Flip/AFW_134212_1_0", "LFPW/LFPW_image_train_0737_13"]


@pytest.mark.parametrize(
    ("pair", "photo"),
    [
        ("AFW/AFW_134212_1_2", "AFW_134212"),
        ("AFW_Flip/AFW_134212_2_0", "AFW_134212"),
        ("HELEN/HELEN_1269874180_1_0", "HELEN_1269874180"),
        ("IBUG/IBUG_image_008_1_0", "IBUG_image_008"),
        ("LFPW/LFPW_image_train_0737_13", "LFPW_image_train_0737"),
        ("LFPW_Flip/LFPW_image_test_0737_2", "LFPW_image_test_0737"),
        ("mine/portrait", "portrait"),
    ],
)
def test_photograph_of_a_rendered_pose(pair: str, photo: str) -> None:
    assert photograph(pair) == photo


def test_folders_and_counts(tmp_path: Path) -> None:
    write_pairs(tmp_path, toy_model(), [*NAMES, "Code/sample_1_0"])
    pairs = find_pairs(tmp_path)
    assert pairs == sorted(NAMES, key=lambda name: (name.split("/")[0].replace("_Flip", "~"), name))
    assert find_pairs(tmp_path, flipped=False) == [name for name in NAMES if "_Flip" not in name]
    assert count_pairs(pairs)["AFW"] == (2, 5207)
    assert count_pairs(pairs)["AFW_Flip"] == (1, 5207)
    assert find_pairs(tmp_path / "AFW") == ["AFW_134212_1_0", "AFW_134212_1_1"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MorphError, match=r"holds no \.jpg and \.mat"):
        find_pairs(tmp_path / "empty")
    with pytest.raises(MorphError, match="no folder"):
        find_pairs(tmp_path / "nowhere")


def test_crops_and_labels_agree(tmp_path: Path) -> None:
    model = toy_model()
    write_pairs(tmp_path, model, NAMES)
    result = write_crops(tmp_path / "out", find_pairs(tmp_path), PairReader(tmp_path, model), {"source": "test"})
    crops = CropSet.open(result.folder)
    crops.verify()
    assert (result.count, result.bad) == (4, [])
    assert crops.images.shape == (4, 160, 160, 3)
    points = crops.labels["landmarks"]
    decoded = landmark_decoder(model).project(crops.coefficients)[..., :2]
    assert np.abs(decoded - points).max() < 0.01
    low, high = points.min(1), points.max(1)
    assert (low + high) / 2 == pytest.approx(79.5, abs=0.01)  # in the middle of the stored crop
    assert (high - low).max(1) == pytest.approx(120 / np.sqrt(2), rel=1e-4)  # box68-sqrt2 in the central 120 pixels
    seen = np.array([dot(image) for image in crops.images])
    assert np.abs(seen - points[:, 30]).max() < 0.35  # the pixels are where the labels say
    group = dict(zip(crops.labels["name"].tolist(), crops.labels["group"].tolist(), strict=True))
    assert group[NAMES[0]] == group[NAMES[1]] == group[NAMES[2]] != group[NAMES[3]]
    assert group[NAMES[0]] == identity_number("AFW_134212") >= 0


def test_all_poses_of_a_photograph_stay_on_one_side(tmp_path: Path) -> None:
    pytest.importorskip("lightning")
    from morph.training.data_module import _held_out

    model = toy_model()
    names = [f"HELEN/HELEN_{photo}_1_{pose}" for photo in range(40) for pose in range(3)]
    write_pairs(tmp_path, model, names)
    crops = CropSet.open(write_crops(tmp_path / "out", find_pairs(tmp_path), PairReader(tmp_path, model), {}).folder)
    held = _held_out(crops, 0.3)
    photos = [photograph(name) for name in crops.labels["name"].tolist()]
    sides = {photo: {bool(side) for p, side in zip(photos, held, strict=True) if p == photo} for photo in photos}
    assert all(len(side) == 1 for side in sides.values())
    assert {True, False} == set.union(*sides.values())


def spoil(folder: Path, model: object) -> dict[str, str]:
    """Nine bad pairs, and what should be said of each."""
    faces = toy_coefficients(model, 1)[0]

    def mat(name: str, **changes: object) -> None:
        savemat(folder / f"{name}.mat", as_mat(model, faces) | changes)

    (folder / "a0.mat").unlink()
    (folder / "a1.mat").write_bytes(b"broken")
    mat("a2", Shape_Para=np.full((4, 1), np.nan))
    mat("a3", Exp_Para=np.zeros((29, 1)), Shape_Para=np.zeros((199, 1)))
    (folder / "a4.jpg").write_bytes(b"no picture")
    mat("a5", pt2d=as_mat(model, faces)["pt2d"] + 60)
    mat("a6", Pose_Para=np.zeros((1, 3)))
    (folder / "a8.jpg").unlink()
    mat("a7", Pose_Para=np.array([[0, 0, 0, 50, 50, 0, 1e-9]]))
    return {
        "a0.mat": "no such label file",
        "a1.mat": "cannot be read",
        "a2.mat": "not finite",
        "a3.mat": "basis of 199 + 29",
        "a4.jpg": "not a picture",
        "a5.mat": "labels and basis do not match",
        "a6.mat": "must hold 7 numbers",
        "a7.mat": "pixels large",
        "a8.jpg": "no picture",
    }


def test_bad_files_are_named_and_skipped_up_to_a_share(tmp_path: Path) -> None:
    model = toy_model()
    write_pairs(tmp_path / "set", model, [f"a{i}" for i in range(20)])
    expected = spoil(tmp_path / "set", model)
    pairs, reader = find_pairs(tmp_path / "set"), PairReader(tmp_path / "set", model)
    with pytest.raises(MorphError, match=r"more than 20.0% of 20.*a\d\.(mat|jpg)") as caught:
        write_crops(tmp_path / "strict", pairs, reader, {}, max_bad=0.2, piece=20)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "strict" / "meta.json").exists()
    result = write_crops(tmp_path / "lax", pairs, reader, {}, max_bad=0.5, piece=7)
    assert (result.count, len(result.bad)) == (11, 9)
    for name, reason in expected.items():
        line = next(line for line in result.bad if name in line)
        assert reason in line
        assert "\n" not in line
    crops = CropSet.open(result.folder)
    assert not set(crops.labels["name"].tolist()) & {name[:2] for name in expected}
    assert crops.meta["bad"] == result.bad


def test_the_published_pair(research_data: Path, tmp_path: Path) -> None:
    from morph.datasets.published.labels_300w_lp import labels_to_coefficients
    from morph.datasets.published.mat import read_face_mat
    from morph.model.readers import read_model

    model = read_model(research_data / "BFM" / "bfm53215_40_10.npz")
    folder = research_data / "300W_LP"
    assert find_pairs(folder) == ["IBUG/IBUG_image_008_1_0"]
    face = read_face_mat(folder / "IBUG" / "IBUG_image_008_1_0.mat")
    points = landmark_decoder(model).project(labels_to_coefficients(model, [face], [450]))[0, :, :2]
    error = np.linalg.norm(points - (face.points_2d - 1), axis=1)
    assert error[17:].mean() < 4.2  # of a face of 174 pixels; 40 + 10 of 199 + 29 modes
    assert error[:17].mean() > 15  # the contour of pt2d moves with the view
    piece = PairReader(folder, model)(find_pairs(folder))
    assert piece.bad == []
    assert piece.labels["shape"].shape == (1, 40)
    assert np.abs(piece.labels["shape"]).max() < 4
