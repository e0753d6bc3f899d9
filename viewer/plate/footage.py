"""Footage that can be scrubbed: read once in the background, kept as JPEG in memory."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from morph.arrays import Image
from morph.errors import MorphError
from morph.frames.sources import open_source

QUALITY = 92


class Footage:
    """The frames of a picture, folder or clip by number.

    Args:
        source: what was tracked.
        last: number of the last frame that will be asked for.
        largest: frames wider or higher than this are made smaller (pixels).

    Attributes:
        size: width and height of the footage itself.

    Raises:
        MorphError: it cannot be read.
    """

    def __init__(self, source: str, last: int, largest: int = 1280) -> None:
        self._frames: dict[int, bytes] = {}
        self._newest, self._done = -1, threading.Event()
        self._arrived = threading.Condition()
        self._largest = largest
        self.trouble = ""
        iterator = iter(open_source(source))
        first = next(iterator, None)
        if first is None:
            raise MorphError(f"{source} holds no frame")
        self.size = (first.image.shape[1], first.image.shape[0])
        self._keep(first.index, first.image)

        def read() -> None:
            try:
                for frame in iterator:
                    if frame.index > last or self._done.is_set():
                        break
                    self._keep(frame.index, frame.image)
            except MorphError as error:
                self.trouble = str(error)
            finally:
                self._done.set()
                with self._arrived:
                    self._arrived.notify_all()

        self._thread = threading.Thread(target=read, daemon=True, name="footage")
        self._thread.start()

    def _keep(self, index: int, image: Image) -> None:
        shrink = min(1.0, self._largest / max(image.shape[:2]))
        if shrink < 1:
            image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        good, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if good:
            with self._arrived:
                self._frames[index] = data.tobytes()
                self._newest = index
                self._arrived.notify_all()

    def frame(self, index: int, width: int, height: int, patience: float = 2.0) -> Image:
        """Frame ``index`` as ``(height, width, 3)`` uint8 RGB, or the nearest before it that could be read.

        Waits up to ``patience`` seconds for a frame that has not been read yet.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._newest >= index or self._done.is_set(), patience)
            best = max((number for number in self._frames if number <= index), default=min(self._frames))
            data = self._frames[best]
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert image is not None
        if image.shape[:2] != (height, width):
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
        return image.astype(np.uint8, copy=False)

    def close(self) -> None:
        """Stop reading."""
        self._done.set()
        self._thread.join(5.0)
