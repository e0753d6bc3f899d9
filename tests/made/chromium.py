"""Chromium without a window and without a network, driven through the DevTools protocol over a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio"),
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-extensions", "--no-first-run", "--no-default-browser-check", "--remote-debugging-pipe"),
)
# DevTools reads from descriptor 3 and writes to 4.
LAUNCH = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, pipe in enumerate(pipes, 3):
    os.dup2(pipe, number)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def find_chromium() -> str | None:
    """Where Chromium is, or None."""
    return next((path for path in map(shutil.which, NAMES) if path is not None), None)


class Chromium:
    """One page of one Chromium; every wait ends after ``patience`` seconds."""

    def __init__(self, program: str, profile: Path, patience: float = 60.0) -> None:
        self.patience = patience
        self.events: list[dict[str, Any]] = []
        self._buffer, self._number = b"", 0
        its_input, self._write = os.pipe()
        self._read, its_output = os.pipe()
        command = [
            sys.executable,
            "-c",
            LAUNCH,
            str(its_input),
            str(its_output),
            program,
            *OPTIONS,
            f"--user-data-dir={profile}",
        ]
        self._process = subprocess.Popen(
            [*command, "about:blank"],
            pass_fds=(its_input, its_output),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(its_input)
        os.close(its_output)
        self._session: str | None = None
        targets = self.send("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._write)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # the group that was started above
            self._process.wait()
        os.close(self._read)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + self.patience
        while True:
            answer = self._next(end, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def _next(self, end: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            assert ready, f"Chromium did not answer {method} in {self.patience:.0f} s"
            data = os.read(self._read, 1 << 20)
            assert data, f"Chromium ended before it answered {method}"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def run(self, script: str) -> Any:
        """The value of a script's last expression, as JSON; promises are awaited."""
        said = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def floats(self, script: str) -> npt.NDArray[np.float32]:
        """A ``Float32Array`` that a script gives."""
        text = (
            f"(() => {{ const bytes = new Uint8Array(({script}).buffer); let text = '';"
            "for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));"
            "return btoa(text); })()"
        )
        return np.frombuffer(base64.b64decode(self.run(text)), np.float32)

    def open(self, page: Path, width: int, height: int, ready: str, phone: bool = False) -> None:
        """Show a file in a window of a size and wait until a script says true."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.send("Page.navigate", url=page.resolve().as_uri())
        self.wait(ready)

    def wait(self, script: str) -> None:
        """Until a script says true."""
        end = time.monotonic() + self.patience
        while not self.run(script):
            assert time.monotonic() < end, f"{script} was not so after {self.patience:.0f} s; the page said {self.complaints()}"
            time.sleep(0.05)

    def picture(self) -> npt.NDArray[np.uint8]:
        """What the window shows, ``(H, W, 3)`` uint8 RGB."""
        data = base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
        return np.ascontiguousarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1])

    def click(self, x: float, y: float) -> None:
        """Press and let go of the left button."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def drag(self, start: tuple[float, float], by: tuple[float, float]) -> None:
        """Press the left button, move in steps, let go."""
        mouse = {"button": "left", "buttons": 1, "clickCount": 1}
        self.send("Input.dispatchMouseEvent", type="mousePressed", x=start[0], y=start[1], **mouse)
        for share in (0.25, 0.5, 0.75, 1.0):
            place = {"x": start[0] + share * by[0], "y": start[1] + share * by[1]}
            self.send("Input.dispatchMouseEvent", type="mouseMoved", **place, **mouse)
        self.send("Input.dispatchMouseEvent", type="mouseReleased", **place, button="left", clickCount=1)

    def press(self, key: str, code: int) -> None:
        """Press and let go of a key, by its name and its Windows key code."""
        text = {"text": key} if len(key) == 1 else {}
        for kind, more in (("keyDown", text), ("keyUp", {})):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more)

    def complaints(self) -> list[str]:
        """Errors and warnings that the page gave so far."""
        out = []
        for event in self.events:
            parameters = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                out.append(details.get("exception", {}).get("description") or details["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                out.append(" ".join(str(value.get("value", value.get("description"))) for value in parameters["args"]))
            elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                out.append(parameters["entry"]["text"])
        return out

    def requests(self) -> list[str]:
        """Addresses that the page asked for so far."""
        return [event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
