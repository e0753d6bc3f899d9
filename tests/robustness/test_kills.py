"""Commands that are killed where they write: no file is half there under its name, and the next run ends as an unbroken one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forks")

TESTS = Path(__file__).parents[1]
CLIP = TESTS.parent / "morph" / "assets" / "demo" / "talking_head.mp4"
TRACK = [
    "track",
    str(CLIP),
    "--frames",
    "3",
    "--level",
    "0",
    "--experts",
    "none",
    "--expressions",
    "none",
    "--identity",
    "none",
    "--out",
]


def killed(place: Path, words: list[str], **more: Any) -> list[str]:
    """What :mod:`robustness.killed` finds wrong; the seed is the verb."""
    asked = {
        "words": words,
        "place": str(place),
        "seed": words[0],
        "kills": 4,
        "untold": [],
        "growing": [],
        "again": [],
        "before": [],
    }
    asked |= {"imports": ["morph.cli", "morph.tracking", "morph.track_folder"]} | more
    path = os.pathsep.join([str(TESTS.parent), str(TESTS), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "robustness.killed", json.dumps(asked)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_killed_track(tmp_path: Path) -> None:
    assert killed(tmp_path, [*TRACK, "{out}/t"], again=["--resume"], untold=["summary.json"]) == []


@pytest.mark.parametrize("name", ["head.obj", "head.glb"])
def test_a_killed_export(tmp_path: Path, name: str) -> None:
    assert (
        killed(tmp_path, ["export", str(tmp_path / "t"), "--out", f"{{out}}/{name}"], before=[[*TRACK, f"{tmp_path}/t"]]) == []
    )


def test_a_killed_view(tmp_path: Path) -> None:
    words = ["view", str(tmp_path / "t"), "--out", "{out}/v.mp4", "--backend", "software", "--size", "64x48", "--samples", "1"]
    assert killed(tmp_path, words, before=[[*TRACK, f"{tmp_path}/t"]]) == []


def test_a_killed_synth(tmp_path: Path) -> None:
    words = ["synth", "--count", "3", "--size", "48", "--seed", "1", "--processes", "1", "--out", "{out}/s"]
    assert killed(tmp_path, words, growing=["s/parts/"], imports=["morph.cli", "morph.synthesis"]) == []


@pytest.mark.slow
def test_a_killed_training(tmp_path: Path) -> None:
    pytest.importorskip("lightning", reason="lightning is not installed: pip install 'morph-face[train]'")
    from toy_crops import recipe

    (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe(tmp_path, epochs=1)))
    words = ["train", "--config", str(tmp_path / "r.yaml"), "--out", "{out}/run"]
    logs = ["hparams.yaml", "metrics.csv", "last.ckpt", "curve.png"]
    found = killed(tmp_path, words, untold=logs, growing=["run/"], kills=2, imports=["morph.cli", "morph.training.run"])
    assert [line for line in found if "events.out.tfevents" not in line] == []
