"""Wider networks that begin as narrower ones."""

from pathlib import Path

import pytest
import torch

from morph.cli import main
from morph.errors import MorphError
from morph.network.regressor import CoefficientRegressor, WeightsInfo, load_weights, save_weights
from morph.network.widen import widen


def _network(width: float) -> CoefficientRegressor:
    torch.manual_seed(1)
    network = CoefficientRegressor(
        WeightsInfo("toy", "0", 4, 5, width=width, input_size=64), torch.randn(18), torch.rand(18) + 0.5
    )
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_in")
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.3)
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    torch.nn.init.normal_(network.pool.weight, std=0.3)
    torch.nn.init.normal_(network.head.weight, std=0.1)
    return network.eval()


def _pictures(count: int) -> torch.Tensor:
    blocks = torch.randint(0, 256, (count, 3, 4, 4), generator=torch.Generator().manual_seed(2)).float()
    return torch.nn.functional.interpolate(blocks, size=64).permute(0, 2, 3, 1).to(torch.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(("narrow", "wide"), [(1.0, 2.0), (1.0, 1.5), (1.5, 2.0), (0.5, 1.0)])
@pytest.mark.parametrize("training", [False, True])
def test_a_wider_network_begins_as_the_narrower_one(narrow: float, wide: float, training: bool) -> None:
    network = _network(narrow).train(training)
    other = widen(network, wide)
    assert other.info.width == wide
    crops = _pictures(6)
    with torch.no_grad():
        (want, want_error), (got, got_error) = network.whitened(crops), other.whitened(crops)
    spread = want.std(0).mean()
    assert spread > 0.01
    assert (got - want).abs().max() < 1e-3 * spread
    assert (got_error - want_error).abs().max() < 1e-3 * spread


@pytest.mark.slow
def test_copies_do_not_learn_the_same() -> None:
    network = widen(_network(1.0), 2.0).train()
    network.whitened(_pictures(4))[0].square().sum().backward()
    rows = network.features[5][0].weight.grad[:, :, 0, 0]
    pairs = rows[0::2] - rows[1::2]
    assert (pairs.norm(dim=1) > 0.05 * rows[0::2].norm(dim=1)).float().mean() > 0.9


def test_only_wider_ones() -> None:
    with pytest.raises(MorphError, match="cannot be widened"):
        widen(_network(1.0), 0.5)


@pytest.mark.slow
def test_the_mean_with_a_narrower_start(tmp_path: Path) -> None:
    start = _network(1.0)
    wide = widen(start, 2.0)
    with torch.no_grad():
        wide.head.bias.add_(0.5)
    save_weights(start, tmp_path / "start.safetensors")
    save_weights(wide, tmp_path / "wide.safetensors")
    files = [str(tmp_path / name) for name in ("wide.safetensors", "start.safetensors", "mean.safetensors")]
    assert main(["weights", files[0], "--average", files[1], "--out", files[2]]) == 0
    mean = load_weights(files[2])
    assert mean.info.width == 2.0
    assert torch.allclose(mean.head.bias, start.head.bias + 0.25)
