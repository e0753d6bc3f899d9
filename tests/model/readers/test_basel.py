"""Basel Face Models in HDF5, on small files of the same layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Decoder, load_default_model
from morph.model.readers import read_model
from morph.model.readers.basel import NAMED

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra `convert`)")


def write_basel(path: Path, model, *, expression: bool = True, named: object = None) -> None:
    """Write a model as statismo does: unit columns, variances, cells (3, F)."""

    def part(file, name: str, mean, basis, std) -> None:
        flat = basis.reshape(mean.size, -1)
        norm = np.linalg.norm(flat, axis=0)
        file[f"{name}/model/mean"] = mean.ravel()
        file[f"{name}/model/pcaBasis"] = flat / norm
        file[f"{name}/model/pcaVariance"] = (std * norm) ** 2
        file[f"{name}/representer/cells"] = model.triangles.T
        file[f"{name}/representer/points"] = mean.reshape(-1, 3).T

    shift = np.full((len(model.mean), 3), 0.5) if expression else 0.0
    with h5py.File(path, "w") as file:
        part(file, "shape", model.mean - shift, model.shape_basis, model.shape_std)
        if expression:
            part(file, "expression", shift, model.expression_basis, model.expression_std)
        if named is not None:
            file["metadata/landmarks/json"] = json.dumps(named)


@pytest.fixture
def mapping(sketch_model, tmp_path) -> Path:
    path = tmp_path / "68.txt"
    path.write_text("\n".join(str(i) for i in sketch_model.landmarks))
    return path


def test_decodes_like_the_model_it_was_written_from(sketch_model, tmp_path, mapping):
    path = tmp_path / "model2017-1_toy.h5"
    write_basel(path, sketch_model)
    model = read_model(path, landmarks=mapping)
    assert (model.name, model.unit) == ("model2017-1_toy", "mm")
    np.testing.assert_array_equal(model.landmarks, sketch_model.landmarks)
    np.testing.assert_array_equal(model.triangles, sketch_model.triangles)
    rng = np.random.default_rng(0)
    z = rng.normal(size=6), rng.normal(size=5)
    np.testing.assert_allclose(Decoder(model)(*z), Decoder(sketch_model)(*z), atol=1e-3)


def test_a_model_without_expressions_is_that_of_2009(sketch_model, tmp_path, mapping):
    path = tmp_path / "bfm2009.h5"
    write_basel(path, sketch_model, expression=False)
    model = read_model(path, landmarks=mapping)
    assert model.n_expression == 0
    np.testing.assert_allclose(model.mean, sketch_model.mean, atol=1e-4)


@pytest.mark.parametrize("form", ["list", "object"])
def test_named_points_become_landmarks(tmp_path, form):
    head = load_default_model(0)
    at = {name: head.mean[head.landmarks[i]].tolist() for name, i in NAMED.items()}
    named = at if form == "object" else [{"id": name, "coordinates": xyz} for name, xyz in at.items()]
    path = tmp_path / "named.h5"
    write_basel(path, head, expression=False, named=named)
    model = read_model(path)
    np.testing.assert_allclose(model.mean[model.landmarks], head.mean[head.landmarks], atol=1e-3)


def expect(message: str, path: Path, **options: Path) -> None:
    with pytest.raises(MorphError, match=message) as caught:
        read_model(path, **options)
    assert "\n" not in str(caught.value)


def test_too_few_named_points(sketch_model, tmp_path):
    path = tmp_path / "few.h5"
    write_basel(path, sketch_model, named={"center.nose.tip": [0, 0, 90]})
    expect("only 1 of the 68 landmarks are known", path)
    write_basel(path, sketch_model, named={"some.other.name": [0, 0, 90]})
    expect("names no known points; give the 68 with `landmarks=`", path)
    write_basel(path, sketch_model, named=["nonsense"])
    expect("metadata/landmarks/json is damaged", path)
    write_basel(path, sketch_model)
    expect("give the 68 with `landmarks=`", path)


def test_damaged_files(sketch_model, tmp_path, mapping):
    path = tmp_path / "model.h5"
    write_basel(path, sketch_model)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    expect("not a whole HDF5 file", path, landmarks=mapping)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    expect("no Basel Face Model", path, landmarks=mapping)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shape/model/pcaBasis", np.zeros((30, 6)), r"pcaBasis has shape \(30, 6\), but 285 vertices need 855 rows"),
        ("shape/model/pcaVariance", np.ones(5), "pcaVariance has 5 numbers for 6 modes"),
        ("shape/model/mean", np.full(855, np.nan), "shape/model/mean holds numbers that are not finite"),
        ("shape/representer/cells", np.full((3, 4), 285), "are no triangles of 285 vertices"),
        ("expression/model/mean", np.zeros(30), "shape has 855 rows and expression 30"),
        ("expression/model/pcaVariance", None, "holds no expression/model/pcaVariance"),
        ("shape/representer/cells", None, "holds no shape/representer/cells"),
    ],
)
def test_bad_parts_are_named(sketch_model, tmp_path, mapping, name, value, message):
    path = tmp_path / "model.h5"
    write_basel(path, sketch_model)
    with h5py.File(path, "r+") as file:
        del file[name]
        if value is not None:
            file[name] = value
    expect(message, path, landmarks=mapping)
