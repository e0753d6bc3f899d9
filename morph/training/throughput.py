"""How many pictures a second training takes, and how many the bare network would take."""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from dataclasses import dataclass
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch.optim import Optimizer

from morph.training.config import TrainingConfig
from morph.training.data_module import CropData
from morph.training.module import RegressorModule
from morph.training.run import build_network, training_model

PROTOCOL = """\
bare      forward, losses, backward, clipping and the optimiser's step on one batch that stays in memory
training  the same steps of `morph train`: pictures read and augmented, moving average of the weights, logs
measured  by the clock, on a machine that does nothing else; {steps} steps each after {warm} that do not count,
          {rounds} times in turn, the fastest of each
"""
WARM, ROUNDS = 5, 3


@dataclass(frozen=True)
class Throughput:
    """Pictures a second.

    Attributes:
        bare: of forward, backward and step alone.
        training: of training.
        steps: that were timed.
    """

    bare: float
    training: float
    steps: int

    @property
    def share(self) -> float:
        """Of the bare speed that training reaches."""
        return self.training / self.bare

    def as_text(self) -> str:
        """The numbers and their protocol."""
        numbers = f"bare {self.bare:.1f} pictures/s, training {self.training:.1f} pictures/s, {100 * self.share:.1f} %\n"
        return numbers + "\n" + PROTOCOL.format(steps=self.steps, warm=WARM, rounds=ROUNDS)


def measure_throughput(config: TrainingConfig, steps: int = 40) -> Throughput:
    """Time a recipe on its own data, on one process.

    Args:
        config: the recipe; nothing is written.
        steps: batches to time.

    Raises:
        MorphError: the data is missing or does not fit.
    """
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    changes = {"samples_per_epoch": (steps + WARM) * config.training.batch_size, "epochs": 1, "accumulate": 1}
    config = config.model_copy(update={"training": config.training.model_copy(update=changes)})
    model = training_model(config.data.model)
    data = CropData(config, model)
    module = RegressorModule(build_network(config, model, data), model, config, steps)
    size = config.training.batch_size
    bare, whole = 0.0, 0.0
    for _ in range(ROUNDS):
        bare = max(bare, size * steps / _bare(module, data, steps))
        whole = max(whole, size * steps / _trained(module, data, steps))
    return Throughput(bare, whole, steps)


def _bare(module: RegressorModule, data: CropData, steps: int) -> float:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module.to(device).train()
    keys = data.train_dataloader().sampler
    batch = {name: torch.from_numpy(value).to(device) for name, value in data.batches[next(iter(keys))].items()}
    optimizer: Optimizer = module.configure_optimizers()["optimizer"]
    start = 0.0
    for step in range(steps + WARM):
        if step == WARM:
            start = _now()
        loss = module.total(module.losses(module.network, batch))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.network.parameters(), module.config.training.clip)
        optimizer.step()
    return _now() - start


class _Clock(Callback):
    def __init__(self) -> None:
        self.start = self.end = 0.0

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx == WARM:
            self.start = _now()

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        self.end = _now()


def _trained(module: RegressorModule, data: CropData, steps: int) -> float:
    options, clock = module.config.training, _Clock()
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")
    with tempfile.TemporaryDirectory() as folder:
        trainer = lightning.Trainer(
            max_epochs=1,
            limit_train_batches=steps + WARM,
            limit_val_batches=0,
            accelerator="auto",
            devices=1,
            precision=options.precision,  # type: ignore[arg-type]
            gradient_clip_val=options.clip,
            use_distributed_sampler=False,
            callbacks=[clock],
            default_root_dir=folder,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, data)
    return clock.end - clock.start


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
