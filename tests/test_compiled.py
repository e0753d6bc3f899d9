"""Compiled loops need no cache: they run where none can be written, and where the one that lies there is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOOP = """
import numpy as np
from morph.compiled import compiled

@compiled
def total(values):
    out = 0.0
    for value in values:
        out += value
    return out

print(total(np.arange(4.0)), sum(total.stats.cache_hits.values()))
"""


def run(module: Path, code: str = LOOP) -> subprocess.CompletedProcess[str]:
    """Run the module in a process of its own whose cache can only lie beside it."""
    module.write_text(code)
    environment = {**os.environ, "HOME": os.devnull, "XDG_CACHE_HOME": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.run([sys.executable, str(module)], env=environment, capture_output=True, text=True)


def test_a_loop_runs_where_no_cache_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file where the folder would be")
    done = run(tmp_path / "loop.py")
    assert (done.stdout, done.stderr) == ("6.0 0\n", "")


def test_a_second_process_takes_what_the_first_compiled_and_a_damaged_cache_is_as_none(tmp_path: Path) -> None:
    assert run(tmp_path / "loop.py").stdout == "6.0 0\n"
    assert run(tmp_path / "loop.py").stdout == "6.0 1\n"
    for index in (tmp_path / "__pycache__").glob("*.nbi"):
        index.write_bytes(index.read_bytes()[:40])
    done = run(tmp_path / "loop.py")
    assert (done.stdout, done.stderr) == ("6.0 0\n", "")


def test_a_full_disk_costs_the_cache_alone(tmp_path: Path) -> None:
    full = "import numba.core.caching as c\ndef save(*_):\n    raise OSError(28, 'No space left on device')\n"
    done = run(tmp_path / "loop.py", full + "c.IndexDataCacheFile.save = save\n" + LOOP)
    assert (done.stdout, done.stderr) == ("6.0 0\n", "")


def test_numba_is_asked_in_one_place() -> None:
    root = Path(__file__).parents[1]
    users = [
        path for folder in ("morph", "viewer") for path in (root / folder).rglob("*.py") if "njit" in path.read_text("utf-8")
    ]
    assert users == [root / "morph" / "compiled.py"]
