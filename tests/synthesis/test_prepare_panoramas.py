"""``data/synthetic/prepare.py``: what it takes from the package, and what it says when it cannot."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from morph.errors import MorphError
from morph.synthesis.light.environments import panorama_files

SCRIPT = Path(__file__).resolve().parents[2] / "data" / "synthetic" / "prepare.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare_panoramas", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def package(tmp_path: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package as npm packs it, with two panoramas; the script takes its hash for the published one."""
    path = tmp_path / "assets.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("LICENSE", "hdri/a.exr.js", "hdri/b.exr.js", "hdri/b.exr.d.ts", "fonts/c.exr.js", "../hdri/evil.txt"):
            data = name.encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    monkeypatch.setattr(script, "SHA512", hashlib.sha512(path.read_bytes()).hexdigest())
    return path


def test_only_panoramas_and_the_licence_are_unpacked(tmp_path: Path, script: ModuleType, package: Path) -> None:
    script.check(package)
    files = script.unpack(package, tmp_path / "out")
    assert [path.name for path in files] == ["a.exr.js", "b.exr.js"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["LICENSE", "a.exr.js", "b.exr.js"]
    assert (tmp_path / "out" / "a.exr.js").read_text() == "hdri/a.exr.js"
    assert panorama_files(tmp_path / "out") == files
    before = files[0].stat().st_mtime_ns
    files[1].write_text("cut off")
    script.unpack(package, tmp_path / "out")
    assert files[0].stat().st_mtime_ns == before
    assert files[1].read_text() == "hdri/b.exr.js"


def test_another_package_is_refused(script: ModuleType, package: Path) -> None:
    package.write_bytes(package.read_bytes() + b"x")
    with pytest.raises(MorphError, match="SHA-512"):
        script.check(package)


def test_the_published_hash_has_the_length_of_one(script: ModuleType) -> None:
    assert len(bytes.fromhex(script.SHA512)) == 64


@pytest.mark.parametrize(
    ("arguments", "message"), [((), "npm is not installed"), (("--package", "none.tgz"), "cannot read none.tgz")]
)
def test_what_a_user_sees(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    environment = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": str(SCRIPT.parents[2])}
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path / "out"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
