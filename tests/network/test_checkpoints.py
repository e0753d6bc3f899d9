"""Checkpoints as ONNX and averaged: from Python, and as ``morph weights``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install 'morph-face[train]'")

from morph.cli import main  # noqa: E402
from morph.errors import MorphError  # noqa: E402
from morph.network.checkpoints import CheckpointOptions, convert_checkpoint  # noqa: E402
from morph.network.regressor import CoefficientRegressor, WeightsInfo, load_weights, save_weights  # noqa: E402


def checkpoint(path: Path, shift: float = 0.0) -> Path:
    torch.manual_seed(0)
    network = CoefficientRegressor(WeightsInfo("toy", "0123", 4, 3, input_size=64, width=0.5))
    with torch.no_grad():
        network.head.bias += shift
    save_weights(network, path)
    return path


def test_the_mean_is_taken_from_python(tmp_path: Path) -> None:
    one, other = checkpoint(tmp_path / "a.safetensors"), checkpoint(tmp_path / "b.safetensors", 1.0)
    written = convert_checkpoint(one, tmp_path / "mean.safetensors", CheckpointOptions(average=other))
    torch.testing.assert_close(load_weights(written.path).head.bias, load_weights(one).head.bias + 0.5)
    assert written.as_text().endswith(" MB")
    assert written.worst is None


def test_a_name_that_is_no_weights_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(MorphError, match=r"`out=` end in .onnx or .safetensors"):
        convert_checkpoint(tmp_path / "none.safetensors", tmp_path / "a.glb")
    with pytest.raises(MorphError, match="`half=` is for ONNX"):
        convert_checkpoint(tmp_path / "none.safetensors", tmp_path / "a.safetensors", CheckpointOptions(half=True))


def test_the_verb_does_not_write_over_what_it_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = checkpoint(tmp_path / "a.safetensors")
    before = one.read_bytes()
    assert main(["weights", str(one), "--out", str(one), "--overwrite"]) == 2
    assert "is read by this command" in capsys.readouterr().err
    assert one.read_bytes() == before
    assert main(["weights", str(one), "--half", "--out", str(tmp_path / "b.safetensors")]) == 2
    assert "--half is for ONNX; let --out end in .onnx" in capsys.readouterr().err


def test_the_verb_says_which_extra_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "morph.network.checkpoints")
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "morph.network.regressor", None)
    assert main(["weights", str(tmp_path / "a.safetensors"), "--out", str(tmp_path / "a.onnx")]) == 2
    assert "converting weights needs the extra train" in capsys.readouterr().err
