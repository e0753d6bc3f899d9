"""Experts by angle: nothing at first, blended without a jump, in every file of weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from morph.inference.regressor import Regressor
from morph.network.folded import load_onnx_weights
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import BLEND, AngleExperts, CoefficientRegressor, WeightsInfo, load_weights, save_weights


def _network(borders: tuple[float, ...] = (30.0, 60.0)) -> CoefficientRegressor:
    torch.manual_seed(3)
    info = WeightsInfo("toy", "0", 4, 5, width=0.5, input_size=64, angle_borders=borders)
    mean = torch.zeros(18)
    mean[9], mean[13] = 1.0, 1.0  # rows of a head that looks ahead
    return CoefficientRegressor(info, mean, torch.linspace(0.5, 1.5, 18)).eval()


def test_they_start_as_nothing() -> None:
    network, plain = _network(), _network(())
    plain.load_state_dict({name: value for name, value in network.state_dict().items() if not name.startswith("experts")})
    crops = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)
    assert torch.equal(network(crops)[0], plain(crops)[0])


def test_each_speaks_in_its_range_and_none_jumps() -> None:
    experts = AngleExperts(4, 2, (30.0, 60.0))
    with torch.no_grad():
        experts.heads.bias.copy_(torch.tensor([1.0, 1.0, 10.0, 10.0, 100.0, 100.0]))
    yaw = torch.linspace(0, 90, 9001)
    said = experts(torch.zeros(len(yaw), 4), yaw)[:, 0]
    assert said[yaw < 30 - BLEND].unique().tolist() == [1.0]
    assert said[(yaw > 30 + BLEND) & (yaw < 60 - BLEND)].unique().tolist() == [10.0]
    assert said[yaw > 60 + BLEND].unique().tolist() == [100.0]
    assert said.diff().abs().max() < 0.1  # a hundredth of a degree at a time
    assert torch.allclose(experts.shares(yaw).sum(1), torch.ones(len(yaw)))


@pytest.mark.parametrize("degrees", [-75.0, -10.0, 45.0, 80.0])
def test_they_are_chosen_by_the_yaw_that_the_network_says(degrees: float) -> None:
    network = _network()
    flat = torch.zeros(1, 18)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    flat[0, 9:15] = torch.tensor([2 * c, 0, -2 * s, 0, 1, 0])
    assert float(network._yaw(network.whiten(flat))[0]) == pytest.approx(abs(degrees), abs=1e-3)


@pytest.mark.slow
def test_files_keep_them(tmp_path: Path) -> None:
    network = _network()
    assert network.experts is not None
    torch.nn.init.normal_(network.experts.heads.weight, std=0.05)
    torch.nn.init.normal_(network.experts.heads.bias, std=0.5)
    crops = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        want = network(crops)[0].numpy()
    save_weights(network, tmp_path / "w.safetensors")
    export_onnx(network, tmp_path / "w.onnx")
    export_onnx(network, tmp_path / "half.onnx", half=True)
    assert (tmp_path / "half.onnx").stat().st_size < 0.85 * (tmp_path / "w.onnx").stat().st_size
    half = load_onnx_weights(tmp_path / "half.onnx")
    with torch.no_grad():
        np.testing.assert_allclose(half(crops)[0].numpy(), want, atol=1e-2)
    for back in (load_weights(tmp_path / "w.safetensors"), load_onnx_weights(tmp_path / "w.onnx")):
        assert back.info.angle_borders == (30.0, 60.0)
        with torch.no_grad():
            np.testing.assert_allclose(back(crops)[0].numpy(), want, atol=1e-3)
    coefficients, _ = Regressor(tmp_path / "w.onnx")(crops.numpy())
    np.testing.assert_allclose(coefficients.shape, want[:, :4], atol=1e-3)
