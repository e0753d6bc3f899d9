"""The watch over skips, tried in a run of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
EXAMPLE = """
import pytest

def test_passes():
    pass

def test_expected():
    pytest.skip("no CUDA device")

def test_odd():
    {odd}
"""


@pytest.mark.parametrize(
    ("ci", "odd", "status"),
    [
        ("1", "pytest.skip('no npm here')", pytest.ExitCode.TESTS_FAILED),
        ("", "pytest.skip('no npm here')", pytest.ExitCode.OK),
        ("1", "pass", pytest.ExitCode.OK),
    ],
)
def test_unexpected_skip_fails_on_ci_only(tmp_path: Path, ci: str, odd: str, status: int) -> None:
    (tmp_path / "test_example.py").write_text(EXAMPLE.format(odd=odd))
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    environment = os.environ | {"MORPH_CI": ci, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stdout
    assert ("no npm here" in done.stdout) == (status != pytest.ExitCode.OK)
