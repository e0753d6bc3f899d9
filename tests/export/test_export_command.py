"""``morph export`` of a track: every format, and every mistake in one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from toy import toy_model

from morph.cli import main
from morph.export.performance import Performance
from morph.export.shot.shot import shot_of
from morph.model import MorphableModel, load_default_model
from morph.track_folder.people import performance_of_track, person_of_track
from morph.track_folder.read import load_track

WriteTrack = Callable[..., Path]


def export(track: Path, out: Path, *more: str) -> int:
    return main(["export", str(track), "--out", str(out), *more])


def fails(capsys: pytest.CaptureFixture[str], track: Path, out: Path, *more: str) -> str:
    """The one line that is said."""
    assert export(track, out, *more) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("morph: ")
    assert said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("a.glb", []),
        ("a.usdc", ["a.png"]),
        ("a.csv", ["a.camera.json"]),
        ("a.mdd", ["a.camera.json", "a.mtl", "a.obj", "a.png"]),
        ("a.pc2", ["a.camera.json", "a.mtl", "a.obj", "a.png"]),
        ("a.ply", ["a.camera.json"]),
        ("a.obj", ["a.camera.json", "a.mtl", "a.png"]),
    ],
)
def test_formats_are_told_from_the_name(
    write_track: WriteTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, beside: list[str]
) -> None:
    if name.endswith("usdc"):
        pytest.importorskip("pxr", reason="usd-core is not installed")
    (tmp_path / "out").mkdir()
    assert export(write_track(), tmp_path / "out" / name, "--level", "0") == 0
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted([name, *beside])
    said = capsys.readouterr().out
    assert f"{name}: face 1, 6 frames, {load_default_model(0).n_vertices} vertices" in said
    assert all(file in said for file in beside)


@pytest.mark.parametrize("kind", ["ply", "obj"])
def test_sequences(write_track: WriteTrack, placed: Performance, tmp_path: Path, kind: str) -> None:
    """One mesh a frame, numbered as in the clip, where the face was tracked to 0.01 mm."""
    trimesh = pytest.importorskip("trimesh")
    assert export(write_track("again"), tmp_path / "meshes", "--format", kind, "--level", "0") == 0
    files = sorted((tmp_path / "meshes").glob(f"*.{kind}"))
    assert [file.stem for file in files] == ["000003", "000004", "000005", "000007", "000008", "000009"]
    read = trimesh.load(files[3], process=False)
    shot = shot_of(placed)
    vertices = placed.vertices(3)
    if kind == "ply":
        assert np.abs(read.vertices - vertices).max() < 0.01
    else:  # trimesh splits an OBJ at its seams
        lines = [line.split()[1:] for line in files[3].read_text().splitlines() if line.startswith("v ")]
        assert np.abs(np.array(lines, float) - vertices).max() < 0.01
        np.testing.assert_allclose(read.bounds[0], vertices.min(0), atol=0.01)
    assert json.loads((tmp_path / "meshes" / "camera.json").read_text()) == shot.numbers(placed)


def test_one_frame_pose_and_texture(write_track: WriteTrack, placed: Performance, tmp_path: Path) -> None:
    trimesh = pytest.importorskip("trimesh")
    cv2.imwrite(str(tmp_path / "green.png"), np.full((8, 8, 3), (0, 255, 0), np.uint8))
    track = write_track("again")
    more = ("--level", "0", "--frame", "7", "--neutral-pose", "--clip-weights", "--texture", str(tmp_path / "green.png"))
    assert export(track, tmp_path / "a.ply", *more) == 0
    mesh = trimesh.load(tmp_path / "a.ply", process=False)
    assert np.abs(mesh.vertices - placed.clipped().neutral_vertices(3)).max() < 0.01
    assert (mesh.visual.vertex_colors[:, :3] == (0, 255, 0)).all()


def test_who_is_left_out_is_named(write_track: WriteTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track, out = write_track(), tmp_path / "a.csv"
    assert export(track, out) == 0
    assert capsys.readouterr().err == "morph: face 1 is exported, left out: face 0 (1 frame); choose with --id\n"
    assert export(track, out, "--id", "0") == 0
    assert capsys.readouterr().err == "morph: face 0 is exported, left out: face 1 (6 frames); choose with --id\n"
    assert export(write_track("one", id=np.zeros(7, int), frame=np.arange(7), time=np.arange(7) / 30), out) == 0
    assert capsys.readouterr().err == ""


def test_a_folder_of_pictures_exports_one_person_and_never_a_mean(
    write_track: WriteTrack, coarse: MorphableModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is tracked, everybody has a number of their own; a frame is asked for by its number alone."""
    shape = np.random.default_rng(0).normal(size=(7, coarse.n_shape))
    track = write_track(id=np.arange(7), frame=np.arange(7), time=np.arange(7) / 25, shape=shape)
    for frame in (0, 4):
        assert export(track, tmp_path / "a.ply", "--frame", str(frame), "--level", "0") == 0
        assert f"face {frame} is exported, left out: faces" in capsys.readouterr().err
        assert performance_of_track(load_track(track), coarse, person_of_track(load_track(track), frame=frame)).shape == (
            pytest.approx(shape[frame])
        )


def test_given_model(write_track: WriteTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A track of another model is exported with that model only."""
    model = toy_model()
    model.save(tmp_path / "toy.npz")
    track = write_track(
        *("toy",),
        **{"shape": np.zeros((7, 4)), "expression": np.zeros((7, 3))},
        **{"model_identity": np.array(model.identity), "model_name": np.array("toy")},
    )
    assert export(track, tmp_path / "a.glb", "--model", str(tmp_path / "toy.npz")) == 0
    assert "68 vertices" in capsys.readouterr().out
    assert "was tracked with the model 'toy'" in fails(capsys, track, tmp_path / "b.glb")
    assert "has no EyeBlinkLeft" in fails(capsys, track, tmp_path / "b.csv", "--model", str(tmp_path / "toy.npz"))
    assert "--level is for the default model" in fails(
        capsys, track, tmp_path / "b.glb", "--model", str(tmp_path / "toy.npz"), "--level", "1"
    )


def test_mistakes_are_one_line(write_track: WriteTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track, out = write_track(), tmp_path / "a.glb"
    (tmp_path / "empty").mkdir()
    assert "no folder" in fails(capsys, tmp_path / "nowhere", out)
    assert "no coefficients.npz" in fails(capsys, tmp_path / "empty", out)
    assert "unknown format 'fbx'; give --format one of glb, usd, ply, csv, mdd, pc2, obj" in fails(
        capsys, track, out, "--format", "fbx"
    )
    assert "does not tell the format" in fails(capsys, track, tmp_path / "head")
    assert "is not the name of a USD file; let it end in .usd or .usdc" in fails(capsys, track, out, "--format", "usd")
    assert "has no face 5; --id takes one of 0, 1" in fails(capsys, track, out, "--id", "5")
    assert "choose a folder that exists" in fails(capsys, track, tmp_path / "no" / "a.glb", "--level", "0")
    assert "no picture" in fails(capsys, track, out, "--texture", str(tmp_path / "none.png"))
    assert "not in frame 6; it is seen in frames between 3 and 9" in fails(
        capsys, track, tmp_path / "a.ply", "--frame", "6", "--level", "0"
    )
    assert "--frame is for one mesh" in fails(capsys, track, out, "--frame", "6")
    (tmp_path / "file").write_text("")
    assert "it is a file; give a folder" in fails(capsys, track, tmp_path / "file", "--format", "ply", "--level", "0")
    assert "no model file" in fails(capsys, track, out, "--model", str(tmp_path / "none.npz"))
    assert "use `morph weights FILE --out w.onnx`" in fails(capsys, tmp_path / "w.safetensors", tmp_path / "a.onnx")
    assert not out.exists()


def test_missing_extra_is_one_line(
    write_track: WriteTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    assert "pip install 'morph-face[usd]'" in fails(capsys, write_track(), tmp_path / "a.usdc", "--level", "0")
    assert not list(tmp_path.glob("a.*"))
