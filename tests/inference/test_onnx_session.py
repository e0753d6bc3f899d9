"""ONNX Runtime is loaded in one place, and tells nobody about it."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from morph.errors import MorphError
from morph.inference import onnx_session
from morph.tracking.detection.detector import default_detector

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


class StandIn:
    """ONNX Runtime with a graphics card that may not start."""

    def __init__(self, known, starts=True):
        self.known, self.starts, self.asked = known, starts, []

    def get_available_providers(self):
        return self.known

    SessionOptions = types.SimpleNamespace

    def InferenceSession(self, path, options, providers):
        self.asked.append(providers)
        return types.SimpleNamespace(get_providers=lambda: providers if self.starts else ["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("device", "known", "asked"),
    [
        ("cuda", ["CUDAExecutionProvider", "CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]),
        ("cpu", ["CUDAExecutionProvider", "CPUExecutionProvider"], ["CPUExecutionProvider"]),
        ("auto", ["CPUExecutionProvider", "DmlExecutionProvider"], ["DmlExecutionProvider", "CPUExecutionProvider"]),
        ("auto", ["CPUExecutionProvider"], ["CPUExecutionProvider"]),
    ],
)
def test_a_device_is_asked_for_before_the_processor(monkeypatch, tmp_path, device, known, asked):
    runtime = StandIn(known)
    monkeypatch.setattr(onnx_session, "load_onnxruntime", lambda: runtime)
    (tmp_path / "w.onnx").touch()
    onnx_session.open_session(tmp_path / "w.onnx", device=device)
    assert runtime.asked == [asked]


def test_a_device_that_is_missing_or_does_not_start_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "w.onnx").touch()
    monkeypatch.setattr(onnx_session, "load_onnxruntime", lambda: StandIn(["CPUExecutionProvider"]))
    with pytest.raises(MorphError, match=r"cannot use 'cuda': replace onnxruntime by onnxruntime-gpu.*`device=` at cpu"):
        onnx_session.open_session(tmp_path / "w.onnx", device="cuda")
    known = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnx_session, "load_onnxruntime", lambda: StandIn(known, starts=False))
    with pytest.raises(MorphError, match="'cuda' does not start; is its driver installed"):
        onnx_session.open_session(tmp_path / "w.onnx", device="cuda")
    onnx_session.open_session(tmp_path / "w.onnx", device="auto")


def test_auto_runs_the_detector_that_ships():
    pictures = np.zeros((1, 3, 32, 32), np.float32)
    for device in ("cpu", "auto"):
        session = onnx_session.open_session(default_detector(), device=device)
        assert session.run(["heatmap"], {"image": pictures})[0].shape == (1, 1, 8, 8)
