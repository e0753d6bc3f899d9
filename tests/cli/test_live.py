"""``morph live --no-window`` with a receiver in a process of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from clips import write_clip

from morph import Tracker
from morph.cli import main
from morph.cli.demo import demo_files
from morph.frames import open_source
from morph.frames.latest import LatestFrames
from morph.live.session import LiveSession
from morph.live.stream import Stream

JSON_RECEIVER = """
import socket, sys
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
receiver.bind(("127.0.0.1", 0))
print(receiver.getsockname()[1], flush=True)
receiver.settimeout(60)
try:
    while data := receiver.recv(65536):
        print(data.decode(), flush=True)
        receiver.settimeout(4)
except TimeoutError:
    pass
"""

OSC_RECEIVER = """
import json, sys
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
dispatcher = Dispatcher()
dispatcher.set_default_handler(lambda address, *values: print(json.dumps([address, *values]), flush=True))
server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
print(server.server_address[1], flush=True)
server.timeout, server.handle_timeout = 60, sys.exit
while True:
    server.handle_request()
    server.timeout = 4
"""


@pytest.fixture(scope="module")
def clip():
    return next(file for file in demo_files() if file.suffix == ".mp4")


class Receiver:
    """A process that prints its port, then what comes, for a bounded time."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def lines(self) -> list:
        """All that came until it fell silent."""
        try:
            return [json.loads(line) for line in self.process.communicate(timeout=60)[0].splitlines()]
        finally:
            self.process.kill()


def live(clip, *words: str) -> str:
    command = [sys.executable, "-m", "morph", "live", str(clip), "--no-window", "--level", "0", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected(clip, frames: list[int]) -> list:
    """Faces of a tracker that sees these frames of the clip and no others."""
    tracker = Tracker(level=0)
    return [
        (frame, tracker.process(frame.image, frame.time, frame.index)) for frame in open_source(clip) if frame.index in frames
    ]


@pytest.mark.slow
def test_the_numbers_received_are_those_of_the_tracker(clip):
    receiver = Receiver(JSON_RECEIVER)
    said = live(clip, "--stream", f"udp://127.0.0.1:{receiver.port}", "--frames", "50")
    messages = receiver.lines()
    frames = [message["frame"] for message in messages]
    assert len(frames) == 50
    assert "50 sent" in said
    assert frames == sorted(set(frames))
    for message, (frame, faces) in zip(messages, expected(clip, frames), strict=True):
        assert message["time"] == pytest.approx(frame.time, abs=1e-6)
        (sent,), (face,) = message["faces"], faces
        assert sent["id"] == face.id == 0
        assert len(sent["weights"]) == 52
        assert sent["weights"] == pytest.approx(face.blendshapes, abs=6e-7)
        head, pose = sent["head"], face.coefficients
        assert np.abs(np.array(head["rotation"]) - pose.rotation).max() < 1e-5
        corner = face.posed_vertices(message["width"], message["height"]).mean(0)
        placed = face.vertices.mean(0) @ np.array(head["rotation"]).T + head["translation_millimetres"]
        assert placed == pytest.approx(corner, abs=1e-2)
        assert head["pixels_per_millimetre"] == pytest.approx(float(pose.scale), abs=1e-6)
    assert max(message["faces"][0]["weights"]["jawOpen"] for message in messages) > 0.02


@pytest.mark.slow
def test_osc_reaches_a_server_of_the_reference_package(clip):
    pytest.importorskip("pythonosc", reason="python-osc is not installed; pip install 'morph[live]'")
    receiver = Receiver(OSC_RECEIVER)
    live(clip, "--stream", f"osc://127.0.0.1:{receiver.port}", "--frames", "12")
    found: dict[int, dict[str, list]] = {}
    for address, *values in receiver.lines():
        if address == "/morph/frame":
            found[values[0]] = {}
        found[max(found)][address] = values
    assert len(found) == 12
    for values, (frame, faces) in zip(found.values(), expected(clip, list(found)), strict=True):
        (face,) = faces
        assert values.pop("/morph/frame") == [frame.index, pytest.approx(frame.time), 1]
        weights = {name.rsplit("/", 1)[1]: value for name, (value, *_) in values.items() if "/weight/" in name}
        assert len(weights) == 52
        assert weights == pytest.approx(face.blendshapes, abs=1e-6)
        assert values["/morph/face/0/scale"] == pytest.approx([float(face.coefficients.scale)], abs=1e-5)


@pytest.mark.slow
def test_a_slow_tracker_drops_frames_and_sends_the_newest(clip):
    """Tracking that takes three frames' time: what is sent is fresh, and a third is sent."""
    receiver = Receiver(JSON_RECEIVER)
    tracker = Tracker(level=0)
    process = tracker.process

    def slow(image, when, index):
        time.sleep(0.12)
        return process(image, when, index)

    tracker.process = slow
    began, taken = [], []
    stream = Stream(f"udp://127.0.0.1:{receiver.port}")
    with contextlib.closing(stream), LatestFrames(open_source(clip)) as frames:
        session = LiveSession(frames, tracker, [stream])
        while (seen := session.step(None)) is not None:
            began.append(time.monotonic() - seen[0].time)
            taken.append(seen[0].index)
    messages = receiver.lines()
    assert [message["frame"] for message in messages] == taken
    assert frames.came == 110
    assert frames.dropped == 110 - len(taken) > 40
    assert taken[-1] == 109
    assert max(began[1:]) - min(began[1:]) < 3.0  # a queue would be 8 s late at the end
    assert f"{frames.dropped} dropped" in session.summary()


@pytest.mark.slow
def test_no_face_is_an_empty_list(tmp_path):
    clip = write_clip(tmp_path / "grey.mp4", [np.full((96, 128, 3), 127, np.uint8)] * 4)
    receiver = Receiver(JSON_RECEIVER)
    said = live(clip, "--stream", f"udp://127.0.0.1:{receiver.port}")
    messages = receiver.lines()
    assert 1 <= len(messages) <= 4
    assert all(message["faces"] == [] for message in messages)
    assert "a face in 0" in said


@pytest.mark.slow
def test_interrupting_ends_it_with_a_summary(clip):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(60)
        address = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        command = [sys.executable, "-m", "morph", "live", str(clip), "--no-window", "--level", "0", "--stream", address]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert "Ctrl-C ends it" in process.stdout.readline()
        receiver.recv(65536)  # a frame has been tracked
        os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "frames came" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["77", "--no-window", "--stream", "udp://127.0.0.1:9"], "no camera 77; plug one in, or give a file"),
        (["gone.mp4", "--no-window", "--stream", "udp://127.0.0.1:9"], "no file gone.mp4"),
        (["{clip}", "--no-window", "--stream", "127.0.0.1:9"], "is no address to stream to; write it like udp://"),
        (["{clip}", "--no-window", "--stream", "tcp://127.0.0.1:9"], "cannot stream by 'tcp'; write it like udp://"),
        (["{clip}", "--stream", "udp://127.0.0.1:9", "--stream", "udp://x"], "'udp://x' is no address"),
        (["{clip}", "--no-window"], "--no-window shows nothing; say where to with --stream"),
        (["{picture}", "--no-window", "--stream", "udp://127.0.0.1:9"], "does not move; give a clip"),
        (["{clip}", "--prop", "monocle-of-nobody"], "no prop monocle-of-nobody"),
        (["{clip}", "--no-window", "--stream", "udp://127.0.0.1:9", "--frames", "0"], "--frames must be at least 1"),
        (["{clip}", "--no-window", "--stream", "udp://127.0.0.1:9", "--max-faces", "0"], "must be at least 1"),
        (["{clip}", "--level", "2", "--model", "a.npz"], "--level is for the default model"),
    ],
)
def test_mistakes_are_one_line(clip, capsys, words, says):
    places = {"clip": str(clip), "picture": str(clip.with_name("astronaut.jpg"))}
    assert main(["live", *(word.format(**places) for word in words)]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert err.startswith("morph: ")
    assert err.count("\n") == 1
    assert out == ""
