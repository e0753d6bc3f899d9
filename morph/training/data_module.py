"""The Lightning data module: crop sets to loaders of whole batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import lightning
import numpy as np
from torch.utils.data import DataLoader

from morph.arrays import Bools, Doubles, Indices, Reals
from morph.crop.rules import CropRule
from morph.datasets.crops import CropSet
from morph.datasets.training_batches import BatchKeys, TrainingBatches
from morph.datasets.window_batches import WindowBatches
from morph.errors import MorphError
from morph.model.coefficients import model_symmetry
from morph.model.morphable_model import MorphableModel
from morph.training.config import TrainingConfig

VALIDATION_BATCH = 64


class CropData(lightning.LightningDataModule):
    """Loaders over the crop sets of a recipe; identities are split between training and validation by hash.

    Raises:
        MorphError: a set is missing, damaged or belongs to another model, or nothing is left to train on.
    """

    def __init__(self, config: TrainingConfig, model: MorphableModel) -> None:
        super().__init__()
        self.config = config
        sets = [CropSet.open(source.path) for source in config.data.sets]
        for source, crops in zip(config.data.sets, sets, strict=True):
            crops.check_model(model, source.path, "set data.model or make the set again")
        crop, seed = CropRule(config.network.input_size, config.network.crop), config.training.seed
        symmetry = model_symmetry(model)
        self.batches = TrainingBatches(sets, symmetry, crop, config.augmentation, seed)
        self.plain = TrainingBatches(sets, symmetry, crop, None, seed)
        held = np.concatenate([_held_out(crops, config.data.validation_share) for crops in sets])
        weight = np.concatenate([np.full(len(c), s.weight / len(c)) for s, c in zip(config.data.sets, sets, strict=True)])
        weight = weight * _yaw_weights(self.batches.coefficients.rotation, config.data.balance_yaw)
        self.weights = np.where(held, 0.0, weight / weight.max())
        self.held = np.flatnonzero(held)
        if not len(self.held) or not self.weights.any():
            raise MorphError("too few identities to hold some out for validation; make more pictures")
        options = config.training
        count = options.samples_per_epoch or int((~held).sum())
        self.steps_per_epoch = max(count // options.batch_size, 1)

    def train_dataloader(self) -> DataLoader[Any]:
        options = self.config.training
        rank, world = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        keys = BatchKeys(
            weights=self.weights,
            batch=options.batch_size,
            count=self.steps_per_epoch,
            pixels=self.config.epoch_pixels(),
            seed=options.seed,
            rank=rank,
            world=world,
            parts=options.accumulate,
        )
        return self._loader(self.batches, keys)

    def val_dataloader(self) -> DataLoader[Any]:
        return self._loader(self.plain, _HeldOut(self.held[:2048], self.config.epoch_pixels()))

    def _loader(self, batches: TrainingBatches | WindowBatches, keys: BatchKeys | _HeldOut) -> DataLoader[Any]:
        if self.trainer:  # loader processes ask for the first keys of a resumed run before Lightning tells the epoch
            keys.set_epoch(self.trainer.fit_loop.epoch_progress.current.processed)  # type: ignore[attr-defined]
        workers = self.config.training.workers
        more = {"prefetch_factor": 4, "persistent_workers": True} if workers else {}
        return DataLoader(batches, batch_size=None, sampler=keys, num_workers=workers, **more)  # type: ignore[arg-type]


class _HeldOut:
    """Keys of the held-out pictures, in order, at the picture size of the epoch that is being trained."""

    def __init__(self, rows: Indices, pixels: Sequence[int]) -> None:
        self.rows, self.pixels, self.epoch = rows, list(pixels), 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.rows) // VALIDATION_BATCH)

    def __iter__(self) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        pixels = self.pixels[min(self.epoch, len(self.pixels) - 1)]
        for start in range(0, len(self.rows), VALIDATION_BATCH):
            yield 0, pixels, tuple(int(i) for i in self.rows[start : start + VALIDATION_BATCH])


def _held_out(crops: CropSet, share: float) -> Bools:
    group = crops.labels.get("group", np.arange(len(crops))).astype(np.uint64)
    mixed = (group + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)  # wraps: a cheap hash, the same on every machine
    return np.asarray((mixed >> np.uint64(40)).astype(np.float64) / 2**24 < share)


def _yaw_weights(rotation: Reals, exponent: float) -> Doubles:
    yaw = np.degrees(np.abs(np.arctan2(rotation[:, 2, 0], rotation[:, 2, 2])))
    which = np.minimum(yaw // 10, 9).astype(int)
    return np.asarray((np.bincount(which, minlength=10)[which] / len(which)) ** -exponent)
