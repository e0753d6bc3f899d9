"""The Lightning module: losses, optimiser, moving average of the weights, errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from morph.model.coefficients import FlatLayout
from morph.model.morphable_model import MorphableModel
from morph.model.torch_decoder import TorchDecoder
from morph.network.losses import parameter_loss, vertex_loss, wing_loss
from morph.network.regressor import CoefficientRegressor
from morph.training.config import TrainingConfig


def _rising_average(decay: float) -> Callable[[Any, Any, Tensor | int], None]:
    """An exponential moving average that follows closely at first: the decay of update n is at most ``(1 + n) / (10 + n)``."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        n = float(count)
        step = 1.0 - min(decay, (1.0 + n) / (10.0 + n))
        if torch.is_floating_point(averaged[0]):
            torch._foreach_lerp_(averaged, current, step)
        else:  # counters of batch normalisation
            for mean, value in zip(averaged, current, strict=True):
                mean.copy_(value)

    return update


class RegressorModule(lightning.LightningModule):
    """Trains a :class:`CoefficientRegressor` on batches of :class:`~morph.datasets.training_batches.TrainingBatches`.

    Args:
        network: to train.
        model: the morphable model that the labels belong to.
        config: the recipe.
        steps: batches in the whole run, for the schedule.
    """

    def __init__(self, network: CoefficientRegressor, model: MorphableModel, config: TrainingConfig, steps: int) -> None:
        super().__init__()
        self.network, self.config, self.steps = network, config, max(steps, 1)
        self.landmarks = TorchDecoder(model, model.landmarks)
        face = model.vertex_masks.get("face")
        chosen = np.flatnonzero(face > 0.5) if face is not None else np.arange(model.n_vertices)
        count = min(config.losses.vertex_count, len(chosen))
        chosen = chosen[np.linspace(0, len(chosen) - 1, count).astype(int)]
        self.vertices = TorchDecoder(model, chosen)
        self._compiled = torch.compile(network.whitened, dynamic=False) if config.training.compile else None
        decay = config.training.decay
        self.average: AveragedModel | None = None
        if decay:
            self.average = AveragedModel(network, multi_avg_fn=_rising_average(decay), use_buffers=True)
            self.average.requires_grad_(False)
        self.layout = FlatLayout(model.n_shape, model.n_expression)
        if config.network.freeze:
            network.requires_grad_(False)
            assert network.experts is not None
            network.experts.requires_grad_(True)

    @property
    def final(self) -> CoefficientRegressor:
        """The network to measure and to save: the moving average where there is one."""
        return self.average.module if self.average is not None else self.network  # type: ignore[return-value]

    def losses(self, network: CoefficientRegressor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Every loss by name, unweighted, and ``nme``: landmark error over the crop's side in per cent."""
        options = self.config.losses
        at = self.layout
        own = self.training and network is self.network
        look = self._compiled if own and self._compiled is not None else network.whitened
        whitened, log_error = look(batch["image"])
        whitened = whitened.float()
        target = batch["flat"]
        truth = network.whiten(target)
        flat = network.unwhiten(whitened)
        points = self.landmarks.decode_flat(flat)[..., :2]
        difference = points - batch["landmarks"]
        weight, one = batch["weights"], torch.ones(1)
        out = {"wing": wing_loss(difference, weight, w=options.wing_w, epsilon=options.wing_epsilon)}
        out |= {
            name: parameter_loss(whitened[:, part], truth[:, part], weight)
            for name, part, weight in (
                ("shape", at.shape, one),
                ("expression", at.expression, batch["expression_weights"]),
                ("pose", at.pose, one),
            )
        }
        if options.vertices:
            scale = target[:, at.log_scale].exp()[:, :, None]
            got = self.vertices(flat[:, at.shape], flat[:, at.expression]) * scale
            want = self.vertices(target[:, at.shape], target[:, at.expression]) * scale
            out["vertices"] = vertex_loss(got, want)
        if options.identity:
            rest = torch.zeros_like(target[:, at.expression])
            heads = [self.vertices(values[:, at.shape], rest) for values in (flat, target)]
            out["identity"] = vertex_loss(*(head - head.mean(1, keepdim=True) for head in heads))
        distance = (difference.detach().square().sum(-1) + 1e-6).sqrt()
        error = (distance * weight).sum(1) / weight.sum(1).clamp_min(1e-6) / network.info.input_size
        out["error"] = torch.nn.functional.smooth_l1_loss(log_error.float(), error.clamp_min(1e-3).log())
        out["nme"] = 100 * error.mean()
        return out

    def total(self, losses: dict[str, Tensor]) -> Tensor:
        """The weighted sum of the losses."""
        weighed = [getattr(self.config.losses, name) * value for name, value in losses.items() if name != "nme"]
        total: Tensor = sum(weighed[1:], start=weighed[0])
        return total

    def on_train_epoch_start(self) -> None:
        if self.config.network.freeze:
            self.network.features.eval()

    def training_step(self, batch: dict[str, Tensor], batch_index: int) -> Tensor:
        losses = self.losses(self.network, batch)
        total = self.total(losses)
        values = {f"train/{name}": value.detach() for name, value in losses.items()}
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(batch["image"]), sync_dist=True)
        self.log(
            "loss", total.detach(), prog_bar=True, on_epoch=True, on_step=False, batch_size=len(batch["image"]), sync_dist=True
        )
        return total

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        whole = (batch_idx + 1) % self.config.training.accumulate == 0
        if self.average is not None and whole:
            self.average.update_parameters(self.network)

    def validation_step(self, batch: dict[str, Tensor], batch_index: int) -> None:
        losses = self.losses(self.final, batch)
        values = {f"validation/{name}": value for name, value in losses.items()}
        self.log_dict(values, on_epoch=True, batch_size=len(batch["image"]), sync_dist=True)

    def configure_optimizers(self) -> Any:
        options = self.config.training
        learning = [value for value in self.network.parameters() if value.requires_grad]
        optimizer = torch.optim.AdamW(learning, options.learning_rate, weight_decay=options.weight_decay)

        def rate(step: int) -> float:
            rise = min(1.0, (step + 1) / max(options.warmup, 1))
            if options.schedule == "constant":
                return rise
            return rise * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(step / self.steps, 1.0))))

        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
