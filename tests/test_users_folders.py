"""Verbs that write a folder: sets, fits, layers, runs and recordings leave alone what is not theirs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from clips import portrait, write_clip
from made_tracks import SIZE, coarse_model, write_track  # noqa: F401  (fixtures)

from morph.cli import main
from morph.datasets.crop_writer import Piece, write_crops
from morph.datasets.set_folder import NOTE
from morph.errors import MorphError
from morph.fitting.mat_files import mat_folder
from morph.folder_lock import NAME, only_run_in
from morph.outputs import move_to_free_name


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def line(capsys, *words):
    """The one line that a refused command says."""
    assert main([str(word) for word in words]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1, said.err
    return said.err


def make(names):
    count = len(names)
    marks = np.zeros((count, 68, 2), np.float32)
    return Piece(np.full((count, 8, 8, 3), len(names[0]), np.uint8), {"landmarks": marks, "landmark_weights": marks[..., 0]})


@pytest.mark.parametrize("name", ["images.npy", "labels.npz", "meta.json", "images.partial", "piece-000000.npz"])
def test_a_crop_set_does_not_take_files_of_the_user_for_its_own(tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(MorphError, match="is not of a crop set that morph wrote there"):
        write_crops(tmp_path, ["a", "b"], make, {"source": "test"})
    assert files(tmp_path) == {name: b"mine"}


def test_a_crop_set_goes_on_in_its_own_folder_however_early_it_was_killed(tmp_path):
    def killed(names):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_crops(tmp_path / "set", ["a", "b"], killed, {"source": "test"})
    assert {NOTE, "images.partial"} <= set(files(tmp_path / "set"))
    for _ in range(2):
        write_crops(tmp_path / "set", ["a", "b"], make, {"source": "test"})
        assert sorted(files(tmp_path / "set")) == ["images.npy", "labels.npz", "meta.json"]
    with only_run_in(tmp_path / "set"), pytest.raises(MorphError, match="another run"):
        write_crops(tmp_path / "set", ["a", "b"], make, {"source": "test"})


@pytest.mark.parametrize("name", ["images.npy", "depth.npy"])
def test_renders_do_not_replace_arrays_of_the_user(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(b"mine")
    command = ["synth", "--count", "1", "--size", "48", "--maps", "depth", "--out", tmp_path]
    assert "is not of a crop set" in line(capsys, *command)
    assert files(tmp_path) == {name: b"mine"}


def test_pairs_of_pictures_and_labels_do_not_replace_the_users(tmp_path):
    (tmp_path / "mat").mkdir()
    (tmp_path / "mat" / "anna.jpg").write_bytes(b"mine")
    with pytest.raises(MorphError, match=r"anna.jpg exists and was not written by morph"):
        mat_folder(tmp_path / "mat", ["bert", "anna"])
    folder = mat_folder(tmp_path / "mat", ["bert"])
    (folder / "bert.jpg").write_bytes(b"ours")
    assert mat_folder(folder, ["bert", "carl"]) == folder


@pytest.fixture
def layers(write_track, tmp_path):  # noqa: F811
    track = write_track([0, 1], size=np.array(SIZE))
    clip = write_clip(tmp_path / "clip.mp4", [portrait(*SIZE)] * 2)
    command = ["view", track, "--over", clip, "--backend", "software", "--layers-format", "png", "--layers"]
    return [str(word) for word in command]


def test_layers_replace_their_own_and_nothing_else(layers, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "matte.000000.png").write_bytes(b"mine")
    (out / "notes.png").write_bytes(b"mine")
    assert "matte.000000.png lies where layers go" in line(capsys, *layers, out)
    assert sorted(files(out)) == ["matte.000000.png", "notes.png"]
    (out / "matte.000000.png").unlink()
    assert main([*layers, str(out)]) == 0
    first = files(out)
    assert main([*layers, str(out), "--frame", "1"]) == 0
    assert "matte.000000.png" in first
    assert "matte.000000.png" not in files(out)
    capsys.readouterr()
    (out / "matte.000001.png").write_bytes(b"painted over")
    assert "matte.000001.png lies where layers go" in line(capsys, *layers, out)
    with only_run_in(out):
        assert "another run" in line(capsys, *layers, out)
    assert files(out)["notes.png"] == b"mine"
    assert NAME not in files(out)


def test_layers_are_not_written_over_their_footage(layers, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([*layers, str(out), "--frame", "0"]) == 0
    before = files(out)
    capsys.readouterr()
    words = [*layers[:3], str(out / "plate"), *layers[4:], str(out)]
    (out / "plate").mkdir()
    os.link(out / "beauty.000000.png", out / "plate" / "a.png")
    os.link(out / "normals.000000.png", out / "plate" / "b.png")
    assert "choose another folder" in line(capsys, *words)
    assert {name: data for name, data in files(out).items() if "/" not in name} == before


@pytest.mark.parametrize("name", ["weights.onnx", "curve.csv", "last.ckpt", "config.yaml"])
def test_a_training_does_not_take_results_of_the_user_for_its_own(tmp_path, name):
    pytest.importorskip("torch")
    from morph.training.config import TrainingConfig
    from morph.training.run import note_recipe

    config = TrainingConfig.model_construct(name="a")
    (tmp_path / name).write_bytes(b"mine: [")
    with pytest.raises(MorphError, match=r"is not of a run|run of another recipe"):
        note_recipe(config, tmp_path)
    assert files(tmp_path) == {name: b"mine: ["}


def test_a_finished_file_takes_the_first_name_that_nobody_has(tmp_path):
    (tmp_path / "live.mp4").write_bytes(b"mine")
    for number in (2, 3):
        (tmp_path / ".new.mp4").write_bytes(b"new")
        assert move_to_free_name(tmp_path / ".new.mp4", tmp_path, "live") == tmp_path / f"live-{number}.mp4"
    assert files(tmp_path) == {"live.mp4": b"mine", "live-2.mp4": b"new", "live-3.mp4": b"new"}


def test_a_fit_does_not_replace_a_set_that_is_no_fit(tmp_path):
    from morph.fitting.data_set import check_fit_folder

    class Data:
        folder = tmp_path / "data"

    (tmp_path / "data").mkdir()
    (tmp_path / "set").mkdir()
    (tmp_path / "again").symlink_to(tmp_path / "data")
    for fit, wrong in (({}, True), ({"fit": {}}, False)):
        (tmp_path / "set" / "meta.json").write_text(json.dumps({"format": "morph-crops-1", **fit}))
        if wrong:
            with pytest.raises(MorphError, match="another crop set"):
                check_fit_folder(Data(), tmp_path / "set")
        else:
            check_fit_folder(Data(), tmp_path / "set")
    with pytest.raises(MorphError, match="the data set itself"):
        check_fit_folder(Data(), tmp_path / "again")
