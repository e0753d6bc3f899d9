"""A small made-up track for tests of the viewer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from morph.model import MorphableModel, load_default_model
from morph.model.rotation import euler_to_matrix

SIZE = (160, 120)


@pytest.fixture(scope="session")
def coarse_model() -> MorphableModel:
    """The default model at its coarsest."""
    return load_default_model(0)


@pytest.fixture
def write_track(tmp_path: Path, coarse_model: MorphableModel) -> Callable[..., Path]:
    """Writes ``coefficients.npz`` as the tracker does: people side by side, turning and opening their mouths."""

    def write(frames: list[int], people: int = 1, name: str = "track", **changes: Any) -> Path:
        rng = np.random.default_rng(5)
        shapes = 0.7 * rng.normal(size=(people, coarse_model.n_shape))
        count = len(frames) * people
        frame = np.repeat(frames, people)
        expression = np.zeros((count, coarse_model.n_expression))
        expression[:, coarse_model.expression_names.index("jawOpen")] = 1.5 * (frame % 2)
        turn = np.stack([0 * frame, np.radians(20.0) * frame, 0 * frame], axis=1)
        place = np.tile(SIZE[0] * (np.arange(people) + 1) / (people + 1), len(frames))
        arrays: dict[str, Any] = {
            "frame": frame,
            "time": frame / 30.0,
            "id": np.tile(np.arange(people), len(frames)),
            "shape": np.tile(shapes, (len(frames), 1)),
            "expression": expression,
            "rotation": euler_to_matrix(turn),
            "scale": np.full(count, 0.35),
            "translation": np.stack([place, np.full(count, 0.5 * SIZE[1])], axis=1),
            "model_identity": np.array(coarse_model.identity),
            "model_name": np.array(coarse_model.name),
        }
        arrays |= changes
        folder = tmp_path / name
        folder.mkdir()
        np.savez(folder / "coefficients.npz", **{key: value for key, value in arrays.items() if value is not None})
        return folder

    return write
