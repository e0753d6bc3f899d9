"""A batch leaves what single tracks leave, whatever fails or dies."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import sheet_model, write_weights

from morph import Tracker, open_source, track_to_folder
from morph.batch import BatchInput, BatchOptions, BatchResult, find_inputs, run, run_batch, work
from morph.cli import main
from morph.errors import MorphError
from morph.picture_file import save_picture
from morph.track_folder import TrackOptions
from morph.tracking import TrackerOptions

TRACK = TrackOptions(overlay=False)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    for index in range(4):
        save_picture(folder / f"p{index}.png", portrait(160 + 8 * index, 120))
    write_clip(folder / "clip.mp4", [portrait(160, 120)] * 5)
    (folder / "broken.mp4").write_bytes(b"no clip")
    return folder


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> TrackerOptions:
    folder, model = tmp_path_factory.mktemp("model"), sheet_model()
    return TrackerOptions(write_weights(folder / "w.onnx", model), model)


def files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file() and file.name not in ("summary.json", ".morph-lock"))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_worker_that_is_killed_and_a_broken_input_cost_nothing_else(
    inputs: Path, tracker: TrackerOptions, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_one(result: BatchResult) -> None:
        if not killed:
            worker = multiprocessing.active_children()[0]
            killed.append(worker.pid or 0)
            os.kill(worker.pid or 0, signal.SIGKILL)

    found = find_inputs([inputs])
    results = run_batch(found, tmp_path / "out", BatchOptions(2, tracker=tracker, track=TRACK), kill_one)
    assert killed
    assert [result.input for result in results] == found
    by_name = {result.input.name: result for result in results}
    assert {name for name, result in by_name.items() if result.status == "failed"} == {"broken.mp4"}
    assert "broken.mp4" in by_name["broken.mp4"].said
    assert by_name["clip.mp4"].frames == 5
    single = Tracker(tracker)
    for one in found:
        if one.name != "broken.mp4":
            track_to_folder(open_source(one.source), single, tmp_path / "single" / one.name, TRACK)
            assert files(tmp_path / "out" / one.name) == files(tmp_path / "single" / one.name)
    report = json.loads((tmp_path / "out" / "batch.json").read_text())
    assert (report["done"], report["kept"], report["failed"], report["not begun"]) == (5, 0, 1, 0)

    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*") if "batch.json" not in file.name}
    again = run_batch(found, tmp_path / "out", BatchOptions(1, tracker=tracker, track=TRACK))
    assert sorted(result.status for result in again) == ["failed", *["kept"] * 5]
    assert all(file.stat().st_mtime_ns == time for file, time in before.items() if file.suffix in (".obj", ".npz", ".csv"))


def test_a_worker_that_dies_while_it_waits_is_replaced(tracker: TrackerOptions, tmp_path: Path) -> None:
    pools = [run._pool((tmp_path, tracker, TRACK))]
    one = BatchInput(str(tmp_path / "none.mp4"), "none.mp4", 0)
    try:
        assert pools[0].submit(work.work, one).result().status == "failed"
        (worker,) = multiprocessing.active_children()
        worker.kill()
        worker.join()
        while not pools[0]._broken:  # its thread notices soon
            time.sleep(0.01)
        assert run._submit(pools, 0, (tmp_path, tracker, TRACK), one).result().said.startswith("no file")
    finally:
        pools[0].shutdown()


def test_too_many_failures_stop_it(tracker: TrackerOptions, tmp_path: Path) -> None:
    for index in range(12):
        (tmp_path / f"{index}.mp4").write_bytes(b"no clip")
    results = run_batch(find_inputs([tmp_path]), tmp_path / "out", BatchOptions(1, keep_going=0.25, tracker=tracker))
    assert [result.status for result in results] == ["failed"] * 4
    assert json.loads((tmp_path / "out" / "batch.json").read_text())["not begun"] == 8


@pytest.mark.parametrize(
    ("wrong", "said"), [({"processes": 0}, "`processes=`"), ({"retry": -1}, "`retry=`"), ({"keep_going": 2.0}, "`keep_going=`")]
)
def test_options_out_of_range_are_one_line(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(MorphError, match=said):
        BatchOptions(**wrong)


def test_the_verb_lists_failures_and_ends_with_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no clip")
    assert main(["batch", str(tmp_path / "a.mp4"), "--out", str(tmp_path / "out"), "--processes", "1"]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("1 inputs: 0 done, 0 kept, 1 failed; 0 frames\n")
    assert f"{tmp_path}/a.mp4 is neither a picture nor a clip" in out
    assert err == f"morph: 1 of 1 inputs failed; their lines are in {tmp_path}/out/batch.json\n"
