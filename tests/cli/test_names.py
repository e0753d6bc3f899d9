"""Names of files, from footage to what is written: numbers, pairs of one stem, capitals, spaces, bytes that are no UTF-8."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import sheet_model, write_weights

from morph.cli import main


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Weights and a model."""
    folder = tmp_path_factory.mktemp("files")
    model = sheet_model()
    model.save(folder / "toy.npz")
    write_weights(folder / "toy.onnx", model)
    return folder


def track(files: Path, source: Path, out: Path, *more: str) -> int:
    given = ["--weights", str(files / "toy.onnx"), "--model", str(files / "toy.npz")]
    return main(["track", str(source), "--out", str(out), *given, *more])


def save(path: Path, shift: int = 0) -> None:
    path.write_bytes(cv2.imencode(path.suffix.lower(), portrait(shift=shift)[..., ::-1])[1].tobytes())


def test_numbers_of_a_sequence_are_kept_from_end_to_end(files, tmp_path, capsys):
    shots = tmp_path / "shot.v003"
    shots.mkdir()
    numbers = [1001, 1002, 1004, 1005]
    for number in numbers:
        save(shots / f"shot.v003.{number}.JPG", shift=4 * (number - 1001))
    (shots / "notes.txt").write_text("x")
    (shots / "._shot.v003.1001.JPG").write_bytes(b"\0\5\x16\7")
    out = tmp_path / "out"
    assert track(files, shots, out) == 0
    said = capsys.readouterr()
    assert f"morph: {shots}: left out: 1 file that is no picture (notes.txt)\n" == said.err
    assert "numbered pictures 1001 to 1005, 25 a second\n  numbers without a picture: 1003\n" in said.out
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["kind"], summary["frames"], summary["frames_missing"]) == ("sequence", 4, [1003])
    assert (summary["first_frame"], summary["last_frame"]) == (1001, 1005)
    assert summary["left_out"] == ["1 file that is no picture (notes.txt)"]
    times = [0, 0.04, 0.12, 0.16]
    with np.load(out / "coefficients.npz") as arrays:
        assert arrays["frame"].tolist() == numbers
        assert arrays["time"] == pytest.approx(times)
    table = [line.split(",")[:2] for line in (out / "landmarks.csv").read_text().splitlines()[1:]]
    assert table == [[str(number), f"{time:.6f}"] for number, time in zip(numbers, times, strict=True)]
    assert sorted(file.name for file in (out / "mesh").glob("*.obj")) == [f"{number:06d}.obj" for number in numbers]
    overlay = cv2.VideoCapture(str(out / "overlay.mp4"))
    stamps = []
    while overlay.grab():
        stamps.append(overlay.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    assert stamps == pytest.approx(times, abs=2e-3)

    model = ["--model", str(files / "toy.npz")]
    assert main(["export", str(out), "--out", str(tmp_path / "HEAD.GLB"), *model, "--over", str(shots)]) == 0
    data = (tmp_path / "HEAD.GLB").read_bytes()
    scene = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    accessor = scene["accessors"][scene["animations"][0]["samplers"][0]["input"]]
    view = scene["bufferViews"][accessor["bufferView"]]
    start = 20 + int.from_bytes(data[12:16], "little") + 8 + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    assert np.frombuffer(data, "<f4", accessor["count"], start) == pytest.approx(times)
    assert main(["export", str(out), "--out", str(tmp_path / "meshes"), "--format", "obj", *model]) == 0
    assert {f"{number:06d}.obj" for number in numbers} <= {file.name for file in (tmp_path / "meshes").iterdir()}
    view_of = ["view", str(out), "--over", str(shots), "--backend", "software", "--samples", "1", *model]
    assert main([*view_of, "--frame", "1004", "--out", str(tmp_path / "seen.PNG")]) == 0
    assert main([*view_of, "--frame", "1003", "--out", str(tmp_path / "gap.png")]) == 2
    assert "1003" in capsys.readouterr().err
    assert main([*view_of, "--layers", str(tmp_path / "layers"), "--layers-format", "png"]) == 0
    assert sorted(file.name for file in (tmp_path / "layers").glob("beauty*")) == [f"beauty.{n:06d}.png" for n in numbers]


def test_a_longer_number_is_a_name_that_a_later_track_knows_for_its_own(files, tmp_path):
    shots, out = tmp_path / "shots", tmp_path / "out"
    shots.mkdir()
    for number in (86400012, 86400013):
        save(shots / f"s{number}.png")
    assert track(files, shots, out, "--no-overlay") == 0
    for number in (-1, 0):
        (shots / f"s{86400013 + number}.png").rename(shots / f"s.{number}.png")
    assert track(files, shots, out, "--no-overlay") == 0
    assert {file.stem for file in (out / "mesh").glob("*.obj")} == {"-00001", "000000"}


def test_pictures_of_one_stem_have_an_overlay_each(files, tmp_path):
    folder, out = tmp_path / "pictures", tmp_path / "out"
    folder.mkdir()
    for name in ("a.jpg", "a.png", "A.bmp", "b.webp"):
        save(folder / name)
    assert track(files, folder, out, "--no-mesh") == 0
    drawn = sorted(file.name for file in (out / "overlay").iterdir())
    assert drawn == ["A.bmp.png", "a.jpg.png", "a.png.png", "b.png"]
    assert track(files, folder, out, "--no-mesh") == 0  # known for its own


@pytest.mark.parametrize("name", ["https://example.org/a.mp4", "shots/*.jpg", "frame_%04d.png"])
def test_addresses_and_patterns_are_one_line_for_every_verb(files, tmp_path, capsys, name):
    out = tmp_path / "out"
    assert track(files, portrait_clip(tmp_path), out, "--no-mesh", "--no-overlay") == 0
    capsys.readouterr()
    model = ["--model", str(files / "toy.npz")]
    for verb in (
        ["track", name, "--out", str(tmp_path / "other"), "--weights", str(files / "toy.onnx"), *model],
        ["view", str(out), "--over", name, "--out", str(tmp_path / "a.mp4"), *model],
        ["export", str(out), "--over", name, "--out", str(tmp_path / "a.glb"), *model],
        ["export", str(out), "--texture", name, "--out", str(tmp_path / "a.glb"), *model],
        ["live", name, "--no-window", "--stream", "udp://127.0.0.1:9", "--weights", str(files / "toy.onnx"), *model],
    ):
        assert main(verb) == 2, verb
        said = capsys.readouterr().err
        assert said.startswith(f"morph: {name} is a"), said
        assert said.count("\n") == 1
    assert not (tmp_path / "a.glb").exists()


def portrait_clip(folder: Path) -> Path:
    return write_clip(folder / "clip.mp4", [portrait()] * 2)


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names of files are text there")
def test_bytes_that_are_no_utf_8_in_the_locale_c(files, tmp_path):
    """Once the end of the process: OpenCV takes no such names."""
    shots = tmp_path / os.fsdecode(b"caf\xe9 #1: 50%d")
    shots.mkdir()
    for number in (1, 2):
        save(shots / f"{number}.png")
    out, mesh = tmp_path / os.fsdecode(b"out \xe9"), tmp_path / os.fsdecode(b"a \xe9.obj")
    odd = tmp_path / os.fsdecode(b"w\xe9.ONNX")
    odd.write_bytes((files / "toy.onnx").read_bytes())
    weights = ["--weights", str(odd)]
    model = ["--model", str(files / "toy.npz")]
    for verb in (
        ["track", str(shots), "--out", str(out), *weights, *model],
        ["export", str(out), "--over", str(shots), "--out", str(mesh), *model],
    ):
        done = subprocess.run([sys.executable, "-m", "morph", *verb], capture_output=True, env={**os.environ, "LC_ALL": "C"})
        assert (done.returncode, done.stderr) == (0, b"")
    assert (out / "overlay.mp4").stat().st_size
    assert "mtllib a__.mtl" in mesh.read_text()


def a_track(write_track) -> Path:
    return write_track([0, 1, 2], size=np.array([160, 120]))


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names of files are text there")
@pytest.mark.parametrize("suffix", [".usdc", ".usdz", ".abc", ".html", ".csv", ".pc2"])
def test_exports_of_every_kind_into_such_a_name(files, tmp_path, write_track, suffix):
    needed = {".usdc": "pxr", ".usdz": "pxr", ".abc": "alembic3d"}.get(suffix)
    if needed is not None:
        pytest.importorskip(needed)
    file = tmp_path / os.fsdecode(b"a \xe9" + suffix.encode())
    assert main(["export", str(a_track(write_track)), "--out", str(file), "--level", "0"]) == 0
    assert file.stat().st_size > 1000


@pytest.mark.parametrize("name", ["HEAD.GLB", "HEAD.USDC", "HEAD.USDZ", "HEAD.OBJ", "HEAD.PLY", "HEAD.CSV", "HEAD.HTML"])
def test_suffixes_in_capitals(tmp_path, write_track, name):
    if "USD" in name:
        pytest.importorskip("pxr", reason="usd-core is not installed")
    assert main(["export", str(a_track(write_track)), "--out", str(tmp_path / name), "--level", "0"]) == 0
    assert (tmp_path / name).stat().st_size > 1000


def test_what_an_obj_names_has_no_spaces(tmp_path, write_track):
    assert main(["export", str(a_track(write_track)), "--out", str(tmp_path / "my head #2.obj"), "--level", "0"]) == 0
    lines = (tmp_path / "my head #2.obj").read_text().splitlines()
    (material,) = (line.split(" ", 1)[1] for line in lines if line.startswith("mtllib"))
    assert material == "my_head__2.mtl"
    (texture,) = (line.split(" ", 1)[1] for line in (tmp_path / material).read_text().splitlines() if line.startswith("map_Kd"))
    assert (tmp_path / texture).read_bytes().startswith(b"\x89PNG")
    assert " " not in texture
    assert main(["export", str(tmp_path / "track"), "--out", str(tmp_path / "my head #2.obj"), "--level", "0"]) == 0  # its own
