"""Where figures come from."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from morph import __version__
from morph.cli import bench
from morph.cli.machine.origin import commit, origin, processor


def git(folder: Path, *words: str) -> str:
    told = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org", *words]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip()


def test_a_run_says_version_command_machine_threads_and_packages(tmp_path: Path) -> None:
    said = origin(["bench", "video", str(tmp_path / "clip.mp4"), "--smooth", "flow"])
    assert said["morph"] == __version__
    assert said["command"] == "morph bench video clip.mp4 --smooth flow"
    assert set(said["machine"]) == {"processor", "cores", "system"}
    assert said["machine"]["processor"]
    assert min(said["threads"].values()) >= 1
    assert {"numpy", "onnxruntime"} <= set(said["packages"])


def test_the_commit_is_the_checkouts_and_tells_changes(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-qm", "first")
    clean = commit(tmp_path)
    assert clean is not None
    assert git(tmp_path, "rev-parse", "HEAD").startswith(clean)
    (tmp_path / "file").write_text("two")
    assert commit(tmp_path) == f"{clean}-dirty"


def test_a_folder_below_somebody_elses_checkout_has_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "below").mkdir()
    assert commit(tmp_path / "below") is None
    assert commit(tmp_path / "nowhere") is None


def test_a_processor_is_named_without_cpuinfo(monkeypatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: (_ for _ in ()).throw(OSError()))
    assert processor()


def test_every_bench_can_write_its_figures() -> None:
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    (below,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    assert len(below.choices) >= 8
    assert [name for name, sub in below.choices.items() if "--json" not in sub.format_help()] == []
