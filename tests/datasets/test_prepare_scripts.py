"""The scripts of ``data/``, run as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from face_pairs import write_pairs
from toy import toy_model

from morph.datasets.crops import CropSet

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "data" / name / "prepare.py"), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.slow
def test_300w_lp_of_ones_own_model(tmp_path: Path) -> None:
    model = toy_model()
    model.save(tmp_path / "model.npz")
    write_pairs(tmp_path / "set", model, ["AFW/AFW_1_1_0", "AFW/AFW_1_1_1", "IBUG/IBUG_image_2_1_0"])
    (tmp_path / "set" / "AFW" / "AFW_1_1_0.mat").unlink()
    arguments = ("--data", tmp_path / "set", "--model", tmp_path / "model.npz", "--out", tmp_path / "out", "--workers", 1)
    strict = run("300w_lp", *arguments)
    assert strict.returncode == 2
    assert strict.stderr.count("\n") == 1
    assert "AFW_1_1_0.mat" in strict.stderr
    done = run("300w_lp", *arguments, "--max-bad", 0.5)
    assert done.returncode == 0, done.stderr
    assert "AFW: 2 of 5207, NOT ALL" in done.stdout
    assert "2 crops of 3 files, 1 skipped" in done.stdout
    assert "skipped: " in done.stderr
    crops = CropSet.open(tmp_path / "out")
    assert crops.meta["model"] == {"name": "toy", "identity": model.identity}
    assert len(crops) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["300w_lp", "aflw2000", "aflw_merlrav"])
def test_a_missing_folder_is_one_line(name: str, tmp_path: Path) -> None:
    more = ("--model", tmp_path / "none.npz") if name == "300w_lp" else ()
    result = run(name, "--data", tmp_path / "nowhere", "--out", tmp_path / "out", *more)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "nowhere" in result.stderr
    assert not (tmp_path / "out").exists()
