"""The examples of docs/examples and README's own run, on the clip and the picture that ship."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import cv2
import pytest

from morph import Tracker, read_picture
from morph.cli.demo import demo_files

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
PICTURE, CLIP = demo_files()


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The first frames of the clip, as a file that OpenCV reads."""
    file = tmp_path_factory.mktemp("clip") / "short.avi"
    capture = cv2.VideoCapture(str(CLIP))
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 25, size)
    for _ in range(6):
        writer.write(capture.read()[1])
    writer.release()
    return file


def run(name, *words):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *words], capture_output=True, text=True, timeout=180, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_example_is_listed_and_tried_here():
    listed = set(re.findall(r"\]\((\w+\.py)\)", (EXAMPLES / "README.md").read_text()))
    here = Path(__file__).read_text()
    assert listed == {file.name for file in EXAMPLES.glob("*.py")}
    assert all(f'"{name}"' in here for name in listed)


def test_the_webcam_loop_of_the_readme_runs_on_the_clip(monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    loop = next(block for block in blocks if "VideoCapture(0)" in block)
    assert len([line for line in loop.splitlines() if line.strip()]) <= 10
    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda camera: real(str(CLIP)))
    exec(compile(loop, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 110


@pytest.mark.slow
def test_webcam(short):
    lines = run("webcam.py", str(short))
    assert len(lines) == 6
    assert all(re.fullmatch(r"0: yaw -?\d+, jaw \d\.\d\d, 16005 vertices", line) for line in lines)


@pytest.mark.slow
def test_two_faces(short):
    (line,) = run("two_faces.py", str(short))
    assert re.fullmatch(r"person 0: 0\.\d\d", line)


@pytest.mark.slow
def test_server():
    process = subprocess.Popen([sys.executable, EXAMPLES / "server.py", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        port = int(process.stdout.readline().split()[-1])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", PICTURE.read_bytes(), timeout=60) as answer:
            (face,) = json.load(answer)
        assert len(face["blendshapes"]) == 52
        assert len(face["landmarks"]) == 68
        with pytest.raises(urllib.error.HTTPError, match="415"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", b"nothing", timeout=60)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_process_pool(short):
    assert run("process_pool.py", str(short), str(short)) == [f"{short}: 6 faces, 4054 vertices"] * 2


@pytest.mark.slow
def test_data_loader():
    pytest.importorskip("torch")
    lines = run("data_loader.py", *[str(PICTURE)] * 3)
    assert [line.split(") ")[0] for line in lines] == ["(2, 52", "(1, 52"]
    assert float(lines[0].split()[-1]) > 0.2


@pytest.mark.slow
def test_own_network(tmp_path):
    pytest.importorskip("onnx")
    assert run("own_network.py", str(tmp_path / "own.onnx"))[-1] == "112"
    (face,) = Tracker(tmp_path / "own.onnx", level=0).process(read_picture(PICTURE))
    assert face.vertices == pytest.approx(face.model.mean, abs=1e-3)
    centre = face.box.reshape(2, 2).mean(0)
    assert centre == pytest.approx([226, 132], abs=10)  # of the portrait's face
    code = [line for line in (EXAMPLES / "own_network.py").read_text().splitlines() if line.strip()]
    assert len(code) <= 40


@pytest.mark.slow
def test_own_prop(tmp_path):
    run("own_prop.py", str(PICTURE), str(tmp_path / "nose.png"))
    before, after = cv2.imread(str(PICTURE)).astype(int), cv2.imread(str(tmp_path / "nose.png")).astype(int)
    redder = (after[..., 2] - after[..., 1]) - (before[..., 2] - before[..., 1]) > 25
    assert 0.0002 < redder.mean() < 0.01


@pytest.mark.slow
def test_own_exporter(short, tmp_path):
    track = [
        sys.executable,
        "-m",
        "morph",
        "track",
        str(short),
        "--out",
        str(tmp_path / "track"),
        "--level",
        "0",
        "--no-overlay",
    ]
    subprocess.run(track, check=True, capture_output=True, timeout=120)
    assert run("own_exporter.py", str(tmp_path / "track"), str(tmp_path / "own.json")) == ["6 frames at 25.00 a second"]
    frames = json.loads((tmp_path / "own.json").read_text())["frames"]
    assert len(frames) == 6
    assert len(frames[0]["weights"]) == 52
