import json
import time

import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT, portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker, TrackerOptions
from morph.cli import main
from morph.evaluation.clips.speed import STAGES, measure_speed
from morph.export.obj import ObjWriter
from morph.frames import open_source
from morph.inference.regressor import Regressor
from morph.stopwatch import Stopwatch


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("speed")
    model = sheet_model()
    model.save(folder / "toy.npz")
    write_weights(folder / "toy.onnx", model)
    write_clip(folder / "clip.mp4", [portrait(640, 480, shift=i) for i in range(24)])
    write_clip(folder / "grey.mp4", [np.full((96, 128, 3), 127, np.uint8)] * 3)
    return folder


def burn(seconds: float) -> None:
    """Spend CPU time of this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def measure(files, **more):
    return measure_speed(
        files / "clip.mp4", TrackerOptions(files / "toy.onnx", files / "toy.npz"), rounds=1, batches=(1, 4), **more
    )


@pytest.mark.slow
def test_the_stages_add_up_to_the_whole(files):
    report = measure(files)
    assert list(report.stages) == list(STAGES.values())
    assert (report.frames, report.frames_with_face, report.vertices) == (24, 24, 576)
    stages = sum(stage.ms_per_frame for stage in report.stages.values())
    assert stages == pytest.approx(report.sum_ms, abs=0.01)
    assert report.sum_ms + report.other_ms == pytest.approx(report.whole_ms, abs=0.01)
    assert 0 <= report.other_ms < 0.15 * report.whole_ms  # the whole is measured on its own
    assert report.fps_to_obj == pytest.approx(1000 / report.whole_ms, rel=0.01)
    assert [name for name, stage in report.stages.items() if not stage.calls] == [
        "identity",
        "expression",
        "experts",
    ]  # of these weights there are none
    assert all(stage.ms_per_frame > 0 for stage in report.stages.values() if stage.calls)
    assert 0 < report.latency_ms["cpu_median"] < report.whole_ms
    assert report.latency_ms["cpu_median"] <= report.latency_ms["cpu_95"]


@pytest.mark.slow
def test_time_is_billed_to_the_stage_that_spends_it(files, monkeypatch):
    plain, written, processed = Regressor.__call__, ObjWriter.write, Tracker.process

    def slow_network(self, crops):
        burn(0.010)
        return plain(self, crops)

    def slow_write(self, path, vertices):
        burn(0.004)
        return written(self, path, vertices)

    def slow_elsewhere(self, *words):
        burn(0.006)
        return processed(self, *words)

    before = measure(files)
    monkeypatch.setattr(Regressor, "__call__", slow_network)
    monkeypatch.setattr(ObjWriter, "write", slow_write)
    monkeypatch.setattr(Tracker, "process", slow_elsewhere)
    after = measure(files)
    more = {name: after.stages[name].ms_per_call - before.stages[name].ms_per_call for name in after.stages}
    assert more["network"] == pytest.approx(10, abs=4)
    assert more["write OBJ"] == pytest.approx(4, abs=2)
    assert abs(more["crop"]) < 3
    assert after.other_ms - before.other_ms == pytest.approx(6, abs=3)
    assert after.latency_ms["cpu_median"] - before.latency_ms["cpu_median"] == pytest.approx(16, abs=6)
    assert after.network_ms_per_face[1] > 10 > after.network_ms_per_face[4] > 2.5


@pytest.mark.slow
def test_waiting_costs_nothing(files, monkeypatch):
    written = ObjWriter.write

    def late(self, path, vertices):
        time.sleep(0.02)
        return written(self, path, vertices)

    monkeypatch.setattr(ObjWriter, "write", late)
    report = measure(files)
    assert report.stages["write OBJ"].ms_per_frame < 8


def test_a_decoder_of_one_thread_gives_the_same_frames_in_this_thread(files):
    plain, alone = open_source(files / "clip.mp4"), open_source(files / "clip.mp4")
    alone.threads = 1
    watches = Stopwatch(time.thread_time, every=1), Stopwatch(time.process_time, every=1)
    with watches[0].stage("read"), watches[1].stage("read"):
        frames = list(alone)
    assert watches[1].seconds["read"] < 1.3 * watches[0].seconds["read"] + 0.01  # no other thread has worked
    assert all((a.image == b.image).all() and a.time == b.time for a, b in zip(plain, frames, strict=True))


def test_the_verb_prints_a_table_and_protocol_and_writes_them(files, tmp_path, capsys):
    words = ["bench", "speed", files / "clip.mp4", "--weights", files / "toy.onnx", "--model", files / "toy.npz"]
    words += ["--rounds", 1, "--batches", 1, 2, "--json", tmp_path / "speed.json"]
    assert main([str(word) for word in words]) == 0
    out = capsys.readouterr().out
    report = json.loads((tmp_path / "speed.json").read_text())
    assert set(report["stages"]) == set(STAGES.values())
    assert all(name in out for name in STAGES.values())
    assert set(report["network_ms_per_face"]) == {"1", "2"}
    assert report["protocol"] in out
    assert "CPU milliseconds of the whole process" in report["protocol"]
    assert f"{report['whole_ms']:.3f}" in out
    assert "640x480" in out


@pytest.mark.slow
def test_what_cannot_be_measured_is_one_line(files, capsys):
    given = ["--weights", files / "toy.onnx", "--model", files / "toy.npz", "--rounds"]
    for words in ([PORTRAIT, *given, 1], [files / "grey.mp4", *given, 1], [files / "none.mp4", *given, 1]):
        assert main(["bench", "speed", *map(str, words)]) == 2
    assert main(["bench", "speed", *map(str, [files / "clip.mp4", *given, 0])]) == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 4
    assert "is no clip" in error[0]
    assert "no face was found" in error[1]
    assert "no file" in error[2]
    assert "at least 1" in error[3]
