"""``morph live --no-window`` with receivers in processes of their own."""

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
from scipy.spatial.transform import Rotation

from morph import Tracker
from morph.cli import main
from morph.cli.demo import demo_files
from morph.frames import open_source
from morph.frames.latest import LatestFrames
from morph.live.protocols.ifacialmocap import spelled
from morph.live.session import LiveSession
from morph.live.stream import PROTOCOLS, Stream
from morph.model.rest_pose import head_angles, rest_turn

RECEIVER = """
import json, socket, sys
scheme = sys.argv[1]
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
receiver.bind(("127.0.0.1", 0))
print(receiver.getsockname()[1], flush=True)

def read(data):  # with readers that morph has no part in
    if scheme == "udp":
        return json.loads(data)
    if scheme in ("osc", "vmc"):
        from pythonosc.osc_bundle import OscBundle
        return [[message.address, *message.params] for message in OscBundle(data)]
    if scheme == "livelink":
        from pylivelinkface import FaceBlendShape, PyLiveLinkFace
        seen, face = PyLiveLinkFace.decode(data)
        return {shape.name: face.get_blendshape(shape) for shape in FaceBlendShape} | {"time": face._frames + face._sub_frame}
    pairs = [pair.split("-") for pair in data.decode().split("=")[0].rstrip("|").split("|")]
    return {name: int(value) for name, value in pairs}

receiver.settimeout(60)
try:
    while data := receiver.recv(65536):
        print(json.dumps([len(data), read(data)]), flush=True)
        receiver.settimeout(4)
except TimeoutError:
    pass
"""


@pytest.fixture(scope="module")
def clip():
    return next(file for file in demo_files() if file.suffix == ".mp4")


class Receiver:
    """A process that prints its port, then what comes, for a bounded time."""

    def __init__(self, scheme: str = "udp") -> None:
        self.process = subprocess.Popen([sys.executable, "-c", RECEIVER, scheme], stdout=subprocess.PIPE, text=True)
        self.address = f"{scheme}://127.0.0.1:{self.process.stdout.readline().strip()}"

    def lines(self) -> list:
        """All that came until it fell silent; no datagram is long."""
        try:
            lines = [json.loads(line) for line in self.process.communicate(timeout=60)[0].splitlines()]
        finally:
            self.process.kill()
        assert all(size <= 1400 for size, _ in lines)
        return [line for _, line in lines if "names" not in line]


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


@pytest.fixture(scope="module")
def received(clip):
    """What readers of every protocol got at once of one session, and the faces of its frames."""
    receivers = {scheme: Receiver(scheme) for scheme in PROTOCOLS}
    streams = [word for receiver in receivers.values() for word in ("--stream", receiver.address)]
    said = live(clip, *streams, "--frames", "40")
    assert said.count("40 sent") == len(PROTOCOLS)
    lines = {scheme: receiver.lines() for scheme, receiver in receivers.items()}
    return lines, expected(clip, [message["frame"] for message in lines["udp"]])


def weights_of(face):
    return {name[0].upper() + name[1:]: weight for name, weight in face.blendshapes.items()}


@pytest.mark.slow
def test_json_follows_the_tracker(received):
    lines, frames = received
    messages = lines["udp"]
    assert len(messages) == len(frames) == 40
    for message, (frame, (face,)) in zip(messages, frames, strict=True):
        assert message["time"] == pytest.approx(frame.time, abs=1e-6)
        assert message["faces"] == 1
        sent, head, pose = message["face"], message["face"]["head"], face.coefficients
        assert sent["id"] == face.id == 0
        assert sent["weights"] == pytest.approx(list(face.blendshapes.values()), abs=5.1e-5)
        turn = Rotation.from_quat(head["quaternion_xyzw"]).as_matrix()
        assert np.abs(turn - pose.rotation).max() < 1e-5
        corner = face.posed_vertices(message["width"], message["height"]).mean(0)
        placed = face.vertices.mean(0) @ turn.T + head["translation_millimetres"]
        assert placed == pytest.approx(corner, abs=1e-2)
        assert head["pixels_per_millimetre"] == pytest.approx(float(pose.scale), abs=1e-6)
    assert max(weight for message in messages for weight in message["face"]["weights"]) > 0.1


@pytest.mark.slow
def test_osc_follows_the_tracker(received):
    lines, frames = received
    found: list[dict[str, list]] = []
    for address, *values in (entry for line in lines["osc"] for entry in line):
        if address == "/morph/frame":
            found.append({})
        found[-1][address] = values
    assert len(found) == len(frames)
    for values, (frame, (face,)) in zip(found, frames, strict=True):
        assert values["/morph/frame"] == [frame.index, pytest.approx(frame.time), 1]
        weights = {name.rsplit("/", 1)[1]: value for name, (value, *_) in values.items() if "/weight/" in name}
        assert weights == pytest.approx(face.blendshapes, abs=1e-6)
        assert values["/morph/face/0/scale"] == pytest.approx([float(face.coefficients.scale)], abs=1e-5)


@pytest.mark.slow
def test_vmc_follows_the_tracker(received):
    lines, frames = received
    found: list[dict[str, float]] = [{}]
    heads = []
    for address, *values in (entry for line in lines["vmc"] for entry in line):
        if address == "/VMC/Ext/Blend/Val":
            found[-1][values[0]] = values[1]
        elif address == "/VMC/Ext/Bone/Pos" and values[0] == "Head":
            heads.append(values[4:])
        elif address == "/VMC/Ext/Blend/Apply":
            found.append({})
    assert len(found) - 1 == len(heads) == len(frames)
    for weights, head, (_, (face,)) in zip(found, heads, frames, strict=False):
        assert weights == pytest.approx(weights_of(face), abs=1e-6)
        mirror = np.diag([-1.0, 1.0, 1.0])
        turn = face.pose[:3, :3]
        assert Rotation.from_quat(head).as_matrix() == pytest.approx(mirror @ turn @ mirror, abs=1e-5)


@pytest.mark.slow
def test_live_link_face_follows_the_tracker(received):
    lines, frames = received
    assert len(lines["livelink"]) == len(frames)
    for values, (frame, (face,)) in zip(lines["livelink"], frames, strict=True):
        assert values.pop("time") == pytest.approx(60 * frame.time, abs=1e-3)
        assert {name: values[name] for name in weights_of(face)} == pytest.approx(weights_of(face), abs=1e-6)
        turn = face.pose[:3, :3] @ rest_turn(face.model)
        angles = [values[f"Head{name}"] for name in ("Yaw", "Pitch", "Roll")]
        assert angles == pytest.approx(head_angles(turn[None])[0], abs=1e-4)


@pytest.mark.slow
def test_ifacialmocap_follows_the_tracker_to_its_per_cents(received):
    lines, frames = received
    assert len(lines["ifacialmocap"]) == len(frames)
    for values, (_, (face,)) in zip(lines["ifacialmocap"], frames, strict=True):
        assert {k: v / 100 for k, v in values.items()} == pytest.approx(
            {spelled(name): weight for name, weight in face.blendshapes.items()}, abs=5.1e-3
        )


@pytest.mark.slow
def test_a_slow_tracker_drops_frames_and_sends_the_newest(clip):
    """Tracking that takes three frames' time: what is sent is fresh, and a third is sent."""
    receiver = Receiver()
    tracker = Tracker(level=0)
    process = tracker.process

    def slow(image, when, index):
        time.sleep(0.12)
        return process(image, when, index)

    tracker.process = slow
    began, taken = [], []
    stream = Stream(receiver.address)
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
def test_no_face_is_said(tmp_path):
    clip = write_clip(tmp_path / "grey.mp4", [np.full((96, 128, 3), 127, np.uint8)] * 4)
    receiver = Receiver()
    said = live(clip, "--stream", receiver.address)
    messages = receiver.lines()
    assert 1 <= len(messages) <= 4
    assert all(message["faces"] == 0 for message in messages)
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
        (["{clip}", "--no-window", "--stream", "127.0.0.1:9"], "is no address to stream to; write it like vmc://"),
        (["{clip}", "--no-window", "--stream", "tcp://127.0.0.1:9"], "cannot stream by 'tcp'; write it like vmc://"),
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
