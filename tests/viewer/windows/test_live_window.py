"""``morph live`` in a real window with real keys."""

import json
import socket
import subprocess
import sys
import time

import av
import cv2
import numpy as np
import pytest
from clips import portrait, write_clip
from screen import Hand, display, environment

__all__ = ["display"]  # a fixture


@pytest.fixture
def clip(tmp_path):
    """A minute of a face that moves to and fro, ten frames a second."""
    shift = np.round(12 + 10 * np.sin(np.arange(600) / 8)).astype(int)
    pictures = {x: portrait(320, 240, shift=x) for x in sorted(set(shift.tolist()))}
    return write_clip(tmp_path / "clip.mp4", [pictures[x] for x in shift.tolist()], rate=10)


@pytest.mark.slow
def test_real_keys_in_a_live_window(display, clip, tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        address = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        command = [sys.executable, "-m", "morph", "live", str(clip), "--level", "0", "--out", "kept", "--stream", address]
        viewer = subprocess.Popen(
            command, cwd=tmp_path, env=environment(DISPLAY=display), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        hand = Hand(display, viewer, "^morph live: frame")
        kept = tmp_path / "kept"

        def press(key, true):
            hand.do("key", "--window", hand.id, key)
            hand.wait(true)

        try:
            hand.find()
            hand.wait(lambda: "frame 0," not in hand.title())
            press_until(hand, "p", lambda: hand.title().endswith(" glasses"))
            press("s", lambda: (kept / "live.png").exists())
            press_until(hand, "p", lambda: hand.title().endswith(" none"))
            press("s", lambda: (kept / "live-2.png").exists())
            press("m", lambda: True)
            press("r", lambda: hand.title().endswith("recording"))
            first = int(hand.title().split("frame ")[1].split(",")[0])
            hand.wait(lambda: int(hand.title().split("frame ")[1].split(",")[0]) > first + 8)
            press("r", lambda: (kept / "live.mp4").exists())
            hand.do("key", "--window", hand.id, "q")
            printed, trouble = viewer.communicate(timeout=30)
        finally:
            viewer.kill()
        message = next(said for said in iter(lambda: json.loads(receiver.recv(65536)), None) if "face" in said)
    assert viewer.returncode == 0, trouble
    assert len(message["face"]["weights"]) == 52
    assert "next prop" in printed
    assert "recorded kept/live.mp4" in printed.splitlines()
    assert "frames came" in printed
    glasses, mesh = (cv2.imread(str(kept / name))[..., ::-1] for name in ("live.png", "live-2.png"))
    assert glasses.shape == mesh.shape == (240, 320, 3)
    assert (glasses.max(-1) < 45).sum() > (mesh.max(-1) < 45).sum() + 50  # a dark frame lies on the face
    with av.open(str(kept / "live.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) >= 8
    steps = np.diff([frame.time for frame in frames])
    assert steps.min() == pytest.approx(0.1, abs=0.01)  # as the clip's own times
    plain = np.abs(frames[0].to_ndarray(format="rgb24").astype(int) - mesh)[80:160, 100:200].mean()
    assert plain > 10  # "m" has hidden the mesh


def press_until(hand, key, true):
    """Press a key again and again until the title is right; a key that is too early may be lost."""
    for _ in range(20):
        if true():
            return
        before = hand.title().rsplit(" ", 1)[1]
        hand.do("key", "--window", hand.id, key)
        end = time.monotonic() + 5.0
        while hand.title().rsplit(" ", 1)[1] == before and time.monotonic() < end:
            time.sleep(0.05)
    pytest.fail(f"{key} does not lead there: {hand.title()}")


def test_a_clip_that_ends_closes_its_window(display, tmp_path):
    clip = write_clip(tmp_path / "short.mp4", [portrait(322, 242)] * 12, rate=10)
    command = [sys.executable, "-m", "morph", "live", str(clip), "--level", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(DISPLAY=display), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "12 frames came" in done.stdout


def test_no_display_is_one_line_that_names_no_window(tmp_path):
    clip = write_clip(tmp_path / "short.mp4", [portrait()] * 3)
    command = [sys.executable, "-m", "morph", "live", str(clip), "--level", "0"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert "--no-window --stream udp://HOST:PORT" in done.stderr
    assert done.stderr.count("\n") == 1
