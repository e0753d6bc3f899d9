"""Verbs that write one file: never over an input, by whatever name, and never over what morph did not write."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import portrait, write_clip
from made_tracks import SIZE, coarse_model, write_track  # noqa: F401  (fixtures)

from morph.cli import main
from morph.errors import MorphError
from morph.outputs import Outputs, check_outputs


def needs(package, name, beside):
    return pytest.param(name, beside, marks=pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is missing"))


USDC, ABC = needs("pxr", "a.usdc", ["a.png"]), needs("alembic3d", "a.abc", ["a.png", "a.camera.json"])
OBJ = ["a.png", "a.mtl", "a.camera.json"]
FORMATS = [
    *(("a.glb", []), USDC, ("a.csv", ["a.camera.json"]), ABC, ("a.mdd", ["a.obj", *OBJ]), ("a.pc2", ["a.obj", *OBJ])),
    *(("a.ply", ["a.camera.json"]), ("a.obj", OBJ), ("a.html", [])),
]


@pytest.fixture
def track(write_track):  # noqa: F811
    return write_track([0, 1, 2], size=np.array(SIZE))


@pytest.fixture
def face(tmp_path):
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), portrait(160, 120)[..., ::-1])
    return path


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "clip.mp4", [portrait(160, 120)] * 3)


def line(capsys, *words):
    """The one line that a refused command says."""
    assert main([str(word) for word in words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    return said.err


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def spellings(path: Path) -> dict[str, Path]:
    """Other names of one file."""
    links = path.parent / "links"
    links.mkdir()
    (links / "hard").mkdir()
    (links / f"soft{path.suffix}").symlink_to(path)
    os.link(path, links / "hard" / f"hard{path.suffix}")
    return {
        "same": path,
        "up and down": links / ".." / path.name,
        "symbolic link": links / f"soft{path.suffix}",
        "hard link": links / "hard" / f"hard{path.suffix}",
    }


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_the_photograph_of_a_texture_is_not_replaced_by_that_texture(track, face, tmp_path, capsys, more):
    before = files(tmp_path)
    said = line(capsys, "export", track, "--over", face, "--out", tmp_path / "face.obj", *more)
    assert "face.png, which comes beside face.obj, is read by this command" in said
    assert files(tmp_path) == before


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
@pytest.mark.parametrize("spell", ["same", "up and down", "symbolic link", "hard link"])
def test_footage_is_not_replaced_by_its_preview_by_whatever_name(track, clip, tmp_path, capsys, spell, more):
    name = spellings(clip)[spell]
    before = files(tmp_path)
    assert "read by this command" in line(capsys, "view", track, "--over", clip, "--out", name, *more)
    assert "read by this command" in line(capsys, "view", track, "--over", name, "--out", clip, *more)
    assert files(tmp_path) == before


def test_a_track_and_a_folder_of_pictures_are_inputs_with_their_files(track, face, tmp_path, capsys):
    (tmp_path / "shots").mkdir()
    for number in range(2):
        os.link(face, tmp_path / "shots" / f"{number}.png")
    for folder in (track, tmp_path / "shots"):
        (folder / "overlay.png").write_bytes(face.read_bytes())
    before = files(tmp_path)
    for name in ("0.png", "overlay.png"):
        out = tmp_path / "shots" / name
        assert "is read" in line(capsys, "view", track, "--over", tmp_path / "shots", "--out", out, "--overwrite")
    assert "is read" in line(capsys, "model", "convert", track / "coefficients.npz", track / "coefficients.npz", "--overwrite")
    assert files(tmp_path) == before


@pytest.mark.parametrize(("name", "beside"), FORMATS)
def test_an_export_goes_where_it_went_before_and_spares_files_of_the_user(track, tmp_path, capsys, name, beside):
    out = tmp_path / "out"
    out.mkdir()
    command = ["export", track, "--level", "0", "--out", out / name]
    assert main([str(word) for word in command]) == 0
    assert sorted(files(out)) == sorted([name, *beside])
    assert main([str(word) for word in command]) == 0  # again, over its own
    capsys.readouterr()
    for file in (name, *beside):
        whole = (out / file).read_bytes()
        (out / file).write_text("my own")
        before = files(out)
        said = line(capsys, *command, *(["--overwrite"] if file != name else []))
        assert f"{file}" in said
        assert "exists and was not written by morph" in said
        assert ("--overwrite" in said) == (file == name)
        assert files(out) == before
        (out / file).write_bytes(whole)
    (out / name).write_text("my own")
    assert main([str(word) for word in [*command, "--overwrite"]]) == 0
    assert (out / name).read_bytes() != b"my own"


def test_a_sequence_spares_meshes_of_the_user_in_its_folder(track, tmp_path, capsys):
    out = tmp_path / "seq"
    out.mkdir()
    (out / "000001.obj").write_text("v 1 2 3")
    said = line(capsys, "export", track, "--level", "0", "--format", "obj", "--out", out)
    assert "000001.obj exists and was not written by morph; move it away" in said
    assert os.listdir(out) == ["000001.obj"]
    (out / "000001.obj").unlink()
    for _ in range(2):
        assert main(["export", str(track), "--level", "0", "--format", "obj", "--out", str(out)]) == 0


@pytest.mark.parametrize("suffix", ["png", "jpg", "mp4"])
def test_a_preview_goes_where_it_went_before(track, tmp_path, capsys, suffix):
    out = tmp_path / f"preview.{suffix}"
    command = ["view", str(track), "--size", "64x48", "--backend", "software", "--out", str(out)]
    out.write_text("my own")
    assert "add --overwrite" in line(capsys, *command)
    assert out.read_text() == "my own"
    assert main([*command, "--overwrite"]) == 0
    assert main(command) == 0
    if suffix != "mp4":
        assert cv2.imread(str(out)).shape == (48, 64, 3)


def test_numbers_of_a_bench_do_not_replace_what_it_reads(clip, tmp_path, capsys):
    (tmp_path / "mine.json").write_text("{}")
    before = files(tmp_path)
    assert "is read" in line(capsys, "bench", "video", clip, "--json", clip, "--overwrite")
    assert "is read" in line(capsys, "bench", "speed", clip, "--json", clip, "--overwrite")
    assert "add --overwrite" in line(capsys, "bench", "video", clip, "--json", tmp_path / "mine.json")
    assert files(tmp_path) == before


def test_a_converted_model_is_not_written_over_a_file_of_the_user(tmp_path, capsys):
    (tmp_path / "mine.npz").write_bytes(b"mine")
    assert "add --overwrite" in line(capsys, "model", "convert", "default", tmp_path / "mine.npz")
    assert main(["model", "convert", "default", str(tmp_path / "mine.npz"), "--overwrite", "--half"]) == 0
    assert main(["model", "convert", "default", str(tmp_path / "mine.npz"), "--half"]) == 0


def test_devices_folders_and_absent_folders_are_refused_before_anything_is_made(track, tmp_path, capsys):
    device = Path(os.devnull)
    assert "it is a device" in line(capsys, "view", track, "--out", device)
    assert device.exists()
    assert not device.is_file()
    assert "it is a folder" in line(capsys, "view", track, "--out", tmp_path)
    for folder in ("no", "no/.."):
        assert "choose a folder that exists" in line(capsys, "view", track, "--out", tmp_path / folder / "a.png")


def test_a_link_that_points_nowhere_is_somebodys(tmp_path):
    (tmp_path / "a.glb").symlink_to(tmp_path / "unmounted.glb")
    with pytest.raises(MorphError, match="add `overwrite=True`"):
        check_outputs(Outputs([tmp_path / "a.glb"]))
    check_outputs(Outputs([tmp_path / "a.glb"], overwrite=True))


def test_one_file_is_not_written_twice(tmp_path):
    with pytest.raises(MorphError, match="written twice"):
        check_outputs(Outputs([tmp_path / "a.json", tmp_path / "sub" / ".." / "a.json"]))


def test_what_morph_wrote_is_told_by_its_content_and_not_by_a_name_or_word(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"note": "made by morph, says a user"}))
    (tmp_path / "a.csv").write_text("Timecode,BlendShapeCount\n")
    np.savez(tmp_path / "a.npz", names=["made by morph"])
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "a.glb").write_bytes(b"glTF")
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    for file in tmp_path.iterdir():
        with pytest.raises(MorphError, match="add `overwrite=True`"):
            check_outputs(Outputs([file]))
