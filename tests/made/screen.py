"""A virtual screen, and a hand that presses keys and moves the mouse in a window on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def display():
    """A virtual screen with OpenGL."""
    pytest.importorskip("pyrender", reason="pyrender is not installed; pip install 'morph-face[viewer]'")
    for tool in ("Xvfb", "xdotool"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed; apt-get install xvfb xdotool libgl1 to run this test")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "800x600x24", "+extension", "GLX", "-nolisten", "tcp"]
    command += ["-noreset"]  # else it starts anew whenever its only client goes, and refuses who comes just then
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        number = server.stdout.readline().strip()
        if not number:
            pytest.skip("Xvfb does not start here, so there is no screen to open a window on")
        yield f":{number}"
        server.terminate()


def environment(**more):
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM")}
    return kept | {"PYTHONPATH": str(ROOT)} | more


class Hand:
    """Presses keys and moves the mouse in the window of a running viewer."""

    def __init__(self, display, viewer, title="^morph: frame"):
        self.display, self.viewer, self.named, self.id = display, viewer, title, ""

    def do(self, *words):
        done = subprocess.run(
            ["xdotool", *words], env=environment(DISPLAY=self.display), capture_output=True, text=True, timeout=20
        )
        return done.stdout.strip()

    def title(self):
        return self.do("getwindowname", self.id)

    def wait(self, true, seconds=40.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return
            if self.viewer.poll() is not None:
                break
            time.sleep(0.05)
        ended = self.viewer.communicate(timeout=5) if self.viewer.poll() is not None else "still open"
        pytest.fail(f"the window says {self.title()!r}; the viewer: {ended}")

    def find(self):
        def found():
            self.id = self.do("search", "--name", self.named).splitlines()[:1]
            self.id = self.id[0] if self.id else ""
            return bool(self.id)

        self.wait(found, 120.0)

    def wake(self):
        """Ask for the first frame until the window answers: one that has just opened may lose a key."""

        def awake():
            self.do("key", "--window", self.id, "Home")
            time.sleep(0.5)
            return "frame 0 " in self.title()

        self.wait(awake, 60.0)

    def key(self, key, expected):
        self.do("key", "--window", self.id, key)
        self.wait(lambda: expected in self.title())
