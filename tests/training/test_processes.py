"""Two processes that share every batch compute what one process computes in two parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("lightning", reason="lightning is not installed: pip install 'morph-face[train]'")

from safetensors.numpy import load_file
from toy_crops import recipe

from morph.datasets.training_batches import BatchKeys
from morph.training.config import TrainingConfig
from morph.training.run import read_curve, train


def test_parts_are_the_shares_of_processes() -> None:
    weights = np.linspace(1, 2, 50)
    shares = [list(BatchKeys(weights, 8, 3, [64], 5, rank, 2)) for rank in (0, 1)]
    parts = list(BatchKeys(weights, 8, 3, [64], 5, parts=2))
    assert len(parts) == 6
    assert parts == [share for pair in zip(*shares, strict=True) for share in pair]
    rows = [row for _, _, part in parts for row in part]
    assert sorted(rows) == sorted(BatchKeys(weights, 8, 3, [64], 5).order().ravel().tolist())


@pytest.mark.slow
def test_two_gloo_processes_follow_the_curve_of_one(tmp_path: Path) -> None:
    one = recipe(tmp_path, epochs=2, accumulate=2)
    train(TrainingConfig.model_validate(one), tmp_path / "one", progress=False)
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(recipe(tmp_path, epochs=2, devices=2)))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--module", "morph"]
    command = [*torchrun, "train", "--config", str(tmp_path / "two.yaml"), "--out", str(tmp_path / "two")]
    done = subprocess.run(
        command,
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    alone, shared = read_curve(tmp_path / "one"), read_curve(tmp_path / "two")
    assert [row["epoch"] for row in shared] == [0, 1]
    for row, other in zip(alone, shared, strict=True):
        for name in ("loss", "train/wing", "train/pose", "train/nme"):
            assert other[name] == pytest.approx(row[name], rel=2e-3), name
    # the running statistics of batch normalisation are one process's own; all that is learned is the same
    ours, theirs = (load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two"))
    learned = [name for name in ours if "running" not in name and "num_batches" not in name]
    assert len(learned) > 100
    worst = max(np.abs(ours[name] - theirs[name]).max() for name in learned)
    assert worst < 2e-3
