import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

import av
from clips import PORTRAIT, portrait, sounding_clip, write_clip, write_stream
from standins import sheet_model, write_weights

from morph.cli import main
from morph.cli.track import dearest


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Weights, a model, a clip and broken ones."""
    folder = tmp_path_factory.mktemp("files")
    model = sheet_model()
    model.save(folder / "toy.npz")
    sheet_model("other").save(folder / "other.npz")
    write_weights(folder / "toy.onnx", model)
    clip = write_clip(folder / "clip.mp4", [portrait()] * 4)
    (folder / "cut.mp4").write_bytes(clip.read_bytes()[:3000])
    (folder / "text.mp4").write_text("hello\n" * 99)
    (folder / "text.jpg").write_text("hello")
    (folder / "text.onnx").write_text("hello")
    (folder / "text.npz").write_text("hello")
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "nothing").mkdir()
    return folder


def track(files: Path, source: object, out: Path, *more: str, weights: str = "toy.onnx", model: str = "toy.npz") -> int:
    return main(
        ["track", str(source), "--out", str(out), "--weights", str(files / weights), "--model", str(files / model), *more]
    )


def test_a_clip(files, tmp_path, capsys):
    assert track(files, files / "clip.mp4", tmp_path / "out") == 0
    out, err = capsys.readouterr()
    assert "a face in 4 of 4 frames" in out
    assert err == ""  # no bar where there is no terminal
    assert len(list((tmp_path / "out" / "mesh").glob("*.obj"))) == 4


def test_what_a_clip_leaves_out_is_named_once(files, tmp_path, capsys):
    half = np.full((240, 320), 128, np.uint8)
    clip = write_stream(tmp_path / "clear.mkv", [np.dstack([portrait(), half])] * 3, "ffv1", "bgra")
    assert track(files, clip, tmp_path / "out", "--no-mesh", "--offline") == 0
    assert capsys.readouterr().err.count(f"morph: {clip}: left out: transparency\n") == 1
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["left_out"] == ["transparency"]


def test_the_overlay_of_a_late_clip_begins_at_zero_and_has_its_sound(files, tmp_path):
    assert track(files, sounding_clip(tmp_path / "late.mkv", start=40.0), tmp_path / "out", "--frames", "10") == 0
    with av.open(str(tmp_path / "out" / "overlay.mp4")) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx([k / 25 for k in range(10)], abs=1e-3)
    with av.open(str(tmp_path / "out" / "overlay.mp4")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) / 48000 == pytest.approx(0.4, abs=0.05)


def test_two_passes_are_part_of_the_settings_of_a_track(files, tmp_path, capsys):
    for passes in ("1", "2"):
        assert track(files, files / "clip.mp4", tmp_path / passes, "--passes", passes, "--no-overlay") == 0
        summary = json.loads((tmp_path / passes / "summary.json").read_text())
        assert summary["settings"]["passes"] == int(passes)
        assert summary["frames_with_face"] == 4
    with pytest.raises(SystemExit):
        track(files, files / "clip.mp4", tmp_path / "3", "--passes", "3")
    assert "--passes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.mp4", "no file"),
        ("missing.jpg", "no file"),
        ("text.mp4", "neither a picture nor a clip"),
        ("text.jpg", "not a picture"),
        ("cut.mp4", "cut off"),
        ("empty.mp4", "is empty"),
        ("nothing", "holds no pictures"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(files, tmp_path, capsys, source, message):
    assert track(files, files / source, tmp_path / "out") == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("morph: ")
    assert err.count("\n") == 1
    assert out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": "missing.onnx"}, "no weights file"),
        ({"weights": "text.onnx"}, "not an ONNX network"),
        ({"model": "other.npz"}, "trained for the model 'toy'"),
        ({"model": "text.npz"}, "not a morph model"),
        ({"model": "missing.npz"}, "no model file"),
    ],
)
def test_bad_weights_and_models(files, tmp_path, capsys, change, message):
    assert track(files, files / "clip.mp4", tmp_path / "out", **change) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_clip_of_no_frames(files, tmp_path, capsys):
    import av

    with av.open(str(tmp_path / "none.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    assert track(files, tmp_path / "none.mp4", tmp_path / "out") == 2
    err = capsys.readouterr().err
    assert "morph: " in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written(files, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        assert track(files, files / "clip.mp4", out) == 2
        err = capsys.readouterr().err
        assert "cannot write" in err
        assert err.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(files, tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert track(files, files / "clip.mp4", tmp_path / "out") == 2
    assert "cannot write" in capsys.readouterr().err


def test_bad_options(files, tmp_path, capsys):
    assert track(files, files / "clip.mp4", tmp_path / "out", "--max-faces", "0") == 2
    assert track(files, files / "clip.mp4", tmp_path / "out", "--frames", "0") == 2
    assert track(files, files / "clip.mp4", tmp_path / "out", "--level", "2") == 2
    assert capsys.readouterr().err.count("\n") == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_no_torch_is_needed(files, tmp_path):
    """A picture is tracked in a process in which PyTorch, onnx and SciPy cannot be imported."""
    code = """
import importlib.abc, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "onnx", "torchvision", "lightning", "scipy", "h5py"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from morph.cli import main
sys.exit(main(sys.argv[1:]))
"""
    command = [sys.executable, "-c", code, "track", str(PORTRAIT), "--out", str(tmp_path / "out")]
    command += ["--weights", str(files / "toy.onnx"), "--model", str(files / "toy.npz"), "--no-overlay"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    points = [line for line in (tmp_path / "out" / "mesh" / "000000.obj").read_text().splitlines() if line.startswith("v ")]
    assert len(points) == 576
    assert np.isfinite([float(word) for line in points for word in line.split()[1:]]).all()


def test_what_takes_the_time_is_named_with_what_turns_it_off() -> None:
    stages = {"overlay": 12.04, "write": 4.0, "mesh": 0.5, "prepare": 0.2, "expression": 1.7, "filter": 0.1, "network": 9.0}
    assert dearest(stages) == ["overlay 12.0 (--no-overlay)", "write 4.7 (--no-mesh)", "expression 1.7 (--expressions none)"]
    assert dearest({"network": 3.0, "filter": 0.4}) == []
