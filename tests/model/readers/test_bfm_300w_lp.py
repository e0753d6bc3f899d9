"""The BFM of 300W-LP in its three forms: on the real basis, and on made-up files of the same layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from morph.errors import MorphError
from morph.model import Decoder, MorphableModel, ScaledOrthographicCamera, landmark_decoder
from morph.model.readers import read_model


def test_aflw2000_labels_decode_to_their_own_points(research_data):
    """Outside check: raw Shape_Para, Exp_Para and Pose_Para of 999 files against the 3D points that those files store."""
    model = read_model(research_data / "BFM" / "bfm53215_40_10.npz")
    decoder = landmark_decoder(model)
    errors = []
    for path in sorted((research_data / "AFLW2000").glob("*.mat")):
        label = loadmat(path, variable_names=["Pose_Para", "Shape_Para", "Exp_Para", "pt3d_68"])
        camera = ScaledOrthographicCamera.from_300w_lp(label["Pose_Para"][0], 450)
        shape, expression = label["Shape_Para"][:40, 0], label["Exp_Para"][:10, 0]
        points = camera.project(decoder(shape / model.shape_std, expression / model.expression_std))[:, :2]
        stored = label["pt3d_68"][:2].T - 1.0  # Matlab counts pixels from 1
        errors.append(np.linalg.norm(points - stored, axis=1).mean())
    assert len(errors) == 999
    assert np.mean(errors) <= 1.70


def test_real_basis(research_data):
    model = read_model(research_data / "BFM" / "bfm53215_40_10.npz", std=research_data / "reference" / "param_std_62.txt")
    assert (model.n_vertices, model.n_shape, model.n_expression, len(model.triangles)) == (53215, 40, 10, 105840)
    assert model.unit == "um"
    assert model.shape_std[0] == pytest.approx(575421.1, rel=1e-5)
    assert model.expression_std[-1] == pytest.approx(0.25597, rel=1e-4)
    a, b, c = (model.mean[model.triangles[:, i]].astype(float) for i in range(3))
    normals = np.cross(b - a, c - a)
    assert normals[:, 2].sum() > 0  # anticlockwise seen from the front


def test_assumed_spread_is_near_the_measured_one(research_data):
    path = research_data / "BFM" / "bfm53215_40_10.npz"
    assumed, measured = read_model(path), read_model(path, std=research_data / "reference" / "param_std_62.txt")
    ratio = np.r_[assumed.shape_std / measured.shape_std, assumed.expression_std / measured.expression_std]
    assert 0.4 < ratio.min() <= ratio.max() < 3.0


@pytest.fixture
def raw(sketch_model) -> dict[str, np.ndarray]:
    """The toy face in the form of 300W-LP: micrometres, flat rows, clockwise triangles counted from 1."""
    parts = (sketch_model.mean, sketch_model.shape_basis, sketch_model.expression_basis)
    mean, shape, expression = (1000.0 * np.asarray(part, np.float64).reshape(285 * 3, -1) for part in parts)
    tri = (sketch_model.triangles[:, ::-1] + 1).T
    return {"mean": mean, "shape": shape, "expression": expression, "tri": tri, "keypoints": sketch_model.landmarks}


def same_face(model: MorphableModel, toy: MorphableModel) -> None:
    """Geometry, facing and landmarks are the toy's, a thousandfold."""
    np.testing.assert_allclose(model.mean, 1000 * toy.mean, rtol=1e-6)
    np.testing.assert_allclose(model.shape_basis, 1000 * toy.shape_basis, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(model.expression_basis, 1000 * toy.expression_basis, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(model.landmarks, toy.landmarks)
    np.testing.assert_array_equal(model.triangles, toy.triangles)


@pytest.fixture
def matlab(raw, tmp_path) -> Path:
    folder = tmp_path / "matlab"
    folder.mkdir()
    shape = {"mu_shape": 0.25 * raw["mean"], "w": raw["shape"], "sigma": np.arange(1.0, 7)[:, None], "tri": raw["tri"]}
    savemat(folder / "Model_Shape.mat", {**shape, "keypoints": raw["keypoints"][None] + 1})
    expression = {"mu_exp": 0.75 * raw["mean"], "w_exp": raw["expression"], "sigma_exp": np.arange(7.0, 12)[:, None]}
    savemat(folder / "Model_Exp.mat", expression)
    return folder


def test_matlab_files(matlab, sketch_model):
    model = read_model(matlab / "Model_Shape.mat")
    same_face(model, sketch_model)
    np.testing.assert_array_equal(model.shape_std, np.arange(1, 7))
    np.testing.assert_array_equal(model.expression_std, np.arange(7, 12))
    same_face(read_model(matlab), sketch_model)


def test_matlab_expressions_under_their_other_name_or_given(matlab, sketch_model, tmp_path):
    (matlab / "Model_Exp.mat").rename(matlab / "Model_Expression.mat")
    same_face(read_model(matlab), sketch_model)
    (matlab / "Model_Expression.mat").rename(tmp_path / "e.mat")
    with pytest.raises(MorphError, match=r"no Model_Exp\.mat beside .*`expressions=`"):
        read_model(matlab)
    same_face(read_model(matlab, expressions=tmp_path / "e.mat"), sketch_model)


def test_matlab_version_7_3(matlab, sketch_model):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra `convert`)")
    for path in list(matlab.glob("*.mat")):
        arrays = {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, value in arrays.items():
                file[name] = value.T
        with path.open("r+b") as stream:
            stream.write(b"MATLAB 7.3 MAT-file".ljust(128))
    same_face(read_model(matlab), sketch_model)


@pytest.fixture
def arrays(raw, tmp_path) -> Path:
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "u_shp.npy", 0.5 * raw["mean"])
    np.save(folder / "u_exp.npy", 0.5 * raw["mean"])
    np.save(folder / "w_shp_sim.npy", raw["shape"])
    np.save(folder / "w_exp_sim.npy", raw["expression"])
    np.save(folder / "keypoints_sim.npy", (3 * raw["keypoints"][:, None] + np.arange(3)).ravel())
    savemat(folder / "tri.mat", {"tri": raw["tri"]})
    return folder


def test_arrays_of_3ddfa(arrays, sketch_model):
    same_face(read_model(arrays), sketch_model)


def test_std_file(arrays, tmp_path):
    path = tmp_path / "std.txt"
    path.write_text(" ".join(str(n) for n in range(1, 24)))  # 12 of pose first, as 3DDFA's 62 have them
    model = read_model(arrays, std=path)
    np.testing.assert_array_equal(model.shape_std, np.arange(13, 19))
    np.testing.assert_array_equal(model.expression_std, np.arange(19, 24))


def test_assumed_spread_moves_vertices_as_documented(arrays):
    model = read_model(arrays)
    moved = np.sqrt(((model.shape_basis * model.shape_std) ** 2).sum(1).mean(0))
    np.testing.assert_allclose(moved, 2500 / np.arange(1, 7), rtol=1e-4)
    moved = np.sqrt(((model.expression_basis * model.expression_std) ** 2).sum(1).mean(0))
    np.testing.assert_allclose(moved, 1500 / np.sqrt(np.arange(1, 6)), rtol=1e-4)


def test_npz(raw, sketch_model, tmp_path):
    path = tmp_path / "bfm.npz"
    named = {"u": raw["mean"].reshape(-1, 3), "w_shp": raw["shape"], "w_exp": raw["expression"]}
    np.savez(path, **named, tri=raw["tri"], keypoints=raw["keypoints"])
    model = read_model(path)
    same_face(model, sketch_model)
    z = np.ones(6) / model.shape_std, np.zeros(5)
    np.testing.assert_allclose(
        Decoder(model)(*z), 1000 * (sketch_model.mean + sketch_model.shape_basis.sum(-1)), rtol=1e-4, atol=1
    )


def test_anticlockwise_triangles_stay(raw, sketch_model, tmp_path):
    path = tmp_path / "bfm.npz"
    named = {"u": raw["mean"].reshape(-1, 3), "w_shp": raw["shape"], "w_exp": raw["expression"]}
    np.savez(path, **named, tri=raw["tri"][::-1], keypoints=raw["keypoints"])
    np.testing.assert_array_equal(read_model(path).triangles, sketch_model.triangles)


def expect(message: str, path: Path, **options: Path) -> None:
    with pytest.raises(MorphError, match=message) as caught:
        read_model(path, **options)
    assert "\n" not in str(caught.value)


def test_pickles_are_refused(arrays, tmp_path):
    (arrays / "tri.mat").unlink()
    (arrays / "tri.pkl").write_bytes(b"\x80\x03}q\x00.")
    expect(r"tri\.pkl is a pickle, which morph never opens; put 3DDFA's tri\.mat", arrays)
    expect(r"tri\.pkl is a Python pickle", arrays / "tri.pkl")
    shutil.copy(arrays / "tri.pkl", tmp_path / "bfm_noneck_v3.bin")  # by content, not by name
    expect("is a Python pickle", tmp_path / "bfm_noneck_v3.bin")
    np.save(tmp_path / "w_shp_sim.npy", np.array([{}], object))
    shutil.copy(tmp_path / "w_shp_sim.npy", arrays / "w_shp_sim.npy")
    expect(r"w_shp_sim\.npy holds Python pickles", arrays)


def test_parts_that_do_not_match_are_named(arrays, matlab, raw, tmp_path):
    np.save(arrays / "w_exp_sim.npy", raw["expression"][:-3])
    expect(r"the expression basis has shape \(852, 5\), but 285 vertices need 855 rows", arrays)
    savemat(matlab / "Model_Exp.mat", {"mu_exp": np.zeros((30, 1)), "w_exp": np.zeros((30, 2)), "sigma_exp": np.ones(2)})
    expect("has 855 rows and .* 30; the parts do not match", matlab)
    savemat(matlab / "Model_Exp.mat", {"mu_exp": np.zeros((855, 1))})
    expect(r"Model_Exp\.mat holds no w_exp", matlab)
    savemat(tmp_path / "other.mat", {"x": np.zeros(3)})
    expect("holds no mu_shape", tmp_path / "other.mat")


def test_triangles_of_another_mesh(arrays):
    savemat(arrays / "tri.mat", {"tri": np.array([[1], [2], [286]])})
    expect("counts to 286, but the model has 285 vertices", arrays)


def test_numbers_that_are_not_finite(arrays, raw):
    bad = raw["shape"].copy()
    bad[7, 2] = np.nan
    np.save(arrays / "w_shp_sim.npy", bad)
    expect("the shape basis holds numbers that are not finite", arrays)


def test_landmarks_of_another_mesh(arrays, raw):
    np.save(arrays / "keypoints_sim.npy", np.full(68, 999))
    expect("keypoints point outside the 285 vertices", arrays)
    np.save(arrays / "keypoints_sim.npy", raw["keypoints"][::-1])
    expect("the landmarks do not lie on the face", arrays)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_truncated_files(arrays, matlab, keep):
    for path, folder in ((arrays / "u_shp.npy", arrays), (matlab / "Model_Shape.mat", matlab)):
        data = path.read_bytes()
        path.write_bytes(data[: int(keep * len(data))])
        expect("cut short or damaged|not a whole Matlab file|holds no", folder)


def test_bad_std_files(arrays, tmp_path):
    path = tmp_path / "std.txt"
    for content, message in (("1 2 3", r"holds 3 numbers; this model needs 6 \+ 5"), ("a b", "not a text file of numbers")):
        path.write_text(content)
        expect(message, arrays, std=path)
    path.write_text(" ".join(["1"] * 10 + ["0"]))
    expect("not positive", arrays, std=path)
    expect("no file", arrays, std=tmp_path / "absent.txt")


def test_a_folder_of_something_else(tmp_path):
    expect(r"holds neither Model_Shape\.mat nor w_shp_sim\.npy", tmp_path)


def test_options_that_do_not_apply(matlab, tmp_path):
    path = tmp_path / "std.txt"
    path.write_text("1")
    expect("takes no --std", matlab, std=path)
