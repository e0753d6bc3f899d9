"""triton comes before Alembic, wherever Alembic is loaded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "morph"
CODE = "from morph.load_alembic import load_alembic; print(load_alembic().__name__)"


def run(code: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own, with the modules of ``folders`` before all others."""
    path = [*map(str, folders), str(PACKAGE.parent), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)


def test_triton_is_loaded_first(tmp_path):
    (tmp_path / "triton.py").write_text("")
    (tmp_path / "alembic3d.py").write_text("import sys; assert 'triton' in sys.modules, 'too early'")
    said = run(CODE, tmp_path)
    assert said.stdout.strip() == "alembic3d", said.stderr


def test_alembic_is_loaded_in_no_other_place():
    modules = (path for folder in (PACKAGE, PACKAGE.with_name("viewer")) for path in folder.rglob("*.py"))
    loading = [path.name for path in modules if re.search(r"(from|import) alembic3d", path.read_text(encoding="utf-8"))]
    assert loading == ["load_alembic.py"]


def test_without_triton_alembic_loads_all_the_same(tmp_path):
    (tmp_path / "triton.py").write_text("raise ImportError('made for another Python')")
    (tmp_path / "alembic3d.py").write_text("")
    assert run(CODE, tmp_path).stdout.strip() == "alembic3d"


@pytest.mark.slow
def test_torchvision_loads_after_alembic_in_one_process():
    pytest.importorskip("alembic3d", reason="alembic3d is not installed: pip install 'morph-face[alembic]'")
    pytest.importorskip("torchvision", reason="torchvision is not installed")
    said = run(f"{CODE}; import torchvision; print(torchvision.__name__)")
    assert (said.returncode, said.stdout.split()) == (0, ["alembic3d", "torchvision"]), said.stderr
