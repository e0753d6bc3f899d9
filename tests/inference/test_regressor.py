from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from standins import frontal, sheet_model, write_weights

from morph.errors import MorphError
from morph.inference.regressor import SHIPPED, Regressor, default_weights, find_weights, shipped_weights
from morph.model.default_model import load_default_model


def test_a_batch_of_crops_gives_the_networks_answer(tmp_path):
    model = sheet_model()
    regressor = Regressor(write_weights(tmp_path / "w.onnx", model, size=48, error=0.03))
    found, error = regressor(np.zeros((3, 48, 48, 3), np.uint8))
    want = frontal(model, 48)
    assert regressor.input_size == 48
    assert found.flatten() == pytest.approx(np.tile(want.flatten(), (3, 1)), abs=1e-5)
    assert error == pytest.approx([0.03] * 3)


def test_the_error_may_be_missing(tmp_path):
    regressor = Regressor(write_weights(tmp_path / "w.onnx", sheet_model(), error=None))
    assert not regressor.knows_error
    assert regressor(np.zeros((1, 64, 64, 3), np.uint8))[1] is None


@pytest.mark.parametrize("crops", [np.zeros((1, 60, 64, 3), np.uint8), np.zeros((1, 64, 64, 3), np.float32)])
def test_wrong_crops(tmp_path, crops):
    regressor = Regressor(write_weights(tmp_path / "w.onnx", sheet_model()))
    with pytest.raises(MorphError, match=r"crops must be \(N, 64, 64, 3\) uint8"):
        regressor(crops)


def test_text_as_weights(tmp_path):
    (tmp_path / "w.onnx").write_text("these are no weights")
    with pytest.raises(MorphError, match="not an ONNX network"):
        Regressor(tmp_path / "w.onnx")


def test_missing_weights(tmp_path):
    with pytest.raises(MorphError, match="no weights file"):
        Regressor(tmp_path / "w.onnx")


def test_another_network():  # the detector's ships, and says nothing of itself
    with pytest.raises(MorphError, match="not weights of morph"):
        Regressor(default_weights().parent / "centerface.onnx")


def test_another_format_or_crop(tmp_path):
    with pytest.raises(MorphError, match="has crop 'box106', not 'box68-sqrt2'"):
        Regressor(write_weights(tmp_path / "w.onnx", sheet_model(), info={"crop": "box106"}))
    with pytest.raises(MorphError, match="update morph"):
        Regressor(write_weights(tmp_path / "v.onnx", sheet_model(), info={"format": "morph-weights-9"}))


def test_metadata_that_disagrees_with_the_network(tmp_path):
    model = sheet_model()
    info = {"name": "toy", "identity": model.identity, "n_shape": 7, "n_expression": 2}
    regressor = Regressor(write_weights(tmp_path / "w.onnx", model, info={"model": info}))
    with pytest.raises(MorphError, match="metadata states"):
        regressor(np.zeros((1, 64, 64, 3), np.uint8))


def test_weights_for_another_model(tmp_path):
    regressor = Regressor(write_weights(tmp_path / "w.onnx", sheet_model()))
    regressor.check_model(sheet_model())
    with pytest.raises(MorphError, match="trained for the model 'toy'"):
        regressor.check_model(sheet_model("other"))


def test_weights_that_ship_have_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_weights(None) == default_weights() == shipped_weights("x1.0")
    assert find_weights("x0.5").name == "shufflenet_v2_x0.5.onnx"
    assert find_weights("runs/w.onnx") == Path("runs/w.onnx")
    Path("x0.5").touch()
    assert find_weights("x0.5") == Path("x0.5")  # a file of that name goes before
    with pytest.raises(MorphError, match=r"choose one of x0.5, x1.0"):
        shipped_weights("x7")


@pytest.mark.parametrize("name", SHIPPED)
def test_all_that_ship_say_what_they_are(name):
    regressor = Regressor(name)
    assert f"x{regressor.info['width']}" == name
    assert regressor.info["licence"] == "CC0-1.0"
    regressor.check_model(load_default_model(1))
    assert regressor.path.with_suffix(".md").is_file()
    assert sum(shipped_weights(each).stat().st_size for each in SHIPPED) < 40e6
