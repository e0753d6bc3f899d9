"""data/clips/forth_and_back.py: there, back and there again, and what cannot be read is one line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from clips import write_clip

from morph.frames import open_source

SCRIPT = Path(__file__).parents[2] / "data" / "clips" / "forth_and_back.py"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_frames_go_forth_and_back(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", [np.full((64, 64, 3), grey, np.uint8) for grey in (40, 90, 140, 190)])
    assert run(clip, "--frames", 9, "--out", tmp_path / "long.mp4").returncode == 0
    found = [float(frame.image.mean()) for frame in open_source(tmp_path / "long.mp4")]
    np.testing.assert_allclose(found, [40, 90, 140, 190, 140, 90, 40, 90, 140], atol=8)


@pytest.mark.slow
def test_a_missing_clip_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path / "none.mp4", "--out", tmp_path / "long.mp4")
    assert done.returncode == 1
    assert "no file" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "long.mp4").exists()
