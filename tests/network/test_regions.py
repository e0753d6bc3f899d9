"""Cells of maps read by themselves: nothing at first, sides apart, in every file of weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from morph.errors import MorphError
from morph.inference.regressor import Regressor
from morph.network.folded import load_onnx_weights
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import CoefficientRegressor, WeightsInfo, at_input_size, load_weights, rewhiten, save_weights
from morph.network.widen import widen


def _network(regions: bool = True) -> CoefficientRegressor:
    torch.manual_seed(3)
    info = WeightsInfo("toy", "0", 4, 5, width=0.5, input_size=64, regions=regions)
    return CoefficientRegressor(info, torch.zeros(18), torch.linspace(0.5, 1.5, 18)).eval()


def _speaking() -> CoefficientRegressor:
    network = _network()
    assert network.regions is not None
    torch.nn.init.normal_(network.regions.say.weight, std=0.1)
    return network


def _crops() -> torch.Tensor:
    return torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))


def test_they_start_as_nothing() -> None:
    network, plain = _network(), _network(regions=False)
    plain.load_state_dict({name: value for name, value in network.state_dict().items() if not name.startswith("regions")})
    assert torch.equal(network(_crops())[0], plain(_crops())[0])


def test_a_cell_is_read_by_itself() -> None:
    network = _speaking()
    assert network.regions is not None
    finer, last = network.regions.maps(network.features, torch.zeros(1, 3, 64, 64))  # type: ignore[arg-type]
    said = []
    for column in (0, 3):
        spot = torch.zeros_like(finer)
        spot[0, :, 1, column] = 5.0
        said.append(network.regions(spot, torch.zeros_like(last)))
    assert (said[0] - said[1]).abs().max() > 1e-3  # the same thing on the other side is another thing


def test_every_file_of_weights_keeps_them(tmp_path: Path) -> None:
    network = _speaking()
    save_weights(network, tmp_path / "w.safetensors")
    export_onnx(network, tmp_path / "w.onnx")
    want = network(_crops())[0].detach()
    assert torch.equal(load_weights(tmp_path / "w.safetensors")(_crops())[0], want)
    assert torch.allclose(load_onnx_weights(tmp_path / "w.onnx")(_crops())[0], want, atol=1e-4)
    said = Regressor(tmp_path / "w.onnx")(_crops().numpy())[0]
    assert np.allclose(np.concatenate([said.shape, said.expression], 1), want[:, :9].numpy(), atol=1e-3)


def test_another_whitening_says_the_same() -> None:
    network = _speaking()
    want = network(_crops())[0].detach()
    rewhiten(network, torch.linspace(-1, 1, 18), torch.linspace(1, 3, 18))
    assert torch.allclose(network(_crops())[0], want, atol=1e-4)


def test_pictures_of_another_size_are_refused() -> None:
    network = _network()
    with pytest.raises(MorphError, match="its own size only"):
        network(torch.zeros(1, 96, 96, 3, dtype=torch.uint8))
    with pytest.raises(MorphError, match="one size only"):
        at_input_size(network, 96)
    with pytest.raises(MorphError, match="not widened"):
        widen(network, 1.0)


def test_other_backbones_have_none() -> None:
    with pytest.raises(MorphError, match="leave them out"):
        CoefficientRegressor(WeightsInfo("toy", "0", 4, 5, input_size=64, regions=True, backbone="timm/resnet18"))
