import csv
import json
import os
import signal
import subprocess
import sys
import time

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT, portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker
from morph.errors import MorphError
from morph.frames import open_source
from morph.model import Coefficients, Decoder
from morph.track_folder import TrackOptions, track_to_folder
from morph.track_folder.read import load_track

TIMES = [0.0, 0.04, 0.08, 0.2, 0.21, 0.4, 0.44, 0.48, 0.52]
EMPTY = [3, 4, 5]


@pytest.fixture(scope="module")
def model():
    return sheet_model()


@pytest.fixture(scope="module")
def tracker(model, tmp_path_factory):
    return Tracker(write_weights(tmp_path_factory.mktemp("weights") / "toy.onnx", model), model)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = [portrait(322, 242) if i not in EMPTY else np.full((242, 322, 3), 127, np.uint8) for i in range(9)]
    return write_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", frames, TIMES)


@pytest.fixture(scope="module")
def tracked(tracker, clip, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "deep" / "talk"
    summary = track_to_folder(open_source(clip), tracker, folder)
    return folder, summary


def test_the_summary_counts_frames_and_lists_those_without_a_face(tracked):
    folder, summary = tracked
    assert (summary["frames"], summary["frames_with_face"], summary["frames_without_face"]) == (9, 6, EMPTY)
    assert (summary["width"], summary["height"], summary["kind"], summary["vertices"]) == (322, 242, "clip", 576)
    assert json.loads((folder / "summary.json").read_text()) == summary
    stages = summary["cpu_ms_per_frame"]
    assert {"read", "detect", "crop", "network", "mesh", "write", "overlay"} <= set(stages)
    assert all(value >= 0 for name, value in stages.items() if name != "other")
    assert summary["fps_without_overlay"] > 0


def test_a_mesh_for_each_frame_with_a_face_and_nothing_left_over(tracked):
    folder, _ = tracked
    meshes = sorted(path.name for path in (folder / "mesh").iterdir())
    assert meshes == [*(f"{i:06d}.obj" for i in range(9) if i not in EMPTY), "head.mtl", "texture.png"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "coefficients.npz",
        "head_pose.csv",
        "landmarks.csv",
        "mesh",
        "overlay.mp4",
        "summary.json",
    ]


def test_coefficients_decode_to_the_meshes_and_landmarks(tracked, model):
    folder, _ = tracked
    with np.load(folder / "coefficients.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    assert arrays["frame"].tolist() == [i for i in range(9) if i not in EMPTY]
    assert arrays["time"] == pytest.approx([TIMES[i] for i in arrays["frame"]], abs=1e-3)
    assert arrays["expression_names"].tolist() == ["jawOpen", "eyeBlinkLeft"]
    assert str(arrays["model_identity"]) == model.identity
    pose = Coefficients(*(arrays[name] for name in ("shape", "expression", "rotation", "scale", "translation")))
    assert Decoder(model, model.landmarks).project(pose)[..., :2] == pytest.approx(arrays["landmarks"], abs=0.01)
    lines = (folder / "mesh" / "000002.obj").read_text().splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    shift = (arrays["translation"][2] - [160.5, 120.5]) / arrays["scale"][2]
    turned = model.mean @ arrays["rotation"][2].T + [shift[0], -shift[1], 0]
    assert np.abs(points - turned).max() < 2e-3


def test_the_table_of_landmarks_is_the_array_of_landmarks(tracked):
    folder, _ = tracked
    with (folder / "landmarks.csv").open() as file:
        rows = list(csv.DictReader(file))
    with np.load(folder / "coefficients.npz") as archive:
        landmarks = archive["landmarks"]
    assert len(rows) == 6
    assert float(rows[4]["x30"]) == pytest.approx(landmarks[4, 30, 0], abs=0.006)
    assert float(rows[4]["y67"]) == pytest.approx(landmarks[4, 67, 1], abs=0.006)


def test_the_overlay_has_the_frames_and_times_of_the_clip(tracked):
    folder, _ = tracked
    with av.open(str(folder / "overlay.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx(TIMES, abs=1e-3)
    drawn, plain = (frames[i].to_ndarray(format="rgb24").astype(int) for i in (0, 4))
    assert np.abs(drawn - portrait(322, 242))[100:150, 110:160].mean() > 10  # a mesh lies over the face
    assert np.abs(plain - 127).max() < 8


def test_the_viewer_reads_the_folder(tracked, model):
    track = load_track(tracked[0])
    assert track.frame.tolist() == [0, 1, 2, 6, 7, 8]
    assert track.size == (322, 242)
    track.check_model(model)


def test_a_second_track_replaces_the_first_and_spares_other_files(tracker, clip, tmp_path):
    track_to_folder(open_source(clip), tracker, tmp_path)
    (tmp_path / "mesh" / "notes.obj").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    track_to_folder(open_source(PORTRAIT), tracker, tmp_path)
    assert sorted(path.name for path in (tmp_path / "mesh").iterdir()) == ["000000.obj", "head.mtl", "notes.obj", "texture.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "coefficients.npz",
        "head_pose.csv",
        "landmarks.csv",
        "mesh",
        "notes.txt",
        "overlay.png",
        "summary.json",
    ]


def test_switches(tracker, clip, tmp_path):
    options = TrackOptions(mesh=False, overlay=False, frames=2)
    summary = track_to_folder(open_source(clip), tracker, tmp_path, options)
    assert summary["frames"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "coefficients.npz",
        "head_pose.csv",
        "landmarks.csv",
        "summary.json",
    ]


def test_a_neutral_pose_stays_in_the_model_frame(tracker, model, tmp_path):
    track_to_folder(open_source(PORTRAIT), tracker, tmp_path, TrackOptions(neutral_pose=True, normals=False, overlay=False))
    lines = (tmp_path / "mesh" / "000000.obj").read_text().splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    assert np.abs(points - model.mean).max() < 1e-3
    assert not any(line.startswith("vn") for line in lines)


def test_a_resting_face_changes_weights_and_nothing_else(model, clip, tmp_path):
    weights = write_weights(tmp_path / "toy.onnx", model)
    for neutral in ("none", "auto", "0"):
        options = TrackOptions(overlay=False)
        track_to_folder(open_source(clip), Tracker(weights, model, neutral=neutral), tmp_path / neutral, options)
    arrays = {neutral: dict(np.load(tmp_path / neutral / "coefficients.npz")) for neutral in ("none", "auto", "0")}
    assert "resting" not in arrays["none"]
    for neutral in ("auto", "0"):
        for name, array in arrays["none"].items():
            assert np.array_equal(array, arrays[neutral][name]), name
        for mesh in sorted((tmp_path / "none" / "mesh").glob("*.obj")):
            assert mesh.read_bytes() == (tmp_path / neutral / "mesh" / mesh.name).read_bytes()
    assert arrays["0"]["resting_id"].tolist() == [0]
    raw = arrays["0"]["expression"][0] * arrays["0"]["expression_std"]
    assert arrays["0"]["resting"][0] == pytest.approx(raw, abs=1e-6)
    assert load_track(tmp_path / "0").resting[0].reach == pytest.approx(1)


def test_a_folder_of_pictures_gives_an_overlay_each(tracker, tmp_path):
    (tmp_path / "in").mkdir()
    for name, size in (("anna", (320, 240)), ("bert", (161, 121))):
        cv2.imwrite(str(tmp_path / "in" / f"{name}.png"), portrait(*size)[..., ::-1])
    summary = track_to_folder(open_source(tmp_path / "in"), tracker, tmp_path / "out")
    assert (summary["frames_with_face"], summary["faces"]) == (2, [0, 1])  # two people
    assert sorted(path.name for path in (tmp_path / "out" / "overlay").iterdir()) == ["anna.png", "bert.png"]
    assert cv2.imread(str(tmp_path / "out" / "overlay" / "bert.png")).shape == (121, 161, 3)


def test_a_clip_without_any_face_is_said_so_and_not_invented(tracker, tmp_path):
    path = write_clip(tmp_path / "grey.mp4", [np.full((96, 128, 3), 127, np.uint8)] * 3)
    summary = track_to_folder(open_source(path), tracker, tmp_path / "out")
    assert (summary["frames_with_face"], summary["frames_without_face"]) == (0, [0, 1, 2])
    with np.load(tmp_path / "out" / "coefficients.npz") as archive:
        assert archive["landmarks"].shape == (0, 68, 2)


def test_an_input_that_would_be_replaced_is_refused(tracker, clip, tmp_path):
    (tmp_path / "overlay.mp4").write_bytes(clip.read_bytes())
    with pytest.raises(MorphError, match="choose another folder"):
        track_to_folder(open_source(tmp_path / "overlay.mp4"), tracker, tmp_path)
    assert (tmp_path / "overlay.mp4").read_bytes() == clip.read_bytes()


def test_several_faces_have_files_of_their_own(model, tracker, tmp_path):
    both = np.concatenate([portrait(), portrait()[:, ::-1]], axis=1)
    cv2.imwrite(str(tmp_path / "both.png"), both[..., ::-1])
    many = Tracker(tracker.regressor.path, model, max_faces=4)
    summary = track_to_folder(open_source(tmp_path / "both.png"), many, tmp_path / "out")
    assert summary["faces"] == [0, 1]
    assert sorted(path.name for path in (tmp_path / "out" / "mesh").glob("*.obj")) == ["000000_0.obj", "000000_1.obj"]


def test_a_killed_run_leaves_whole_files_and_no_summary(tracker, model, tmp_path):
    clip = write_clip(tmp_path / "long.mp4", [portrait()] * 400)
    model.save(tmp_path / "toy.npz")
    command = [sys.executable, "-m", "morph", "track", str(clip), "--out", str(tmp_path / "out")]
    command += ["--weights", str(tracker.regressor.path), "--model", str(tmp_path / "toy.npz")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    ninth = tmp_path / "out" / "mesh" / "000008.obj"
    deadline = time.monotonic() + 60
    while not ninth.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    seen = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and not path.name.startswith(".")]
    meshes = [path for path in seen if path.suffix == ".obj"]
    assert len(meshes) >= 9
    assert len({path.stat().st_size for path in meshes}) == 1  # all whole
    assert {path.name for path in seen} - {path.name for path in meshes} <= {"head.mtl", "texture.png"}
