"""Places of heads on renders whose camera is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy_crops import crop_set

from morph.cli import main
from morph.errors import MorphError
from morph.evaluation.renders import camera
from morph.evaluation.renders.held_out import HeldOut


@pytest.mark.slow
def test_shipped_weights_find_how_far_away_and_how_turned_heads_are(tmp_path: Path) -> None:
    rendered, report = tmp_path / "held", tmp_path / "report.json"
    assert main(["synth", "--count", "16", "--seed", "991", "--size", "128", "--out", str(rendered)]) in (0, None)
    assert main(["bench", "camera", str(rendered), "--json", str(report)]) in (0, None)
    found = json.loads(report.read_text())
    assert 0 < found["pictures"] <= 16
    assert found["own"][0] < 5
    assert found["turn"][0] < found["flat"][0]


def test_a_set_without_cameras_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    crops = crop_set()
    held = HeldOut(crops, None, None, [], "toy")  # type: ignore[arg-type]
    monkeypatch.setattr(camera, "read_held_out", lambda folder, options: held)
    with pytest.raises(MorphError, match="does not say its cameras"):
        camera.measure_camera("set")
