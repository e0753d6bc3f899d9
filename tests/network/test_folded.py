"""An exported network comes back, and training mode says what inference says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from morph.errors import MorphError
from morph.network.folded import load_onnx_weights, unfold
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import CoefficientRegressor, WeightsInfo


@pytest.fixture(scope="module")
def network() -> CoefficientRegressor:
    torch.manual_seed(0)
    info = WeightsInfo("toy", "0", 4, 3, width=0.5, input_size=64)
    network = CoefficientRegressor(info, torch.randn(info.layout.size), torch.rand(info.layout.size) + 0.5).train()
    with torch.no_grad():
        for _ in range(20):  # statistics of the normalisation that are not the initial ones
            network.whitened(torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8))
        network.head.weight.normal_(std=0.3)
        network.head.bias.normal_()
    return network.eval()


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    return torch.randint(0, 256, (64, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def exported(network: CoefficientRegressor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "w.onnx"
    export_onnx(network, path)
    return path


@pytest.mark.parametrize("unfolded", [False, True])
def test_onnx_comes_back(network: CoefficientRegressor, crops: torch.Tensor, exported: Path, unfolded: bool) -> None:
    back = load_onnx_weights(exported)
    assert back.info == network.info
    if unfolded:
        unfold(back, crops.split(32))
    with torch.no_grad():
        torch.testing.assert_close(back(crops[:8]), network(crops[:8]), rtol=1e-3, atol=1e-3)


def test_training_mode_agrees_after_unfolding(network: CoefficientRegressor, crops: torch.Tensor, exported: Path) -> None:
    back = load_onnx_weights(exported)
    with torch.no_grad():
        want = network.whitened(crops)[0]
        folded_error = (back.train().whitened(crops)[0] - want).abs().mean()
    back = unfold(load_onnx_weights(exported), [crops])
    with torch.no_grad():
        error = (back.train().whitened(crops)[0] - want).abs().mean()
    assert error < 0.02 * want.std()
    assert folded_error > 10 * error  # without it the network would start from another function


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="no weights at"):
        load_onnx_weights(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a graph, " * 20)
    with pytest.raises(MorphError, match="is not an ONNX file"):
        load_onnx_weights(tmp_path / "text.onnx")
