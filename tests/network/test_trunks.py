"""Backbones: which there are, and a network of one trained, written and tracked with."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'morph-face[train]'")

from torch import nn  # noqa: E402

from morph.errors import MorphError  # noqa: E402
from morph.inference.regressor import Regressor  # noqa: E402
from morph.network.folded import load_onnx_weights  # noqa: E402
from morph.network.onnx_graph import export_onnx  # noqa: E402
from morph.network.regressor import CoefficientRegressor, WeightsInfo, at_input_size, load_weights, save_weights  # noqa: E402
from morph.network.trunks import build_trunk  # noqa: E402
from morph.network.widen import widen  # noqa: E402

INFO = WeightsInfo("toy", "0123", n_shape=4, n_expression=3, input_size=64, backbone="timm/tiny")


def tiny(name, *, pretrained, num_classes, global_pool):
    """A network with timm's arguments: of "tiny" the map of features, of "tokens" none."""
    assert (pretrained, num_classes, global_pool) == (False, 0, "")
    if name not in ("tiny", "tokens"):
        raise RuntimeError(f"Unknown model ({name})")
    layers = [nn.Conv2d(3, 8, 3, stride=4, padding=1), nn.ReLU(), nn.Conv2d(8, 12, 3, stride=4, padding=1)]
    return nn.Sequential(*layers, *([nn.Flatten(2)] if name == "tokens" else []))


@pytest.fixture
def timm(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", types.SimpleNamespace(create_model=tiny))


def test_sizes_come_from_the_network(timm) -> None:
    assert build_trunk("timm/tiny", 1.0, 64)[1:] == (12, 4)
    assert build_trunk("shufflenet_v2", 0.5, 120)[1:] == (1024, 4)


@pytest.mark.parametrize(
    ("backbone", "says"),
    [
        ("resnet18", "it is shufflenet_v2, or timm/NAME"),
        ("timm/nothing", r"timm makes no backbone 'nothing' \(Unknown model"),
        ("timm/tokens", "gives no map of features"),
    ],
)
def test_unknown_backbones(timm, backbone: str, says: str) -> None:
    with pytest.raises(MorphError, match=says):
        build_trunk(backbone, 1.0, 64)


def test_without_timm(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MorphError, match="pip install timm"):
        build_trunk("timm/resnet18", 1.0, 64)


def test_weights_keep_their_backbone_and_run_in_onnx(timm, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = CoefficientRegressor(INFO).eval()
    save_weights(network, tmp_path / "w.safetensors")
    back = load_weights(tmp_path / "w.safetensors")
    assert back.info.backbone == "timm/tiny"
    crops = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    with torch.no_grad():
        flat, _ = back(torch.from_numpy(crops))
        assert torch.equal(flat, network(torch.from_numpy(crops))[0])
    export_onnx(back, tmp_path / "w.onnx")
    with pytest.raises(MorphError, match=r"give the weights\.safetensors of its run"):
        load_onnx_weights(tmp_path / "w.onnx")
    found, error = Regressor(tmp_path / "w.onnx")(crops)
    assert error is not None
    assert found.shape == pytest.approx(flat[:, :4].numpy(), abs=1e-4)
    assert at_input_size(network, 96).whitened(torch.zeros(1, 96, 96, 3, dtype=torch.uint8))[0].shape == (1, 16)
    with pytest.raises(MorphError, match="only a ShuffleNetV2 is widened"):
        widen(network, 2.0)


def test_metadata_of_shufflenet_stays_as_it_was() -> None:
    info = WeightsInfo("toy", "0123", n_shape=4, n_expression=3)
    assert "backbone" not in info.to_json()
    assert WeightsInfo.from_json(info.to_json()).backbone == "shufflenet_v2"


def test_a_network_of_timm_itself() -> None:
    pytest.importorskip("timm", reason="timm is not installed: pip install timm")
    network = CoefficientRegressor(WeightsInfo("toy", "0123", 4, 3, input_size=64, backbone="timm/mobilenetv3_small_050"))
    assert network.eval()(torch.zeros(1, 64, 64, 3, dtype=torch.uint8))[0].shape == (1, 16)
