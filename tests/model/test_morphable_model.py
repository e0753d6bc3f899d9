"""The model type and its file: checks, round trips and damaged files."""

from __future__ import annotations

import contextlib
import dataclasses
import pickle

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import MorphableModel, load_default_model, load_model


def test_round_trip(sketch_model, tmp_path):
    path = tmp_path / "toy.npz"
    sketch_model.save(path)
    back = load_model(path)
    for field in dataclasses.fields(MorphableModel):
        old, new = getattr(sketch_model, field.name), getattr(back, field.name)
        if isinstance(old, np.ndarray):
            np.testing.assert_array_equal(new, old)
            assert new.dtype == old.dtype
        elif field.name != "vertex_masks":
            assert new == old
    np.testing.assert_array_equal(back.vertex_masks["lower"], sketch_model.vertex_masks["lower"])


def test_half_precision_keeps_identity_and_loses_little(sketch_model, tmp_path):
    sketch_model.save(tmp_path / "half.npz", half=True)
    sketch_model.save(tmp_path / "whole.npz")
    back = load_model(tmp_path / "half.npz")
    assert back.identity == sketch_model.identity
    np.testing.assert_array_equal(back.mean, sketch_model.mean)
    peak = np.abs(sketch_model.shape_basis).max(axis=(0, 1))
    assert (np.abs(back.shape_basis - sketch_model.shape_basis).max(axis=(0, 1)) <= 2.0**-11 * peak).all()
    assert (tmp_path / "half.npz").stat().st_size < 0.8 * (tmp_path / "whole.npz").stat().st_size


def test_bytes_depend_on_the_model_alone(sketch_model, tmp_path):
    sketch_model.save(tmp_path / "a.npz")
    sketch_model.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_model_without_expressions(sketch_model, tmp_path):
    bare = dataclasses.replace(
        sketch_model, expression_basis=np.zeros((285, 3, 0)), expression_std=np.zeros(0), expression_names=(), identity=""
    )
    bare.save(tmp_path / "bare.npz", half=True)
    assert load_model(tmp_path / "bare.npz").n_expression == 0
    assert bare.identity != sketch_model.identity


def test_types_are_settled(sketch_model):
    model = dataclasses.replace(
        sketch_model, landmarks=sketch_model.landmarks.astype(np.float64), mean=sketch_model.mean.astype(int)
    )
    assert model.landmarks.dtype == np.int32
    assert model.mean.dtype == np.float32


def test_names_and_edges(sketch_model):
    assert dataclasses.replace(sketch_model, expression_names=()).expression_names[1] == "expression_01"
    edges = sketch_model.edges
    assert (edges[:, 0] < edges[:, 1]).all()
    assert sketch_model.n_vertices - len(edges) + len(sketch_model.triangles) == 1  # a disc


BAD = {
    "mean": (np.zeros((285, 2)), r"mean must have shape \(285, 3\), got \(285, 2\)"),
    "shape_basis": (np.zeros((284, 3, 6)), r"shape_basis must have shape \(285, 3, 6\), got \(284, 3, 6\)"),
    "expression_basis": (np.zeros((285, 15)), r"expression_basis must have 3 axes, got shape \(285, 15\)"),
    "shape_std": (np.ones(7), r"shape_std must have shape \(6,\)"),
    "expression_std": (np.array([1, 1, np.nan, 1, 1]), "expression_std holds numbers that are not finite"),
    "triangles": (np.full((504, 3), 285), "triangles points outside its 285 vertices"),
    "landmarks": (np.zeros(51, int), r"landmarks must have shape \(68,\), got \(51,\)"),
    "quads": (np.zeros((4, 3), int), r"quads must have shape \(4, 4\)"),
    "regions": (np.zeros(3, int), r"regions must have shape"),
    "vertex_mirror": (np.zeros(4, int), r"vertex_mirror must have shape \(285,\)"),
    "uv": (np.zeros((2, 2)), "points outside its 2 texture coordinates"),
    "vertex_masks": ({"lips": np.zeros(3)}, r"mask lips must have shape \(285,\), got \(3,\)"),
    "expression_names": (("one",), "1 names for 5 expressions"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_parts_are_named(sketch_model, name):
    value, message = BAD[name]
    with pytest.raises(MorphError, match=message):
        dataclasses.replace(sketch_model, **{name: value})


def test_fractions_are_no_vertices(sketch_model):
    with pytest.raises(MorphError, match="landmarks must hold whole numbers"):
        dataclasses.replace(sketch_model, landmarks=np.full(68, 0.5))


def test_missing_file(tmp_path):
    with pytest.raises(MorphError, match=r"no model file .*nothing\.npz"):
        load_model(tmp_path / "nothing.npz")


@pytest.mark.parametrize("keep", [0, 10, 500, 0.5, 0.99])
def test_truncated_file(sketch_model, tmp_path, keep):
    path = tmp_path / "toy.npz"
    sketch_model.save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(MorphError, match="is not a morph model"):
        load_model(path)


def test_flipped_bytes_never_give_a_wrong_model(sketch_model, tmp_path):
    path = tmp_path / "toy.npz"
    sketch_model.save(path)
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(data), 30):
        damaged = data.copy()
        damaged[at : at + 4] = bytes(b ^ 0xA5 for b in damaged[at : at + 4])
        path.write_bytes(damaged)
        with contextlib.suppress(MorphError):
            assert load_model(path).identity == sketch_model.identity  # the bytes did not matter (a date, say)


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04 not a zip", pickle.dumps({"mean": 1})])
def test_files_of_other_kinds(tmp_path, content):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(MorphError, match="is not a morph model"):
        load_model(path)


def test_pickled_arrays_are_refused(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, format=np.array("morph-model-1"), mean=np.array([{}], object))
    with pytest.raises(MorphError, match="is not a morph model"):
        load_model(path)


def test_missing_and_unknown_parts_are_named(sketch_model, tmp_path):
    path = tmp_path / "toy.npz"
    sketch_model.save(path)
    arrays = dict(np.load(path))
    np.savez(path, **{name: array for name, array in arrays.items() if name != "shape_std"})
    with pytest.raises(MorphError, match="damaged morph model, check shape_std"):
        load_model(path)
    np.savez(path, **arrays, colour=np.zeros(3))
    with pytest.raises(MorphError, match="check colour"):
        load_model(path)


def test_unwritable_folder(sketch_model, tmp_path):
    with pytest.raises(MorphError, match="cannot write"):
        sketch_model.save(tmp_path / "no" / "such" / "toy.npz")


def test_default_model_knows_its_levels():
    with pytest.raises(MorphError, match="levels 0, 1 and 2, not 7"):
        load_default_model(7)
