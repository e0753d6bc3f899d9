"""H.264 clips that play in a browser, with the time stamps of the frames they show."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import cast

import av
import cv2

from morph.arrays import Image
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.export.planes import bt709_frame
from morph.export.sound import CarriedSound
from morph.frames.frame import FrameSource
from morph.marks import MARK

TIME_BASE = Fraction(1, 90000)
BT709, LIMITED = 1, 1  # matrix, primaries and transfer, and range, as H.273 and FFmpeg number them
ENCODERS = ("libx264", "libopenh264", "mpeg4")  # the first that this FFmpeg has


class VideoWriter:
    """Writes ``(H, W, 3)`` uint8 RGB frames into an MP4; the file appears when the writer is closed without an error.

    All frames take the size of the first, made even by repeating the last row and column (yuv420p needs it). Colours are those
    of BT.709, limited range, and the file says so. The clip begins with its first frame.

    Args:
        path: of the MP4.
        rate: frames a second, about; the true times come with the frames.
        quality: x264's constant rate factor, or its quantiser where it is to be quick; smaller is better and larger.
        quick: encode in a quarter of the time, into a larger file.
        sound: where the pictures come from; sound that it has is carried along, in time with them.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with VideoWriter(Path(folder) / "grey.mp4", rate=25) as writer:
        ...         writer.write(np.full((64, 64, 3), 127, np.uint8), 0.0)
        ...     (Path(folder) / "grey.mp4").is_file()
        True
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        rate: float = 25.0,
        *,
        quality: int = 20,
        quick: bool = False,
        sound: FrameSource | None = None,
    ) -> None:
        self._target = atomic_path(path)
        self._path: Path = self._target.__enter__()
        self._rate = Fraction(rate).limit_denominator(1001)
        by = "qp" if quick else "crf"
        self._options = {by: str(quality), "preset": "ultrafast" if quick else "veryfast"}
        self._container: av.container.OutputContainer | None = None
        self._source = None if sound is None or sound.sound is None else sound
        self._sound: CarriedSound | None = None
        self._start, self._last = 0.0, -1

    def __enter__(self) -> VideoWriter:
        return self

    def _open(self, width: int, height: int) -> av.container.OutputContainer:
        name = next((name for name in ENCODERS if name in av.codecs_available), None)
        if name is None:
            raise MorphError("PyAV has no H.264 encoder; uninstall it, then `pip install av`, which has one")
        container = av.open(str(self._path), "w", format="mp4", options={"movflags": "+faststart"})
        container.metadata["comment"] = MARK
        options = self._options if name == "libx264" else {}
        self._stream = cast(av.VideoStream, container.add_stream(name, rate=self._rate, options=options))
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        context = self._stream.codec_context
        context.time_base, context.thread_count = TIME_BASE, 1
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        if self._source is None:
            return container
        self._sound = CarriedSound(container, self._source, self._start)
        try:
            container.start_encoding()
        except (av.FFmpegError, ValueError) as error:  # it does not take this sound after all
            self._sound.give_up(error)
            self._source = None
            return self._open(width, height)
        return container

    def write(self, image: Image, time: float) -> None:
        """Add a frame that is shown from ``time`` (seconds) on, counted from anywhere; times must grow."""
        odd = image.shape[0] % 2, image.shape[1] % 2
        if any(odd):
            image = cv2.copyMakeBorder(image, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        if self._container is None:
            self._start = time
            self._container = self._open(image.shape[1], image.shape[0])
        size = (self._stream.width, self._stream.height)
        if image.shape[1::-1] != size:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        frame = bt709_frame(image)
        frame.colorspace, frame.color_range = BT709, LIMITED
        frame.pts = max(round((time - self._start) / TIME_BASE), self._last + 1)
        frame.time_base = TIME_BASE
        self._last = frame.pts
        assert self._container is not None
        self._container.mux(self._stream.encode(frame))
        if self._sound is not None:
            self._sound.write_until(time - self._start)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        failed: BaseException | None = None
        try:
            if self._container is None:
                failed = _NoFrames()  # nothing to keep
            else:
                self._finish(self._container, whole=kind is None)
        except BaseException as problem:
            failed = problem
        if kind is not None or failed is None:
            self._target.__exit__(kind, error, traceback)
        elif not self._target.__exit__(type(failed), failed, failed.__traceback__) and not isinstance(failed, _NoFrames):
            raise failed

    def _finish(self, container: av.container.OutputContainer, *, whole: bool) -> None:
        """Write what the encoder still holds, and the rest of the sound, and close."""
        try:
            if whole:
                container.mux(self._stream.encode(None))
                if self._sound is not None:
                    self._sound.write_until(float(self._last * TIME_BASE + 1 / self._rate))
        finally:
            if self._sound is not None:
                self._sound.close()
            container.close()


class _NoFrames(Exception):
    """No frame was written, so no file is kept."""
