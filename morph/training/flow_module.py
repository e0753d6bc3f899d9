"""Fine-tuning on clips: where flow carries a landmark, the network should see it in the next frame."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn
from torch.utils.data import DataLoader

from morph.datasets.clip_windows import ClipWindows
from morph.datasets.training_batches import BatchKeys
from morph.datasets.window_batches import WindowBatches
from morph.model.morphable_model import MorphableModel
from morph.network.lucas_kanade import round_trip
from morph.network.regressor import CoefficientRegressor
from morph.training.data_module import CropData
from morph.training.flow_config import FinetuneConfig
from morph.training.module import RegressorModule

SOFT = 0.1  # pixels of the crop below which the distance counts as its square
INNER = slice(17, 68)  # landmarks but for the outline of the jaw


def registration_loss(points: Tensor, carried: Tensor, trusted: Tensor) -> Tensor:
    """Mean distance between where the network sees landmarks in each next frame and where flow carried them.

    Args:
        points: ``(B, T, N, 2)`` landmarks of each frame, all in pixels of one frame of reference.
        carried: ``(B, T - 1, N, 2)`` where flow carries those of each frame to, in the next.
        trusted: ``(B, T - 1, N)``; the others count nothing.

    Returns:
        Pixels, the mean over trusted points (``sqrt(d^2 + soft^2) - soft``): 0 where the network moves with the flow, or
        nothing is trusted.
    """
    distance = ((points[:, 1:] - carried).square().sum(-1) + SOFT**2).sqrt() - SOFT
    weight = trusted.to(distance.dtype)
    return (distance * weight).sum() / weight.sum().clamp_min(1.0)


class FlowData(CropData):
    """Loaders over the crop sets of a recipe and over clip windows: batches are ``{"labelled": ..., "clips": ...}``."""

    def __init__(self, config: FinetuneConfig, model: MorphableModel, windows: ClipWindows) -> None:
        super().__init__(config, model)
        options = config.registration
        self.windows = WindowBatches(
            windows,
            config.network.input_size,
            options.augmentation,
            jitter=options.jitter,
            seed=config.training.seed,
            grey=options.flow == "differentiable",
        )
        self.clip_batch = options.batch_size

    def train_dataloader(self) -> dict[str, DataLoader[Any]]:  # type: ignore[override]
        rank, world = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        usable = self.windows.windows.trusted.any((1, 2)).astype(float)
        options = self.config.training
        whole = self.clip_batch * world * options.accumulate
        keys = BatchKeys(
            weights=usable,
            batch=whole,
            count=self.steps_per_epoch,
            pixels=self.config.epoch_pixels(),
            seed=options.seed,
            rank=rank,
            world=world,
            parts=options.accumulate,
        )
        return {"labelled": super().train_dataloader(), "clips": self._loader(self.windows, keys)}


class FlowModule(RegressorModule):
    """Adds the loss on clips to that of :class:`RegressorModule`; arguments as there."""

    config: FinetuneConfig

    def flow_loss(self, network: CoefficientRegressor, batch: dict[str, Tensor]) -> Tensor:
        """The loss of a batch of :class:`~morph.datasets.window_batches.WindowBatches`, in pixels of the crop."""
        image = batch["image"]
        flat = network.unwhiten(network.whitened(image.flatten(0, 1))[0].float())
        seen = self.landmarks.decode_flat(flat)[..., :2].reshape(*image.shape[:2], -1, 2)
        shared = batch["shared"][..., None, :, :]
        points = (shared[..., :2] @ seen[..., None])[..., 0] + shared[..., 2]
        options, trusted = self.config.registration, batch["trusted"]
        if options.flow == "differentiable":
            carried, back = self._follow(batch["grey"], points[:, :-1])
            trusted = trusted & back
        else:
            carried = points[:, :-1] + batch["flow"]
        if not options.outline:
            points, carried, trusted = points[..., INNER, :], carried[..., INNER, :], trusted[..., INNER]
        return registration_loss(points, carried, trusted)

    def _follow(self, grey: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Flow of the points as they are predicted, and whether each came back to where it started."""
        clips = self.config.clips
        share = 0.75 * clips.size / self.config.network.input_size  # stored pixels for one of the crop
        first, second = grey[:, :-1].flatten(0, 1), grey[:, 1:].flatten(0, 1)
        window = max(2 * round(clips.window / share / 2) - 1, 5)
        there, missed = round_trip(first, second, points.flatten(0, 1), window=window, levels=clips.levels)
        shape = points.shape[:2]
        trusted = missed <= clips.round_trip * clips.size / share
        return there.reshape(*shape, *there.shape[1:]), trusted.reshape(*shape, *trusted.shape[1:])

    def training_step(self, batch: dict[str, dict[str, Tensor]], batch_index: int) -> Tensor:  # type: ignore[override]
        total = super().training_step(batch["labelled"], batch_index)
        with still_statistics(self.network):
            loss = self.flow_loss(self.network, batch["clips"])
        self.log("train/flow", loss.detach(), on_step=False, on_epoch=True, batch_size=len(batch["clips"]["image"]))
        return total + self.config.registration.weight * loss

    def train(self, mode: bool = True) -> FlowModule:
        """As of any module, but that frozen statistics stay so."""
        super().train(mode)
        if self.config.registration.batch_norm == "frozen":
            for layer in _norms(self.network):
                layer.eval()
        return self


@contextlib.contextmanager
def still_statistics(network: nn.Module) -> Iterator[None]:
    """Within, batch normalisation uses its running statistics and does not change them."""
    layers = [layer for layer in _norms(network) if layer.training]
    for layer in layers:
        layer.eval()
    try:
        yield
    finally:
        for layer in layers:
            layer.train()


def _norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
