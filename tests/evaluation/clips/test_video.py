import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT
from standins import shake_network, write_toy_tracking

from morph import Tracker, TrackerOptions
from morph.cli import main
from morph.errors import MorphError
from morph.evaluation.clips.blinks import eye_opening, find_blinks, read_blinks, score_blinks
from morph.evaluation.clips.mediapipe_track import NEAREST_68, measure_mediapipe
from morph.evaluation.clips.motion import id_switches, lag, shaking, sides, speeds
from morph.evaluation.clips.truth import read_truth
from morph.evaluation.clips.video import measure_video

RNG = np.random.default_rng(4)


def walk(n: int, speed: float = 0.0, rate: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """68 points in a box of 100 pixels that sway by 80 pixels ``speed`` times a second, and their times."""
    times = np.arange(n) / rate
    face = np.concatenate([RNG.random((66, 2)) * 100, [[0, 0], [100, 100]]])
    way = np.stack([80 * np.sin(2 * np.pi * speed * times), 30 * np.cos(2 * np.pi * 0.7 * speed * times)], 1)
    return face + way[:, None], times


def test_jitter_has_the_stated_value():
    points = walk(30)[0]
    assert sides(points) == pytest.approx(100.0)
    points[::2, :, 0] += 1.0  # to and fro by one per cent of the box
    assert shaking(points) == pytest.approx(0.02)
    even = walk(30)[0] + np.arange(30)[:, None, None] * 3.0
    assert shaking(even) == pytest.approx(0.0, abs=1e-12)


def test_speed_is_in_face_sizes_a_second():
    points, times = walk(30)
    assert speeds(points, times) == pytest.approx(0.0)
    points[..., 1] += (times * 50)[:, None]
    assert speeds(points, times) == pytest.approx(0.5)


@pytest.mark.parametrize("late", [0, 1, 2, -1])
def test_a_lag_of_whole_frames_is_found_in_noise(late):
    points = walk(124, 0.6)[0]
    given = points[10 - late : 110 - late] + RNG.normal(0, 3, (100, 68, 2))
    assert lag([(given, points[10:110])]) == pytest.approx(late, abs=0.05)


def test_a_lag_of_half_a_frame_is_found():
    points = walk(122, 0.6)[0]
    half = (points[10:110] + points[9:109]) / 2
    assert lag([(half, points[10:110])]) == pytest.approx(0.5, abs=0.05)


def test_shots_are_pooled_and_short_ones_left_out():
    points = walk(122, 0.6)[0]
    shots = [(points[9:60], points[10:61]), (points[60:110] + 500, points[61:111] + 500), (points[:9], points[:9])]
    assert lag(shots) == pytest.approx(1.0, abs=0.05)
    assert lag(shots[2:]) is None
    assert lag([]) is None
    assert lag([(walk(60)[0], walk(60)[0])]) is None  # nothing moves


def test_changes_of_number_are_counted():
    left, right = np.array([0, 0, 50, 50.0]), np.array([100, 0, 150, 50.0])
    same = {frame: {0: left, 1: right} for frame in range(5)}
    assert id_switches(same) == 0
    assert id_switches(same | {5: {1: left, 0: right}}) == 2
    assert id_switches(same | {9: {0: left, 7: right}}) == 1  # a gap between
    assert id_switches(same | {5: {2: right + 400}}) == 0  # somebody else
    assert id_switches({}) == 0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_toy_tracking(tmp_path_factory.mktemp("video"))


@pytest.fixture
def shaking_network(monkeypatch):
    shake_network(monkeypatch)


def bench(files, clip, *more: object) -> int:
    words = ["bench", "video", str(clip), "--weights", str(files / "toy.onnx"), "--model", str(files / "toy.npz")]
    return main([*words, *map(str, more)])


@pytest.mark.slow
def test_the_verb_prints_numbers_and_protocol_and_writes_them(shaking_network, files, tmp_path, capsys):
    assert bench(files, files / "clip.mp4", "--json", tmp_path / "r.json") == 0
    out = capsys.readouterr().out
    report = json.loads((tmp_path / "r.json").read_text())
    assert {"fps_to_obj", "jitter_over_raw", "lag_frames", "id_switches", "protocol"} <= set(report)
    assert (report["frames"], report["frames_with_face"], report["id_switches"]) == (30, 30, 0)
    assert report["fps_to_obj"] > 1
    assert 0 < report["jitter_over_raw"] < 0.6
    assert report["jitter_raw"] > 1.0  # per cent
    assert "second difference" in out
    assert "lag_frames" in out
    assert str(report["fps_to_obj"]) in out


def toy(files):
    return TrackerOptions(files / "toy.onnx", files / "toy.npz")


@pytest.mark.slow
def test_offline_is_steadier_and_less_late_than_online(shaking_network, files):
    online, offline = (measure_video(files / "clip.mp4", toy(files), offline=offline) for offline in (False, True))
    assert (online.smoothing, offline.smoothing) == ("online", "offline")
    assert offline.jitter < online.jitter
    assert abs(offline.lag_frames) < online.lag_frames


@pytest.mark.slow
def test_drift_is_what_following_adds_to_finding_afresh(shaking_network, files, monkeypatch):
    report = measure_video(files / "clip.mp4", toy(files))
    plain = Tracker.process

    def creeping(self, image, time=None, index=None):
        """Followed faces slip to the right by a pixel a frame."""
        slip = float(len(self._tracks)) and (self._index - getattr(self, "begun", 0))
        if not self._tracks:
            self.begun = index
        return [
            dataclasses.replace(face, landmarks=face.landmarks + np.array([slip, 0]))
            for face in plain(self, image, time, index)
        ]

    monkeypatch.setattr(Tracker, "process", creeping)
    slipping = measure_video(files / "clip.mp4", toy(files))
    assert slipping.drift > report.drift + 5.0  # per cent: 10 and 20 pixels of 90 in frames 10 and 20, and the shaking of both


@pytest.mark.slow
def test_known_landmarks_give_error_and_lag(shaking_network, files, tmp_path):
    faces = list(Tracker(files / "toy.onnx", files / "toy.npz").track(files / "clip.mp4"))
    same = np.array([face.landmarks for face in faces], np.float64)
    side = float(np.ptp(same, axis=1).max(-1).mean())
    truths = {"same": same, "off": same + np.array([3.0, 4.0]), "early": np.concatenate([same[2:], same[-1:], same[-1:]])}
    reports = {}
    for name, points in truths.items():
        np.savez(tmp_path / f"{name}.npz", landmarks=points)
        reports[name] = measure_video(files / "clip.mp4", toy(files), truth=tmp_path / f"{name}.npz")
    assert reports["same"].error_truth == pytest.approx(0.0, abs=0.01)
    assert reports["off"].error_truth == pytest.approx(500 / side, rel=0.05)  # per cent
    assert reports["same"].lag_truth_frames == pytest.approx(0.0, abs=0.05)
    assert reports["same"].truth_over_raw == pytest.approx(reports["same"].jitter_over_raw, abs=0.01)  # it is that very track
    assert reports["early"].lag_truth_frames == pytest.approx(2.0, abs=0.2)


def test_blinks_are_compared_with_the_list(shaking_network, files, tmp_path, capsys):
    (tmp_path / "b.csv").write_text("clip,first,last\nclip.mp4,3,5\n")
    assert bench(files, files / "clip.mp4", "--blinks", tmp_path / "b.csv", "--json", tmp_path / "r.json") == 0
    blinks = json.loads((tmp_path / "r.json").read_text())["blinks"]
    never = {"listed": 1, "found": 0, "precision": None, "recall": 0.0, "missed": [[3, 5]], "false": []}
    assert blinks == never  # as the stand-in does
    assert "blinks.recall" in capsys.readouterr().out


def test_the_list_of_blinks_that_ships_is_that_of_the_truth_that_ships():
    folder = Path(__file__).parents[3] / "data" / "demo"
    points = read_truth(folder / "talking_head_truth.npz")
    found = find_blinks(np.arange(len(points)), np.arange(len(points)) / 25, eye_opening(points))
    scores = score_blinks(read_blinks(folder / "blinks.csv", "talking_head.mp4"), found)
    assert (scores.listed, scores.found, scores.precision, scores.recall) == (2, 2, 1.0, 1.0)
    assert read_blinks(folder / "blinks.csv", "dafoe.mp4") == []


def test_mediapipe_is_asked_in_its_own_interpreter_and_measured_like_ours(files, tmp_path):
    """A stand-in for an interpreter with mediapipe, which writes what the script would."""
    points = np.random.default_rng(0).random((468, 2)) * 90 + np.array([[[30 * np.sin(i / 3), 20]] for i in range(30)])
    seconds = {"seconds_decode": 0.1, "seconds_track": 0.2}
    np.savez(tmp_path / "p.npz", frame=np.arange(30), points=points, frames=30, size=(320, 240), version="0.10.21", **seconds)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\ncp "{tmp_path / "p.npz"}" "$3"\n')
    python.chmod(0o755)
    report = measure_mediapipe(files / "clip.mp4", python, np.arange(30) / 25, [(3, 4)], points[:, NEAREST_68])
    assert report.jitter == pytest.approx(100 * shaking(points[:, NEAREST_68]).mean(), rel=0.01)
    assert (report.frames_with_face, report.fps, report.cpu_ms_mesh) == (30, 100.0, 6.67)
    assert report.lag_truth_frames == pytest.approx(0.0, abs=0.01)
    assert report.blinks.recall == 0.0
    assert len(set(NEAREST_68)) >= 66


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo \"ModuleNotFoundError: No module named 'mediapipe'\" >&2; exit 1", "pip install mediapipe"),
        ("echo boom >&2; exit 1", "MediaPipe failed on .*: boom"),
    ],
)
def test_an_interpreter_that_does_not_do(files, tmp_path, script, message):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    with pytest.raises(MorphError, match=message):
        measure_mediapipe(files / "clip.mp4", python, np.arange(30) / 25)
    with pytest.raises(MorphError, match="cannot run"):
        measure_mediapipe(files / "clip.mp4", tmp_path / "none", np.arange(30) / 25)


def test_lists_and_truths_of_other_clips_are_refused_in_one_line(files, tmp_path, capsys):
    (tmp_path / "b.csv").write_text("clip,first,last\nother.mp4,3,5\n")
    np.savez(tmp_path / "short.npz", landmarks=np.zeros((3, 68, 2)))
    np.savez(tmp_path / "odd.npz", landmarks=np.zeros((3, 5)))
    given = [("--blinks", "b.csv"), ("--truth", "short.npz"), ("--truth", "odd.npz"), ("--truth", "none.npz")]
    assert [bench(files, files / "clip.mp4", option, tmp_path / name) for option, name in given] == [2] * 4
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 4
    for line, part in zip(error, ("does not list clip.mp4", "has 3 frames", "must be", "cannot be read"), strict=True):
        assert part in line


def test_clips_that_cannot_be_measured(files, capsys):
    assert bench(files, PORTRAIT) == 2
    assert bench(files, files / "grey.mp4") == 2
    assert bench(files, files / "none.mp4") == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 3
    assert "is no clip" in error[0]
    assert "no face was found" in error[1]
    assert "no file" in error[2]
