"""ONNX Runtime is loaded in one place, and tells nobody about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_nothing_is_written_into_the_home_of_who_tracks(tmp_path: Path) -> None:
    """A device id and a database of queued events lay there."""
    (tmp_path / "home").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment |= {"HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    picture = ROOT / "morph" / "assets" / "demo" / "astronaut.jpg"
    command = [sys.executable, "-m", "morph", "track", str(picture), "--out", str(tmp_path / "track"), "--no-overlay"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert list((tmp_path / "home").rglob("*")) == []


def test_onnxruntime_is_imported_in_one_place() -> None:
    files = [path for folder in ("morph", "viewer", "data") for path in (ROOT / folder).rglob("*.py")]
    users = [path for path in files if "import onnxruntime" in path.read_text("utf-8")]
    assert [path.relative_to(ROOT).as_posix() for path in users] == ["morph/inference/onnx_session.py"]
