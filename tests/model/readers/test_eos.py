"""eos archives: the Surrey model against eos-py, and every version of the layout written by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Decoder
from morph.model.readers import read_model
from morph.model.readers.eos import read_blendshapes


@pytest.fixture
def eos():
    return pytest.importorskip("eos", reason="the outside oracle eos-py is not installed (extra `dev`)")


@pytest.fixture
def surrey(research_data) -> dict[str, Path]:
    folder = research_data / "eos"
    return {
        "path": folder / "sfm_shape_3448.bin",
        "landmarks": folder / "ibug_to_sfm.txt",
        "expressions": folder / "expression_blendshapes_3448.bin",
    }


def test_surrey_model_decodes_as_eos_does(eos, surrey):
    model = read_model(**surrey)
    oracle = eos.morphablemodel.load_model(str(surrey["path"]))
    blendshapes = eos.morphablemodel.load_blendshapes(str(surrey["expressions"]))
    whole = eos.morphablemodel.MorphableModel(
        oracle.get_shape_model(), blendshapes, eos.morphablemodel.PcaModel(), None, oracle.get_texture_coordinates(), []
    )
    decoder, rng, worst = Decoder(model), np.random.default_rng(0), 0.0
    for _ in range(20):
        shape, expression = rng.normal(size=63), rng.uniform(0, 1, 6)
        vertices = np.array(whole.draw_sample(shape.tolist(), expression.tolist(), []).vertices)[:, :3]
        worst = max(worst, np.abs(decoder(shape, expression) - vertices).max())
    assert worst < 1e-4  # mm
    assert model.expression_names == ("anger", "disgust", "fear", "happiness", "sadness", "surprise")


def test_surrey_texture_is_the_one_that_eos_writes(eos, surrey, tmp_path):
    model = read_model(**surrey)
    mesh = eos.morphablemodel.load_model(str(surrey["path"])).get_mean()
    eos.core.write_textured_obj(mesh, str(tmp_path / "mean.obj"))
    lines = (tmp_path / "mean.obj").read_text().splitlines()
    written = np.array([line.split()[1:3] for line in lines if line.startswith("vt ")], float)
    np.testing.assert_allclose(model.uv, written, atol=1e-4)
    faces = [[int(corner.split("/")[0]) - 1 for corner in line.split()[1:]] for line in lines if line.startswith("f ")]
    np.testing.assert_array_equal(model.triangles, faces)


def test_surrey_landmarks(surrey):
    model = read_model(**surrey)
    stated = {8: 33, 30: 114, 36: 177, 45: 610, 48: 398, 54: 812, 67: 404}  # from 0, as in the mapping file
    assert {i: int(model.landmarks[i]) for i in stated} == stated
    points = model.mean[model.landmarks]
    jaw = points[:17]
    assert (np.diff(jaw[:, 0]) > 0).all()  # from the subject's right to the left
    assert (np.diff(jaw[:9, 1]) < 0).all()  # down to the chin
    assert (np.diff(jaw[8:, 1]) > 0).all()  # and up again
    np.testing.assert_allclose(jaw[::-1] * [-1, 1, 1], jaw, atol=8.0)  # as symmetric as its mesh
    for inner, outer in ((60, 48), (64, 54)):  # inner mouth corners, which the mapping leaves out
        assert np.linalg.norm(points[inner] - points[outer]) < 6


def matrix(array: np.ndarray) -> bytes:
    array = np.atleast_2d(np.asarray(array, "<f4").T).T
    return struct.pack("<2i", *array.shape) + array.T.tobytes()


def rows(array: np.ndarray) -> bytes:
    return struct.pack("<Q", len(array)) + array.tobytes()


def pca(mean, basis, variance, triangles) -> bytes:
    return matrix(mean) + matrix(basis) + matrix(variance) + rows(np.asarray(triangles, "<i4"))


def text(word: str) -> bytes:
    return struct.pack("<Q", len(word)) + word.encode()


def blendshapes(names, basis) -> bytes:
    return struct.pack("<Q", len(names)) + b"".join(text(name) + matrix(basis[:, i]) for i, name in enumerate(names))


def write_eos(path: Path, model, version: int, expression: bytes = b"\1", named: dict[str, int] | None = None) -> bytes:
    """An archive of the given version; ``expression`` is an optional value as stored: b"\\1" for none."""
    flat = model.shape_basis.reshape(855, -1)
    norm = np.linalg.norm(flat, axis=0)
    data = struct.pack("<I", version) + pca(model.mean.ravel(), flat / norm, (norm * model.shape_std) ** 2, model.triangles)
    data += pca(np.zeros((0, 1)), np.zeros((0, 0)), np.zeros((0, 1)), np.zeros((0, 3)))  # no colours
    if version >= 2:
        data += expression
    if version >= 3:
        pairs = named or {}
        data += b"\1" if named is None else b"\0" + struct.pack("<Q", len(pairs))
        data += b"".join(text(name) + struct.pack("<i", vertex) for name, vertex in pairs.items())
    data += rows(np.asarray(model.uv * [1, -1] + [0, 1], "<f8"))
    if version >= 4:
        data += rows(np.asarray(model.uv_triangles, "<i4"))
    path.write_bytes(data)
    return data


@pytest.fixture
def mapping(sketch_model, tmp_path) -> Path:
    path = tmp_path / "map.txt"
    lines = [f"{i + 1:2d} = {vertex:5d}  # point {i + 1}" for i, vertex in enumerate(sketch_model.landmarks)]
    path.write_text("\n".join(["# a comment", "[landmark_mappings]", *lines, "", "[contour_landmarks]", "right = [1,", "2]"]))
    return path


def check(model, toy, expression: np.ndarray, basis_std: np.ndarray | None = None) -> None:
    rng = np.random.default_rng(0)
    shape = rng.normal(size=6)
    expected = toy.mean + (toy.shape_basis * toy.shape_std) @ shape
    if len(expression):
        expected = expected + (toy.expression_basis * basis_std) @ expression
    np.testing.assert_allclose(Decoder(model)(shape, expression), expected, atol=1e-3)
    np.testing.assert_array_equal(model.landmarks, toy.landmarks)
    np.testing.assert_allclose(model.uv, toy.uv, atol=1e-6)
    np.testing.assert_array_equal(model.triangles, toy.triangles)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_shape_models_of_every_version(sketch_model, tmp_path, mapping, version):
    path = tmp_path / "toy.bin"
    write_eos(path, sketch_model, version)
    model = read_model(path, landmarks=mapping)
    assert model.n_expression == 0
    check(model, sketch_model, np.zeros(0))


def test_expressions_inside_as_pca_or_blendshapes(sketch_model, tmp_path, mapping):
    flat = sketch_model.expression_basis.reshape(855, -1)
    path = tmp_path / "toy.bin"
    modes = pca(np.zeros(855), flat, np.square([1, 2, 3, 4, 5.0]), np.zeros((0, 3)))
    write_eos(path, sketch_model, 4, b"\0" + struct.pack("<i", 0) + modes)
    check(read_model(path, landmarks=mapping), sketch_model, np.ones(5), np.arange(1, 6))
    write_eos(path, sketch_model, 4, b"\0" + struct.pack("<i", 1) + blendshapes(sketch_model.expression_names, flat))
    model = read_model(path, landmarks=mapping)
    check(model, sketch_model, np.linspace(0, 1, 5), np.ones(5))
    assert model.expression_names == sketch_model.expression_names


def test_mean_of_the_expressions_counts(sketch_model, tmp_path, mapping):
    path = tmp_path / "toy.bin"
    modes = pca(np.full(855, 0.5), np.ones((855, 1)), [1.0], np.zeros((0, 3)))
    write_eos(path, sketch_model, 4, b"\0" + struct.pack("<i", 0) + modes)
    np.testing.assert_allclose(read_model(path, landmarks=mapping).mean, sketch_model.mean + 0.5, atol=1e-4)


def test_blendshapes_of_their_own_file(sketch_model, tmp_path, mapping):
    write_eos(tmp_path / "toy.bin", sketch_model, 1)
    beside = tmp_path / "blendshapes.bin"
    beside.write_bytes(blendshapes(sketch_model.expression_names, sketch_model.expression_basis.reshape(855, -1)))
    model = read_model(tmp_path / "toy.bin", landmarks=mapping, expressions=beside)
    check(model, sketch_model, np.linspace(0, 1, 5), np.ones(5))


def test_landmarks_inside_the_file(sketch_model, tmp_path):
    path = tmp_path / "toy.bin"
    write_eos(path, sketch_model, 4, named={str(i + 1): int(v) for i, v in enumerate(sketch_model.landmarks)})
    np.testing.assert_array_equal(read_model(path).landmarks, sketch_model.landmarks)
    names = {f"point.{i}": int(v) for i, v in enumerate(sketch_model.landmarks)}
    write_eos(path, sketch_model, 4, named=names)
    words = tmp_path / "names.txt"
    words.write_text("\n".join(f'{i + 1} = "point.{i}"' for i in range(68)))
    np.testing.assert_array_equal(read_model(path, landmarks=words).landmarks, sketch_model.landmarks)
    expect("names no iBUG landmarks", path)


def test_files_that_eos_writes_itself(eos, sketch_model, tmp_path, mapping):
    api = eos.morphablemodel
    flat = sketch_model.shape_basis.reshape(855, -1).astype(np.float32)
    shape = api.PcaModel(sketch_model.mean.ravel(), flat, np.square(sketch_model.shape_std), sketch_model.triangles.tolist())
    offsets = sketch_model.expression_basis.reshape(855, -1).T
    shapes = [api.Blendshape(n, o.astype(np.float32)) for n, o in zip(sketch_model.expression_names, offsets, strict=True)]
    uv = (sketch_model.uv * [1, -1] + [0, 1]).tolist()
    named = {str(i + 1): int(v) for i, v in enumerate(sketch_model.landmarks)}
    whole = api.MorphableModel(shape, shapes, api.PcaModel(), named, uv, sketch_model.uv_triangles.tolist())
    api.save_model(whole, str(tmp_path / "eos.bin"))
    check(read_model(tmp_path / "eos.bin"), sketch_model, np.linspace(0, 1, 5), np.ones(5))


def expect(message: str, path: Path, **options: Path) -> None:
    with pytest.raises(MorphError, match=message) as caught:
        read_model(path, **options)
    assert "\n" not in str(caught.value)


def test_truncated_anywhere(sketch_model, tmp_path, mapping):
    path = tmp_path / "toy.bin"
    whole = write_eos(path, sketch_model, 4, named={"1": 3})
    for keep in (12, 100, 5000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:keep])
        expect("cut short or no eos file", path, landmarks=mapping)
    path.write_bytes(whole + b"\0")
    expect("1 bytes too many", path, landmarks=mapping)


def test_expressions_of_another_mesh(sketch_model, tmp_path, mapping):
    write_eos(tmp_path / "toy.bin", sketch_model, 1)
    beside = tmp_path / "blendshapes.bin"
    beside.write_bytes(blendshapes(["smile"], np.zeros((30, 1))))
    expect("expressions for 10 vertices, .* has 285", tmp_path / "toy.bin", landmarks=mapping, expressions=beside)
    beside.write_bytes(struct.pack("<Q", 2) + text("a") + matrix(np.zeros(30)) + text("b") + matrix(np.zeros(33)))
    with pytest.raises(MorphError, match="blendshapes of different lengths"):
        read_blendshapes(beside)
    beside.write_bytes(b"not blendshapes at all")
    expect("holds no blendshapes", tmp_path / "toy.bin", landmarks=mapping, expressions=beside)


def test_numbers_that_are_not_finite(sketch_model, tmp_path, mapping):
    path = tmp_path / "toy.bin"
    data = bytearray(write_eos(path, sketch_model, 1))
    data[12:16] = struct.pack("<f", np.nan)
    path.write_bytes(data)
    expect("the mean holds numbers that are not finite", path, landmarks=mapping)


def test_a_mapping_is_needed(sketch_model, tmp_path):
    write_eos(tmp_path / "toy.bin", sketch_model, 1)
    expect(r"names no iBUG landmarks; give eos's mapping, such as ibug_to_sfm\.txt, with `landmarks=`", tmp_path / "toy.bin")
