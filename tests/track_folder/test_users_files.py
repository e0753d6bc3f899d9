"""A track takes nothing away that a track did not write, whatever it is called, and shares its folder with no other run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT, portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker
from morph.cli import main
from morph.errors import MorphError
from morph.folder_lock import NAME, only_run_in
from morph.frames import open_source
from morph.model import Coefficients
from morph.track_folder import TrackOptions, track_to_folder
from morph.track_folder.layout import own_files

BARE = TrackOptions(mesh=False, overlay=False)


@pytest.fixture(scope="module")
def model():
    return sheet_model()


@pytest.fixture(scope="module")
def weights(model, tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights") / "toy.onnx", model)


@pytest.fixture(scope="module")
def tracker(model, weights):
    return Tracker(weights, model)


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "talk.mp4", [portrait()] * 3)


@pytest.fixture
def users(tmp_path):
    """A folder of somebody who names files as a track does."""
    folder = tmp_path / "work"
    for name in ("mesh/000000.obj", "overlay/mine.png", "overlay/anna.png", "landmarks.csv", "mesh/head.mtl", "overlay.mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"my own {name}")
    return folder


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("options", [TrackOptions(), BARE])
def test_a_folder_of_the_users_own_is_refused_and_stays(tracker, clip, users, options):
    before = contents(users)
    with pytest.raises(MorphError, match=r"lies where a track writes, and is not of one that morph wrote"):
        track_to_folder(open_source(clip), tracker, users, options)
    assert contents(users) == before


def test_what_is_not_in_the_way_stays(tracker, clip, users):
    (users / "landmarks.csv").unlink()
    before = contents(users)
    track_to_folder(open_source(clip), tracker, users, BARE)
    assert contents(users).items() >= before.items()
    assert (users / "summary.json").exists()
    track_to_folder(open_source(clip), tracker, users, BARE)  # its own are replaced
    assert contents(users).items() >= before.items()


def test_a_second_track_takes_only_what_the_first_one_listed_and_wrote(tracker, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("anna", "bert"):
        cv2.imwrite(str(tmp_path / "in" / f"{name}.png"), portrait()[..., ::-1])
    out = tmp_path / "out"
    track_to_folder(open_source(tmp_path / "in"), tracker, out)
    listed = json.loads((out / "summary.json").read_text())["files"]
    assert sorted([*listed, "summary.json"]) == sorted(contents(out))
    shutil.copy(out / "overlay" / "anna.png", out / "overlay" / "mine.png")  # a copy under a name of the user's
    (out / "mesh" / "000009.obj").write_text("v 1 2 3")
    kept = {name: contents(out)[name] for name in ("overlay/mine.png", "mesh/000009.obj")}
    os.unlink(out / "overlay" / "bert.png")
    (out / "overlay" / "bert.png").write_text("painted over")
    with pytest.raises(MorphError, match=r"overlay/bert.png lies where"):
        track_to_folder(open_source(tmp_path / "in"), tracker, out, TrackOptions(mesh=False))
    with pytest.raises(MorphError, match=r"mesh/000009.obj lies where"):
        track_to_folder(open_source(PORTRAIT), tracker, out)
    track_to_folder(open_source(PORTRAIT), tracker, out, TrackOptions(mesh=False))
    assert sorted(contents(out)) == sorted(
        ["coefficients.npz", "head_pose.csv", "landmarks.csv", "overlay.png", "summary.json", "overlay/bert.png", *kept]
    )
    assert contents(out).items() >= kept.items()


def test_a_record_that_points_elsewhere_takes_nothing_there(tracker, clip, tmp_path):
    out = tmp_path / "out"
    track_to_folder(open_source(clip), tracker, out, BARE)
    record = json.loads((out / "summary.json").read_text())
    (tmp_path / "texture.png").write_bytes(b"")
    record["files"] += ["../texture.png", str(clip), "../talk.mp4"]
    (out / "summary.json").write_text(json.dumps(record))
    assert {file.name for file in own_files(out)} == {"summary.json", "coefficients.npz", "head_pose.csv", "landmarks.csv"}
    track_to_folder(open_source(clip), tracker, out, BARE)
    assert clip.exists()
    assert (tmp_path / "texture.png").exists()


@pytest.mark.parametrize("spell", ["plain", "up and down", "symbolic link", "hard link"])
def test_footage_that_a_track_would_replace_is_refused_by_every_name(tracker, clip, tmp_path, spell):
    out = tmp_path / "out"
    track_to_folder(open_source(clip), tracker, out)
    footage = out / "overlay.mp4"
    before = footage.read_bytes()
    given = {"plain": footage, "up and down": out / "mesh" / ".." / "overlay.mp4"}.get(spell, tmp_path / "other.mp4")
    if spell == "symbolic link":
        given.symlink_to(footage)
    elif spell == "hard link":
        os.link(footage, given)
    with pytest.raises(MorphError, match="choose another folder"):
        track_to_folder(open_source(given), tracker, out)
    assert footage.read_bytes() == before
    assert (out / "summary.json").exists()


def test_the_overlay_folder_of_a_track_is_not_tracked_into_that_track(tracker, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("anna", "bert"):
        cv2.imwrite(str(tmp_path / "in" / f"{name}.png"), portrait()[..., ::-1])
    out = tmp_path / "out"
    track_to_folder(open_source(tmp_path / "in"), tracker, out)
    before = contents(out)
    with pytest.raises(MorphError, match="choose another folder"):
        track_to_folder(open_source(out / "overlay"), tracker, out)
    assert contents(out) == before


def test_a_second_run_into_a_folder_is_refused_while_the_first_lives(tracker, clip, tmp_path):
    out = tmp_path / "out"
    refused = []

    def meanwhile(frames):
        for frame in frames:
            yield frame
            if frame.index == 1:
                try:
                    track_to_folder(open_source(clip), tracker, out, BARE)
                except MorphError as error:
                    refused.append(str(error))

    track_to_folder(open_source(clip), Tracker(tracker.regressor.path, tracker.model), out, TrackOptions(), meanwhile)
    assert len(refused) == 1
    assert f"another run (process {os.getpid()}) writes into" in refused[0]
    assert json.loads((out / "summary.json").read_text())["frames"] == 3
    assert NAME not in contents(out)


def test_a_lock_goes_with_the_process_that_held_it_and_with_none_of_its_children(tmp_path):
    code = """
import os, sys, time
from morph.folder_lock import only_run_in
with only_run_in(sys.argv[1]):
    if hasattr(os, "fork"):
        reader, writer = os.pipe()
        if not os.fork():
            os.write(writer, b"!")
            sys.stdin.read()  # outlives its parent
            os._exit(0)
        os.read(reader, 1)
    print("held", flush=True)
    time.sleep(600)
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(MorphError, match=f"process {holder.pid}"), only_run_in(tmp_path):
        pass
    holder.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    holder.wait()
    with only_run_in(tmp_path):
        assert (tmp_path / NAME).exists()
    assert not (tmp_path / NAME).exists()
    holder.stdin.close()
    holder.stdout.close()


@pytest.mark.parametrize("part", ["identity", "weights"])  # experts: see test_resume
def test_another_network_of_the_same_file_name_is_another_network(tracker, model, clip, tmp_path, part):
    other = Coefficients(*(np.asarray(values) * 1.0 for values in vars(frontal_of(model)).values()))
    places = []
    for number, answer in enumerate((None, other)):
        folder = tmp_path / str(number)
        folder.mkdir()
        places.append(write_weights(folder / "net.onnx", model, answer=answer, error=0.02 + 0.01 * number))
    first, second = (with_network(tracker, model, part, place) for place in places)
    track_to_folder(open_source(clip), first, tmp_path / "out", BARE)
    again = TrackOptions(mesh=False, overlay=False, resume=True)
    assert track_to_folder(open_source(clip), first, tmp_path / "out", again)["frames"] == 3
    with pytest.raises(MorphError, match=f"begun with other {part}"):
        track_to_folder(open_source(clip), second, tmp_path / "out", again)


def frontal_of(model):
    from standins import frontal

    return frontal(model, 64)


def with_network(tracker, model, part, path):
    if part == "weights":
        return Tracker(path, model)
    return Tracker(tracker.regressor.path, model, identity=path)


@pytest.mark.parametrize("words", [["track", "IN", "--out", ""], ["track", "", "--out", "t"], ["track", "IN", "--out="]])
def test_an_empty_name_is_refused_and_does_not_mean_the_working_folder(words, tmp_path, monkeypatch, capsys):
    shutil.copy(PORTRAIT, tmp_path / "me.jpg")
    monkeypatch.chdir(tmp_path)
    assert main([word.replace("IN", "me.jpg") for word in words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "is empty" in error
    assert os.listdir(tmp_path) == ["me.jpg"]
