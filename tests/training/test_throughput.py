"""Timing a recipe: numbers that can be, and bad input."""

from pathlib import Path

import pytest
import yaml

pytest.importorskip("lightning", reason="lightning is not installed: pip install 'morph-face[train]'")

from toy_crops import recipe

from morph.cli import main


def test_times_both_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path)))
    before = sorted(tmp_path.rglob("*"))
    assert main(["train", "--config", str(tmp_path / "c.yaml"), "--benchmark", "3"]) == 0
    words = capsys.readouterr().out.split()
    bare, training, share = float(words[1]), float(words[4]), float(words[6])
    assert bare > 1
    assert training > 1
    assert share == pytest.approx(100 * training / bare, rel=0.02)
    assert sorted(tmp_path.rglob("*")) == before


def test_no_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(recipe(tmp_path)))
    assert main(["train", "--config", str(tmp_path / "c.yaml"), "--benchmark", "0"]) == 2
    assert "at least 1 step" in capsys.readouterr().err
