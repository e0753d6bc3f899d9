"""Expressions stretched until they are as strong as the correlation allows."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'morph[train]'")

SCRIPT = Path(__file__).parents[2] / "data" / "weights" / "spread.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("spread", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_slopes_become_shares_of_the_correlation_within_bounds(script: ModuleType) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(4000, 3))
    noise = rng.normal(size=(4000, 3)) * [0.8, 0.1, 3.0]
    seen = true + noise
    said = seen * [1 / 1.64, 1.0, 0.1]  # shrunk by squared error, whole, far too weak
    gains = script.gains_of(said, true, 0.85, 1.6)
    assert gains[1] == 1.0
    assert gains[2] == 1.6
    slope = np.polyfit(true[:, 0], said[:, 0] * gains[0], 1)[0]
    assert slope == pytest.approx(0.85 * np.corrcoef(true[:, 0], said[:, 0])[0, 1], abs=0.02)
    assert [script._other(name) for name in ("eyeBlinkLeft", "mouthRight", "jawOpen")] == [
        "eyeBlinkRight",
        "mouthLeft",
        "jawOpen",
    ]
