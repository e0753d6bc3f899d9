"""A set that is rendered and timed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from morph.synthesis import SynthesisPlan
from morph.synthesis.sets import timed


@pytest.mark.parametrize(("blocks", "lines"), [([(4, 0.5), (4, 0.3)], 2), ([], 1)])
def test_the_time_of_warm_processes_is_said_where_anything_was_rendered(
    blocks: list[tuple[int, float]], lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def synthesise(plan: SynthesisPlan, folder: Path, *, processes: int, progress: Any, clock: Any) -> Any:
        for pictures, seconds in blocks:
            progress(pictures)
            clock(pictures, seconds)
        images = np.zeros((plan.count, plan.size, plan.size, 3), np.uint8)
        return type("Crops", (), {"images": images, "__len__": lambda self: len(images)})()

    monkeypatch.setattr(timed, "synthesise", synthesise)
    ready: list[int] = []
    report = timed.synthesise_timed(SynthesisPlan(8, size=48), tmp_path, progress=ready.append)
    said = report.as_text().splitlines()
    assert len(said) == lines
    assert said[0].startswith(f"8 pictures of 48 x 48 in {tmp_path}, ")
    assert ready == [pictures for pictures, _ in blocks]
    if blocks:
        assert said[1] == "100.0 ms of processor time a picture, start-up left out: 10.0 a second and core"
