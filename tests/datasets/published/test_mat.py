"""Label files of 300W-LP's layout, good and bad."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from face_pairs import PICTURE, as_mat, toy_coefficients
from scipy.io import savemat
from toy import toy_model

from morph.datasets.published.labels_300w_lp import check_basis, labels_to_coefficients
from morph.datasets.published.mat import read_face_mat
from morph.errors import MorphError
from morph.model import landmark_decoder


def test_labels_decode_to_their_own_points(tmp_path: Path) -> None:
    model = toy_model()
    for i, face in enumerate(toy_coefficients(model, 5)):
        savemat(tmp_path / f"{i}.mat", as_mat(model, face))
    faces = [read_face_mat(tmp_path / f"{i}.mat") for i in range(5)]
    found = labels_to_coefficients(model, faces, [PICTURE] * 5)
    assert found.shape == pytest.approx(toy_coefficients(model, 5).shape, abs=1e-5)
    points = landmark_decoder(model).project(found)
    there = np.stack([face.points_2d for face in faces]) - 1
    assert np.abs(points[..., :2] - there).max() < 1e-3


def test_a_negative_scale_keeps_the_picture(tmp_path: Path) -> None:
    model = toy_model()
    face = toy_coefficients(model, 1)[0]
    label = as_mat(model, face)
    pose = label["Pose_Para"][0].copy()
    pose[6] *= -1
    vertices = landmark_decoder(model)(face.shape, face.expression)
    from morph.model.rotation import euler_to_matrix

    want = pose[6] * vertices @ euler_to_matrix(pose[:3]).T + pose[3:6]
    savemat(tmp_path / "a.mat", label | {"Pose_Para": pose[None], "pt2d": np.zeros((2, 68))})
    read = read_face_mat(tmp_path / "a.mat")
    assert read.pose[6] == pytest.approx(-pose[6])
    points = landmark_decoder(model).project(labels_to_coefficients(model, [read], [PICTURE]))[0]
    assert np.abs(points[:, 0] - (want[:, 0] - 1)).max() < 1e-3
    assert np.abs(points[:, 1] - (PICTURE - want[:, 1])).max() < 1e-3


BAD = {
    "has no Exp_Para": lambda label: label.pop("Exp_Para"),
    "Pose_Para must hold 7 numbers": lambda label: label.update(Pose_Para=np.zeros((1, 6))),
    "one row or column": lambda label: label.update(Shape_Para=np.zeros((4, 4))),
    "Shape_Para is not finite": lambda label: label["Shape_Para"].__setitem__(0, np.nan),
    "pt2d is not finite": lambda label: label["pt2d"].__setitem__((0, 0), np.inf),
    "pt2d must be": lambda label: label.update(pt2d=np.zeros((3, 68))),
    "the scale 0": lambda label: label["Pose_Para"].__setitem__((0, 6), 0.0),
}


@pytest.mark.parametrize("words", list(BAD))
def test_bad_labels_name_their_file(tmp_path: Path, words: str) -> None:
    model = toy_model()
    label = as_mat(model, toy_coefficients(model, 1)[0])
    BAD[words](label)
    savemat(tmp_path / "face.mat", label)
    with pytest.raises(MorphError, match=words) as caught:
        read_face_mat(tmp_path / "face.mat")
    assert "face.mat" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_corrupt_files(tmp_path: Path) -> None:
    model = toy_model()
    good = tmp_path / "good.mat"
    savemat(good, as_mat(model, toy_coefficients(model, 1)[0]), do_compression=True)
    (tmp_path / "short.mat").write_bytes(good.read_bytes()[:300])
    (tmp_path / "text.mat").write_text("not Matlab " * 40)
    (tmp_path / "empty.mat").write_bytes(b"")
    data = bytearray(good.read_bytes())
    data[200:260] = bytes(60)
    (tmp_path / "holes.mat").write_bytes(bytes(data))
    for name in ("none", "short", "text", "empty", "holes"):
        with pytest.raises(MorphError, match=f"{name}.mat") as caught:
            read_face_mat(tmp_path / f"{name}.mat")
        assert "\n" not in str(caught.value)


def test_a_basis_of_another_size(tmp_path: Path) -> None:
    model = toy_model()
    savemat(tmp_path / "a.mat", as_mat(model, toy_coefficients(model, 1)[0]))
    face = read_face_mat(tmp_path / "a.mat")
    check_basis(face, model, "a.mat")
    with pytest.raises(MorphError, match=r"a.mat: labelled with a basis of 4 \+ 3 modes, model 'toy' has 5 \+ 3"):
        check_basis(face, toy_model(n_shape=5), "a.mat")


def test_without_scipy_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(MorphError, match=r"reading Matlab files needs the extra convert .*'morph-face\[convert\]'"):
        read_face_mat(tmp_path / "a.mat")
