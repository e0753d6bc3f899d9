"""Training and fine-tuning that are killed and started again end with the very bytes of an unbroken run."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lightning", reason="lightning is not installed: pip install 'morph-face[train]'")

import toy_crops
import toy_windows

from morph.training import run
from morph.training.config import TrainingConfig
from morph.training.flow_config import FinetuneConfig
from morph.training.module import RegressorModule

STAGES = [{"until": 0.4, "pixels": 48}, {"until": 0.7, "pixels": 56}]  # of four epochs: 48, 56, 64 and 64 pixels


class Killed(BaseException):
    """What ends a run where it stands."""


def training(place: Path, workers: int) -> Callable[[str], Path]:
    """Starts, or goes on with, a toy training in a folder of that name."""
    values = toy_crops.recipe(place, epochs=4, workers=workers, stages=STAGES)
    config = TrainingConfig.model_validate(values)
    return lambda name: run.train(config, place / name, progress=False)


def finetuning(place: Path, workers: int) -> Callable[[str], Path]:
    """The same for fine-tuning on toy windows."""
    values: dict[str, Any] = toy_windows.recipe(place)
    values["training"] |= {"epochs": 4, "workers": workers, "stages": STAGES}
    config = FinetuneConfig.model_validate(values)
    return lambda name: toy_windows.toy_run(place, name, config)


def die_in_batch(patch: pytest.MonkeyPatch, epoch: int, batch: int) -> None:
    """End the run before the optimiser sees that batch of that epoch."""
    learn = RegressorModule.training_step

    def step(self: RegressorModule, data: Any, index: int) -> Any:
        if (self.current_epoch, index) == (epoch, batch):
            raise Killed
        return learn(self, data, index)

    patch.setattr(RegressorModule, "training_step", step)


def die_before_checkpoint(patch: pytest.MonkeyPatch, epoch: int) -> None:
    """End the run after the curve of that epoch was drawn and before its checkpoint is written."""
    draw = run.draw_curve

    def drawn(rows: list[dict[str, float]], path: Path) -> None:
        draw(rows, path)
        if len(rows) == epoch + 1:
            raise Killed

    patch.setattr(run, "draw_curve", drawn)


@pytest.mark.slow
@pytest.mark.parametrize(("begin", "workers"), [(training, 1), (training, 0), (finetuning, 2)])
def test_a_killed_run_ends_with_the_bytes_of_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path, int], Callable[[str], Path]], workers: int
) -> None:
    monkeypatch.setattr(run, "export_onnx", lambda network, path: None)  # slow, and made of the weights that are compared
    go_on = begin(tmp_path, workers)
    go_on("whole")
    chance = random.Random(workers)
    moments = [
        lambda patch: die_in_batch(patch, 1, chance.randrange(3)),
        lambda patch: die_before_checkpoint(patch, 2),
    ]
    for die in moments:
        with monkeypatch.context() as patch:
            die(patch)
            with pytest.raises(Killed):
                go_on("broken")
    go_on("broken")
    whole, broken = run.read_curve(tmp_path / "whole"), run.read_curve(tmp_path / "broken")
    assert [row["epoch"] for row in broken] == [0, 1, 2, 3]
    assert broken == whole
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "broken")]
    assert weights[0] == weights[1]
