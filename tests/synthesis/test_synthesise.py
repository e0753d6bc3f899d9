"""Crop sets of rendered pictures: any split gives the same bytes, killed runs go on, mistakes are one line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model import load_default_model
from morph.synthesis import Renderer, SynthesisPlan, render_range, synthesise
from morph.synthesis.recipe import RENDERER
from morph.synthesis.sets import render_set as shards

PLAN = SynthesisPlan(10, seed=3, size=64)
ROOT = Path(__file__).resolve().parents[2]
RUN = """
from morph.synthesis import SynthesisPlan, synthesise
from morph.synthesis.sets import render_set as shards
import sys
shards.BLOCK = 3
synthesise(SynthesisPlan(300, seed=3, size=64), sys.argv[1], progress=lambda n: print(n, flush=True))
"""


@pytest.fixture
def one_renderer(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of this process share the renderer of all tests, and blocks hold three pictures."""
    monkeypatch.setattr(shards, "Renderer", lambda environments: renderer)
    monkeypatch.setattr(shards, "BLOCK", 3)


@pytest.fixture(scope="module")
def expected(renderer: Renderer) -> dict[str, np.ndarray]:
    return render_range(renderer, PLAN, 0, 10)


def assert_same(crops: CropSet, expected: dict[str, np.ndarray], start: int = 0) -> None:
    rows = slice(start, start + len(crops))
    np.testing.assert_array_equal(crops.images, expected["images"][rows])
    for name in shards.LABELS:
        np.testing.assert_array_equal(crops.labels[name], expected[name][rows], err_msg=name)


@pytest.mark.usefixtures("one_renderer")
def test_crop_set_is_whole_and_names_its_model(tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    counts: list[int] = []
    crops = synthesise(PLAN, tmp_path / "set", progress=counts.append)
    assert_same(crops, expected)
    assert counts == [3, 3, 3, 1]
    model = load_default_model(1)
    assert crops.meta["model"] == {"name": model.name, "identity": model.identity}
    assert crops.meta["licence"] == "CC0-1.0"
    assert crops.coefficients.shape.shape == (10, model.n_shape)
    np.testing.assert_array_equal(crops.labels["group"], np.arange(10))
    crops.verify()
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["images.npy", "labels.npz", "meta.json"]
    data = np.array(crops.images)
    data[4, 5, 6] ^= 1
    np.save(tmp_path / "set" / "images.npy", data)
    with pytest.raises(MorphError, match="have changed"):
        CropSet.open(tmp_path / "set").verify()


@pytest.mark.usefixtures("one_renderer")
def test_split_ranges_continue_each_other(tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    for start, count in ((0, 4), (4, 6)):
        part = synthesise(SynthesisPlan(count, seed=3, size=64, start=start), tmp_path / str(start))
        assert_same(part, expected, start)
        np.testing.assert_array_equal(part.labels["group"], np.arange(start, start + count))


@pytest.mark.slow
def test_two_processes_give_the_same_bytes(
    tmp_path: Path, expected: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 3)
    assert_same(synthesise(PLAN, tmp_path, processes=2), expected)


@pytest.mark.usefixtures("one_renderer")
def test_a_killed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SynthesisPlan(300, seed=3, size=64)
    with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["3\n", "3\n"]
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    done = sorted(path.name for path in (tmp_path / "parts").glob("0*.npz"))
    assert 2 <= len(done) < 100
    assert not (tmp_path / "meta.json").exists()
    (tmp_path / "parts" / ".00000006-x.npz").write_bytes(b"half")  # what a killed writer leaves
    with pytest.raises(MorphError, match="parts of another set"):
        synthesise(SynthesisPlan(300, seed=4, size=64), tmp_path)

    rendered: list[int] = []
    blank = render_range(shards.Renderer(None), plan, 0, 3)

    def record(renderer: Renderer, plan: SynthesisPlan, first: int, last: int) -> dict[str, np.ndarray]:
        rendered.append(first)
        return blank if last == first + 3 else {name: rows[: last - first] for name, rows in blank.items()}

    monkeypatch.setattr(shards, "render_range", record)
    crops = synthesise(plan, tmp_path)
    assert rendered == list(range(3 * len(done), 300, 3))
    assert_same(CropSet(crops.images[:3], {k: v[:3] for k, v in crops.labels.items()}, {}), blank)
    kept = render_range(shards.Renderer(None), plan, 3, 6)
    np.testing.assert_array_equal(crops.images[3:6], kept["images"])
    assert not (tmp_path / "parts").exists()
    assert len(CropSet.open(tmp_path)) == 300


@pytest.mark.usefixtures("one_renderer")
def test_a_finished_set_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SynthesisPlan(2, size=64)
    synthesise(plan, tmp_path)
    before = (tmp_path / "images.npy").stat().st_mtime_ns
    assert len(synthesise(plan, tmp_path)) == 2
    assert (tmp_path / "images.npy").stat().st_mtime_ns == before
    with pytest.raises(MorphError, match="another crop set"):
        synthesise(SynthesisPlan(3, size=64), tmp_path)


@pytest.mark.usefixtures("one_renderer")
@pytest.mark.parametrize("finished", [True, False])
def test_what_another_renderer_drew_is_not_continued(tmp_path: Path, finished: bool) -> None:
    plan = SynthesisPlan(2, size=64)
    kept = synthesise(plan, tmp_path / "set")
    meta = json.loads((tmp_path / "set" / "meta.json").read_text())
    assert meta["plan"].pop("renderer") == RENDERER
    (tmp_path / "set" / "meta.json").write_text(json.dumps(meta))  # as sets were before renderers had a number
    np.testing.assert_array_equal(CropSet.open(tmp_path / "set").images, kept.images)
    if not finished:
        (tmp_path / "set" / "meta.json").unlink()
        (tmp_path / "set" / "parts").mkdir()
        note = {**meta["plan"], "model": meta["model"]["identity"]}
        (tmp_path / "set" / "parts" / "plan.txt").write_text(", ".join(f"{key} {value}" for key, value in note.items()))
    with pytest.raises(MorphError, match="another version of the renderer drew"):
        synthesise(plan, tmp_path / "set")


@pytest.mark.usefixtures("one_renderer")
def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    plan = SynthesisPlan(5, size=64)
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "00000000-00000003.npz").write_bytes(b"half")
    with pytest.raises(MorphError, match=r"00000000-00000003\.npz is damaged"):
        synthesise(plan, tmp_path)


@pytest.mark.usefixtures("one_renderer")
def test_no_machine_paths_in_meta(tmp_path: Path) -> None:
    light = tmp_path / "lights" / "deep"
    light.mkdir(parents=True)
    for name in ("a.hdr", "b.exr", "notes.txt"):
        (light / name).write_bytes(b"")
    synthesise(SynthesisPlan(2, size=64, environments=str(tmp_path / "lights")), tmp_path / "set")
    text = (tmp_path / "set" / "meta.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["plan"]["environments"] == {"folder": "lights", "panoramas": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--count", "0"], "--count must be at least 1"),
        (["--count", "-3"], "--count must be at least 1"),
        (["--size", "20"], "--size must lie between 48 and 1024"),
        (["--size", "4000"], "--size must lie between 48 and 1024"),
        (["--seed", "-1"], "must not be negative"),
        (["--supersampling", "3"], "--supersampling is 1 or 2"),
        (["--processes", "0"], "--processes must be at least 1"),
        (["--environments", "nowhere"], "no such environments folder nowhere"),
        (["--environments", "empty"], "no .exr, .hdr or .exr.js panoramas below"),
        (["--out", "file"], "it is a file"),
        (["--out", "file/below"], "choose a writable folder"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert main(["synth", "--count", "2", "--out", "out", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out" / "meta.json").exists()


@pytest.mark.usefixtures("one_renderer")
def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--count", "4", "--out", str(tmp_path), "--size", "64", "--seed", "3", "--start", "2"]) == 0
    assert "4 pictures of 64 x 64" in capsys.readouterr().out
    np.testing.assert_array_equal(CropSet.open(tmp_path).labels["group"], [2, 3, 4, 5])
