"""The loss on neutral heads: zero for the same person, millimetres for another, blind to pose and expression."""

import numpy as np
import pytest
import torch

from morph.model import Decoder, load_default_model
from morph.network.regressor import CoefficientRegressor, WeightsInfo
from morph.training.config import TrainingConfig
from morph.training.module import RegressorModule


@pytest.fixture(scope="module")
def module() -> RegressorModule:
    config = TrainingConfig.model_validate(
        {
            "name": "identity",
            "data": {"sets": [{"path": "none"}]},
            "network": {"width": 0.5, "input_size": 32},
            "losses": {"identity": 3.0, "vertex_count": 200},
        }
    )
    model = load_default_model(0)
    info = WeightsInfo(model.name, model.identity, model.n_shape, model.n_expression, width=0.5, input_size=32)
    return RegressorModule(CoefficientRegressor(info), model, config, 1)


def losses_of(module: RegressorModule, predicted: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
    network = module.network
    network.whitened = lambda image: (network.whiten(predicted), torch.zeros(len(predicted)))  # type: ignore[method-assign]
    batch = {
        "image": torch.zeros(len(predicted), 3, 32, 32),
        "flat": target,
        "landmarks": torch.zeros(len(predicted), 68, 2),
        "weights": torch.ones(len(predicted), 68),
        "expression_weights": torch.ones(len(predicted), module.layout.n_expression),
    }
    return module.losses(network, batch)


def test_identity_loss_sees_shape_alone(module: RegressorModule) -> None:
    model = load_default_model(0)
    s, e = model.n_shape, model.n_expression
    rng = np.random.default_rng(0)
    target = torch.from_numpy(rng.normal(size=(4, s + e + 9)).astype(np.float32))
    moved = target.clone()
    moved[:, s:] += 0.5
    assert float(losses_of(module, moved, target)["identity"]) < 0.01
    other = target.clone()
    other[:, 0] += 1.0
    got = float(losses_of(module, other, target)["identity"])
    face = np.flatnonzero(model.vertex_masks["face"] > 0.5)
    rows = face[np.linspace(0, len(face) - 1, min(200, len(face))).astype(int)]
    decoder, none = Decoder(model, rows), np.zeros(e, np.float32)
    step = decoder(np.eye(s, dtype=np.float32)[0], none) - decoder(np.zeros(s, np.float32), none)
    step = step - step.mean(0)
    assert got == pytest.approx(float(np.linalg.norm(step, axis=1).mean()), rel=1e-3)  # millimetres
    assert got > 0.3


def test_identity_loss_counts_as_its_weight_says(module: RegressorModule) -> None:
    values = {"identity": torch.tensor(2.0), "wing": torch.tensor(1.0), "nme": torch.tensor(99.0)}
    assert float(module.total(values)) == pytest.approx(3.0 * 2.0 + 1.0)
