"""A disk that takes no more: one line, status 2, no half file, no abort; played by the limit of a process on its files."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from clips import portrait, write_clip
from made_tracks import SIZE, coarse_model, write_track  # noqa: F401  (fixtures)
from standins import sheet_model, write_weights

from morph.atomic import atomic_path, write_all
from morph.cli import main
from morph.datasets.npy_rows import NpyRows
from morph.errors import MorphError

resource = pytest.importorskip("resource", reason="this system has no limit on the size of files")


@contextlib.contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file of this process grows beyond ``size`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def needs(package, *words):
    return pytest.param(words, marks=pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is missing"))


EXPORTS = [
    *(("export", "T", "--level", "0", "--out", f"OUT/a.{kind}") for kind in ("glb", "csv", "mdd", "ply", "obj")),
    *(needs("pxr", "export", "T", "--level", "0", "--out", f"OUT/a.{kind}") for kind in ("usdc", "usdz")),
    needs("alembic3d", "export", "T", "--level", "0", "--out", "OUT/a.abc"),
    ("view", "T", "--backend", "software", "--size", "160x120", "--out", "OUT/a.png"),
    ("view", "T", "--backend", "software", "--size", "160x120", "--out", "OUT/a.mp4"),
    ("view", "T", "--backend", "software", "--over", "CLIP", "--layers", "OUT/l", "--layers-format", "png"),
    needs("OpenEXR", "view", "T", "--backend", "software", "--over", "CLIP", "--layers", "OUT/l"),
    ("model", "convert", "default", "OUT/a.npz", "--half"),
    needs("onnx", "track", "CLIP", "--weights", "W", "--model", "M", "--out", "OUT/t"),
    ("synth", "--count", "2", "--size", "48", "--out", "OUT/s"),
]


@pytest.fixture
def say(write_track, tmp_path):  # noqa: F811
    """Runs words with paths in them, into a folder of the test."""
    track = write_track([0, 1, 2], size=np.array(SIZE))
    clip = write_clip(tmp_path / "clip.mp4", [portrait(*SIZE)] * 3)
    model = sheet_model()
    model.save(tmp_path / "toy.npz")
    places = {"T": track, "CLIP": clip, "W": tmp_path / "toy.onnx", "M": tmp_path / "toy.npz"}
    if find_spec("onnx"):
        write_weights(tmp_path / "toy.onnx", model)

    def run(words, out):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        return main([str(places.get(word, word.replace("OUT", str(out)))) for word in words])

    return run


@pytest.mark.parametrize("words", EXPORTS, ids=lambda words: f"{words[0]} {words[-1]}")
def test_a_full_disk_is_one_line_and_leaves_no_half_file(say, tmp_path, capfd, words):
    assert say(words, tmp_path / "whole") == 0
    whole = files(tmp_path / "whole")
    largest = max(len(data) for data in whole.values())
    for share in (0.3, 0.99) if words[-1].endswith(("abc", "mp4")) else (0.99,):
        capfd.readouterr()
        with at_most(max(int(share * largest), 200)):
            status = say(words, tmp_path / "out")
        said = capfd.readouterr()
        assert status == 2, said
        assert said.err.splitlines()[-1].startswith("morph: ")
        assert [line for line in said.err.splitlines() if "it/s" not in line and "frame" not in line][:-1] == [], said.err
        assert "Traceback" not in said.err
        assert os.strerror(27) in said.err or "disk" in said.err
        for name, data in files(tmp_path / "out").items():
            assert ".lock" not in name
            if "/parts/" in name or name.endswith((".unfinished.json", ".begun-by-morph")):
                continue  # which a later run goes on with
            assert name in whole, name
            assert len(data) == len(whole[name]), name


def test_the_reason_is_the_systems_and_the_old_file_stays(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"old")
    why = pytest.raises(MorphError, match=r"cannot write .*a.bin: .*nothing was kept")
    with at_most(1000), why, atomic_path(tmp_path / "a.bin") as path, path.open("wb", buffering=0) as file:
        write_all(file, [bytes(600), bytes(600)])
    assert files(tmp_path) == {"a.bin": b"old"}


def test_an_error_of_the_program_is_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "a.bin"):
        raise ZeroDivisionError
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.bin"):
        (tmp_path / "no").read_bytes()
    assert files(tmp_path) == {}


def test_rows_are_the_file_that_numpy_writes(tmp_path):
    rows = np.random.default_rng(0).integers(0, 255, (7, 4, 3), np.uint8)
    np.save(tmp_path / "a.npy", rows)
    with NpyRows(tmp_path / "b.npy", np.uint8, (7, 4, 3)) as out:
        out.add(rows[:5])
        out.add(rows[5:])
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()
    with pytest.raises(ValueError, match="6 rows came"), NpyRows(tmp_path / "c.npy", np.uint8, (7, 4, 3)) as out:
        out.add(rows[1:])
