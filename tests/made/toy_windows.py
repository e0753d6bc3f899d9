"""Windows of toy pictures that move evenly, and a recipe that fine-tunes on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from toy_crops import MODEL, crop_set

from morph.datasets.clip_windows import ClipWindow, ClipWindows, write_windows
from morph.network.regressor import CoefficientRegressor, WeightsInfo, save_weights
from morph.training.finetune import learn_windows
from morph.training.flow_config import FinetuneConfig
from morph.training.run import claim_folder

SIDE, FRAMES = 160, 3


def write_toy_windows(folder: Path, count: int = 12, speed: float = 3.0) -> ClipWindows:
    """Windows of the toy crops moved evenly: a white dot on landmark 30, whose flow is known."""
    crops, rng = crop_set(count), np.random.default_rng(5)
    steps = rng.uniform(-speed, speed, (count, 2)).astype(np.float32)

    def window(i: int) -> ClipWindow:
        ways = [np.array([[1, 0, t * steps[i, 0]], [0, 1, t * steps[i, 1]]]) for t in range(FRAMES)]
        images = np.stack([cv2.warpAffine(crops.images[i], way, (SIDE, SIDE)) for way in ways])
        points = np.stack([crops.labels["landmarks"][i] + t * steps[i] for t in range(FRAMES)]).astype(np.float32)
        flow = np.broadcast_to(steps[i], (FRAMES - 1, 68, 2)).astype(np.float32)
        return ClipWindow(images, points, flow, np.ones((FRAMES - 1, 68), bool), 0)

    return write_windows(folder, map(window, range(count)), (count, FRAMES, SIDE), {"clips": ["toy"], "windows": [count]})


def recipe(folder: Path, **registration: Any) -> dict[str, Any]:
    """A recipe on 48 toy pictures, written into ``folder`` with data, model and weights to begin from."""
    if not (folder / "set").exists():
        crop_set(48).save(folder / "set")
        MODEL.save(folder / "toy.npz")
        torch.manual_seed(0)
        info = WeightsInfo("toy", MODEL.identity, MODEL.n_shape, MODEL.n_expression, width=0.5, input_size=64)
        network = CoefficientRegressor(info)
        network.mean[-3:] = torch.tensor([-0.7, 31.5, 31.5])
        network.std[-2:] = 4.0
        save_weights(network, folder / "start.safetensors")
    return {
        "name": "toy",
        "data": {"sets": [{"path": str(folder / "set")}], "model": str(folder / "toy.npz"), "validation_share": 0.2},
        "network": {"width": 0.5, "input_size": 64, "start": str(folder / "start.safetensors")},
        "registration": {"batch_size": 4, **registration},
        "training": {"epochs": 3, "batch_size": 8, "samples_per_epoch": 24, "workers": 0, "threads": 1, "warmup": 2},
        "licence": "CC0-1.0",
    }


def toy_run(folder: Path, name: str, config: FinetuneConfig) -> Path:
    """Fine-tune on toy windows in ``folder``; the run is in its folder ``name``."""
    windows = (
        write_toy_windows(folder / "windows") if not (folder / "windows").exists() else ClipWindows.open(folder / "windows")
    )
    return learn_windows(config, windows, claim_folder(config, folder / name), MODEL, "toy", progress=False)
