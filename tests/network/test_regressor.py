"""The network, its files and its ONNX graph."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'morph-face[train]'")

from morph.cli import main  # noqa: E402
from morph.errors import MorphError  # noqa: E402
from morph.inference.onnx_session import open_session  # noqa: E402
from morph.network.onnx_graph import export_onnx  # noqa: E402
from morph.network.regressor import (  # noqa: E402
    CoefficientRegressor,
    WeightsInfo,
    at_input_size,
    average_weights,
    load_weights,
    rewhiten,
    save_weights,
)

INFO = WeightsInfo("toy", "0123", n_shape=4, n_expression=3, width=0.5, input_size=64, licence="CC0-1.0", notes={"seed": 1})


def network() -> CoefficientRegressor:
    torch.manual_seed(0)
    return CoefficientRegressor(INFO, torch.arange(16.0), torch.full((16,), 2.0)).eval()


def test_metadata_round_trip() -> None:
    assert WeightsInfo.from_json(INFO.to_json()) == INFO
    with pytest.raises(MorphError, match="format"):
        WeightsInfo.from_json(json.dumps({"format": "other"}))


def test_untrained_network_says_the_mean() -> None:
    flat, log_error = network()(torch.zeros(2, 64, 64, 3, dtype=torch.uint8))
    assert flat.shape == (2, 16)
    assert log_error.shape == (2,)
    assert torch.allclose(flat, torch.arange(16.0).expand(2, -1), atol=0.5)


def test_whitening_is_undone() -> None:
    flat = torch.randn(3, 16)
    assert torch.allclose(network().unwhiten(network().whiten(flat)), flat, atol=1e-5)


def test_another_whitening_says_the_same() -> None:
    one, other = network(), network()
    picture = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    rewhiten(other, torch.linspace(-3, 3, 16), torch.linspace(0.5, 4, 16))
    assert torch.allclose(one(picture)[0], other(picture)[0], atol=1e-4)
    assert not torch.allclose(one.whitened(picture)[0], other.whitened(picture)[0], atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("pixels", [40, 64, 100])
def test_other_picture_sizes_run(pixels: int) -> None:
    assert network().whitened(torch.zeros(1, pixels, pixels, 3, dtype=torch.uint8))[0].shape == (1, 16)


def test_unknown_width() -> None:
    with pytest.raises(MorphError, match=r"width 0\.7"):
        CoefficientRegressor(WeightsInfo("toy", "0123", 4, 3, width=0.7))


def test_average_of_weights(tmp_path: Path) -> None:
    one, other = network(), network()
    with torch.no_grad():
        for value in other.parameters():
            value += 0.02
    save_weights(one, tmp_path / "one.safetensors")
    save_weights(other, tmp_path / "other.safetensors")
    files = [str(tmp_path / name) for name in ("one.safetensors", "other.safetensors", "mean.safetensors")]
    assert main(["weights", files[0], "--average", files[1], "--out", files[2]]) == 0
    mean = load_weights(files[2])
    for a, b in zip(one.parameters(), mean.parameters(), strict=True):
        torch.testing.assert_close(b, a + 0.01)
    other.mean += 1
    with pytest.raises(MorphError, match="other labels"):
        average_weights([one, other])


def test_weights_round_trip(tmp_path: Path) -> None:
    save_weights(network(), tmp_path / "w.safetensors")
    again = load_weights(tmp_path / "w.safetensors")
    image = torch.randint(0, 256, (1, 64, 64, 3), dtype=torch.uint8)
    assert again.info == INFO
    assert torch.equal(again(image)[0], network()(image)[0])


def test_text_as_weights(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_text("not weights")
    with pytest.raises(MorphError, match="not a safetensors file"):
        load_weights(tmp_path / "w.safetensors")
    with pytest.raises(MorphError, match="no weights at"):
        load_weights(tmp_path / "absent.safetensors")


@pytest.mark.slow
def test_onnx_agrees_and_describes_itself(tmp_path: Path) -> None:
    path = tmp_path / "w.onnx"
    assert export_onnx(network(), path) < 1e-3
    session = open_session(path)
    assert WeightsInfo.from_json(session.get_modelmeta().custom_metadata_map["morph"]) == INFO
    image = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)
    flat, _ = session.run(None, {"image": image})
    with torch.no_grad():
        want = network()(torch.from_numpy(image))[0].numpy()
    assert np.abs(flat - want).max() < 1e-3


def test_other_input_size_says_the_same_of_the_same_picture() -> None:
    old = network()
    new = at_input_size(old, 40)
    image = torch.randint(0, 256, (2, 40, 40, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.allclose(old.whitened(image)[0], new.whitened(image)[0], atol=1e-5)
    flat = torch.randn(3, 16)
    same = old.unwhiten(flat), new.unwhiten(flat)
    assert torch.allclose((same[0][:, -2:] + 0.5) * 40 / 64 - 0.5, same[1][:, -2:], atol=1e-4)
    assert torch.allclose(same[0][:, -3].exp() * 40 / 64, same[1][:, -3].exp(), rtol=1e-4)
