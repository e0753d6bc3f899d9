"""A camera as a source of frames."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from morph.errors import MorphError
from morph.frames.frame import Frame, FrameSource

MOST = 10  # numbers that are tried for a list of cameras
NAMES = Path("/sys/class/video4linux")  # where Linux says what cameras are called


@dataclass(frozen=True)
class CameraSettings:
    """What a camera is asked for; it may give something else, which is then said.

    Attributes:
        size: width and height in pixels; None leaves it to the camera.
        fps: frames a second; None leaves it to the camera.

    Raises:
        MorphError: a size or rate that is not positive.
    """

    size: tuple[int, int] | None = None
    fps: float | None = None

    def __post_init__(self) -> None:
        if self.size is not None and min(self.size) < 1:
            raise MorphError(f"`size=` is a width and a height in pixels, like 1280x720, not {self.size[0]}x{self.size[1]}")
        if self.fps is not None and not 0 < self.fps <= 1000:
            raise MorphError(f"`fps=` must lie above 0 and be at most 1000, got {self.fps}")


class CameraSource(FrameSource):
    """A camera by its number; times are seconds since the first frame.

    Args:
        number: from 0, as OpenCV counts.
        settings: size and rate to ask for; None takes what comes.

    Raises:
        MorphError: no such camera.
    """

    kind = "camera"
    count = None

    def __init__(self, number: int, settings: CameraSettings | None = None) -> None:
        self.name, self.damaged = f"camera {number}", 0
        self._capture = _capture(number)
        if not self._capture.isOpened():
            raise MorphError(f"no camera {number}; plug one in, or give a file")
        _ask(self._capture, settings or CameraSettings(), self.name)
        self.rate = self._capture.get(cv2.CAP_PROP_FPS) or 30.0

    def __iter__(self) -> Iterator[Frame]:
        start = time.monotonic()
        for index in itertools.count():
            good, image = self._capture.read()
            if not good:
                return
            rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(index, time.monotonic() - start, rgb, f"{index:06d}")


def list_cameras() -> list[str]:
    """A line for each camera that opens: its number, name where the system tells it, size and frames a second."""
    found = []
    for number in range(MOST):
        capture = _capture(number)
        if capture.isOpened():
            width, height = (round(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
            rate = capture.get(cv2.CAP_PROP_FPS)
            found.append(f"{number}: {_name(number)}{width}x{height}" + (f", {rate:g} frames a second" if rate else ""))
        capture.release()
    return found


def _name(number: int) -> str:
    with contextlib.suppress(OSError):
        return (NAMES / f"video{number}" / "name").read_text().strip() + ", "
    return ""


def _capture(number: int) -> Any:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # one line of ours says it all
    try:
        return cv2.VideoCapture(number)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _ask(capture: Any, settings: CameraSettings, name: str) -> None:
    """Ask a camera for a size and a rate, and warn where it gives others."""
    if settings.size is not None:
        capture.set(
            cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")
        )  # raw pictures of 720p do not fit USB 2 at 30 a second
        for key, value in zip((cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT), settings.size, strict=True):
            capture.set(key, value)
        got = tuple(round(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if got != settings.size:
            wanted = f"{settings.size[0]}x{settings.size[1]}"
            logging.getLogger("morph").warning("%s gives %dx%d, not %s", name, *got, wanted)
    if settings.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, settings.fps)
        rate = capture.get(cv2.CAP_PROP_FPS)
        if rate and abs(rate - settings.fps) > 0.5:
            logging.getLogger("morph").warning("%s gives %g frames a second, not %g", name, rate, settings.fps)
