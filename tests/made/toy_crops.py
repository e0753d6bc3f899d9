"""A crop set of the toy model whose pictures show where one landmark is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from toy import toy_model

from morph.datasets.crops import CropSet
from morph.model import Coefficients, landmark_decoder
from morph.model.rotation import euler_to_matrix

MODEL = toy_model()


def crop_set(count: int = 12, size: int = 160) -> CropSet:
    """Pictures that show a white dot on landmark 30 and nothing else."""
    rng = np.random.default_rng(1)
    coefficients = Coefficients(
        rng.normal(size=(count, 4)),
        rng.normal(size=(count, 3)),
        euler_to_matrix(rng.normal(0, 0.3, (count, 3))),
        rng.uniform(0.8, 1.0, count),
        rng.uniform(75, 85, (count, 2)),
    )
    landmarks = landmark_decoder(MODEL).project(coefficients)[..., :2]
    images = np.zeros((count, size, size, 3), np.uint8)
    y, x = np.mgrid[:size, :size]
    for image, points in zip(images, landmarks, strict=True):
        blob = np.exp(-((x - points[30, 0]) ** 2 + (y - points[30, 1]) ** 2) / (2 * 2.5**2))
        image[:] = (255 * blob)[..., None].astype(np.uint8)
    labels = {name: getattr(coefficients, name) for name in ("shape", "expression", "rotation", "scale", "translation")}
    labels |= {"landmarks": landmarks, "group": np.arange(count)}
    return CropSet(images, labels, {"model": {"name": "toy", "identity": MODEL.identity}})


def recipe(folder: Path, **training: Any) -> dict[str, Any]:
    """A recipe on 48 toy pictures, written into ``folder`` with its data and model."""
    if not (folder / "set").exists():
        crop_set(48).save(folder / "set")
        MODEL.save(folder / "toy.npz")
    options = {"epochs": 3, "batch_size": 8, "samples_per_epoch": 24, "workers": 0, "threads": 1, "warmup": 2} | training
    return {
        "name": "toy",
        "data": {"sets": [{"path": str(folder / "set")}], "model": str(folder / "toy.npz"), "validation_share": 0.2},
        "network": {"width": 0.5, "input_size": 64},
        "training": options,
        "licence": "CC0-1.0",
    }
