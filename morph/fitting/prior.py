"""What is expected before a fit: the middle of the prior, and how far the jaw points are trusted."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from morph.arrays import Floats
from morph.errors import MorphError
from morph.fitting.contour import JAW
from morph.fitting.landmark_sets import LandmarkSet
from morph.model.morphable_model import MorphableModel


def read_centre(path: Path, model: MorphableModel) -> Floats:
    """``(S + E,)`` z-scores from a text file whose last S + E numbers are raw mean coefficients (3DDFA_V2's ``param_mean``).

    Raises:
        MorphError: not a text file of finite numbers, or too few of them.
    """
    try:
        numbers = np.array(Path(path).read_text().replace(",", " ").split(), np.float64)
    except (OSError, ValueError):
        raise MorphError(f"{path} is not a text file of numbers") from None
    std = np.concatenate([model.shape_std, model.expression_std])
    if len(numbers) < len(std) or not np.isfinite(numbers).all():
        raise MorphError(f"{path} must hold at least {len(std)} finite numbers for model {model.name!r}, has {len(numbers)}")
    return np.asarray((numbers[len(numbers) - len(std) :] / std).astype(np.float32))


def jaw_weighted(data: LandmarkSet, weight: float) -> LandmarkSet:
    """The set with its 17 jaw points weighted ``weight`` times as much.

    Raises:
        MorphError: a negative weight.
    """
    if not (np.isfinite(weight) and weight >= 0):
        raise MorphError(f"the weight of the jaw must be 0 or more, not {weight}")
    weights = data.weights.copy()
    weights[:, :JAW] *= weight
    return dataclasses.replace(data, weights=weights)
