"""The judge is asked in its own interpreter, once for each clip; a stand-in takes its place."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from clips import portrait, write_clip

from morph.errors import MorphError
from morph.evaluation.weights.judge import Judge
from morph.frames import open_source

STAND_IN = """#!{python}
import sys
import numpy as np
task, width, height, out = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
times, means = [], []
while len(head := sys.stdin.buffer.read(8)) == 8:
    times.append(int.from_bytes(head, "little"))
    means.append(np.frombuffer(sys.stdin.buffer.read(width * height * 3), np.uint8).mean() / 255)
rows = [row for row in range(len(times)) if row != 1]  # no face in the second frame
scores = np.array([[means[row], times[row] / 1000] for row in rows])
np.savez(out, row=rows, scores=scores, names=["jawOpen", "eyeBlinkLeft"], frames=len(times), version="stand-in")
with open({calls!r}, "a") as file:
    file.write("x")
"""


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", [portrait(shift=shift) for shift in (0, 20, 40, 60)])


@pytest.fixture
def task(tmp_path: Path) -> Path:
    file = tmp_path / "judge.task"
    file.write_bytes(b"task")
    return file


def stand_in(folder: Path, text: str) -> Path:
    python = folder / "python"
    python.write_text(text)
    python.chmod(0o755)
    return python


def test_every_frame_goes_to_the_judge_with_its_time(tmp_path: Path, clip: Path, task: Path) -> None:
    calls = tmp_path / "calls"
    judge = Judge(stand_in(tmp_path, STAND_IN.format(python=sys.executable, calls=str(calls))), task)
    source = open_source(clip)
    said = judge(source)
    frames = list(source)
    assert said.frame.tolist() == [0, 2, 3]
    assert said.names == ("jawOpen", "eyeBlinkLeft")
    assert said.scores[:, 0] == pytest.approx([frames[row].image.mean() / 255 for row in (0, 2, 3)])
    assert said.scores[:, 1] == pytest.approx([frames[row].time for row in (0, 2, 3)], abs=1e-3)


def test_answers_are_kept_by_the_contents_of_the_clip(tmp_path: Path, clip: Path, task: Path) -> None:
    calls = tmp_path / "calls"
    python = stand_in(tmp_path, STAND_IN.format(python=sys.executable, calls=str(calls)))
    judge = Judge(python, task, tmp_path / "kept")
    first = judge(open_source(clip))
    again = judge(open_source(clip.rename(tmp_path / "other name.mp4")))
    assert calls.read_text() == "x"
    assert np.array_equal(first.scores, again.scores)
    assert (first.frame.tolist(), first.names, first.version) == (again.frame.tolist(), again.names, again.version)
    judge(open_source(write_clip(tmp_path / "clip.mp4", [portrait(shift=5)] * 3)))
    task.write_bytes(b"another task")
    judge(open_source(tmp_path / "other name.mp4"))
    assert calls.read_text() == "xxx"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo \"ModuleNotFoundError: No module named 'mediapipe'\" >&2; exit 1", "pip install mediapipe"),
        ("cat > /dev/null; echo boom >&2; exit 1", "MediaPipe failed on .*: boom"),
    ],
)
def test_an_interpreter_that_does_not_do(tmp_path: Path, clip: Path, task: Path, script: str, message: str) -> None:
    python = stand_in(tmp_path, f"#!/bin/sh\n{script}\n")
    with pytest.raises(MorphError, match=message):
        Judge(python, task, tmp_path / "kept")(open_source(clip))
    assert list((tmp_path / "kept").iterdir()) == []
    with pytest.raises(MorphError, match="cannot run"):
        Judge(tmp_path / "none", task)(open_source(clip))


def test_a_task_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MorphError, match=r"no file .*none\.task"):
        Judge(sys.executable, tmp_path / "none.task")
