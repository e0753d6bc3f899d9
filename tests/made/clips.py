"""Clips and pictures for tests, made on the spot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SOUND_RATE = 48000
PORTRAIT = Path(__file__).parents[2] / "morph" / "assets" / "demo" / "astronaut.jpg"


def portrait(width: int = 320, height: int = 240, shift: int = 0) -> np.ndarray:
    """The face of the portrait that ships, ``(height, width, 3)`` RGB, moved right by ``shift`` pixels."""
    picture = cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB)
    part = picture[0:300, 60 - shift : 460 - shift] if shift <= 60 else np.roll(picture, shift, 1)[0:300, 60:460]
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)


def write_clip(
    path: Path, frames: Iterable[np.ndarray], times: Sequence[float] | None = None, rate: int = 25, gop: int = 12
) -> Path:
    """An H.264 MP4 of RGB frames; ``times`` in seconds make the rate variable."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "ultrafast", "g": str(gop)})
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for i, image in enumerate(frames):
            if not i:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts = round(1000 * (i / rate if times is None else times[i]))
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_stream(path: Path, frames: Sequence[np.ndarray], codec: str, kind: str, **settings: object) -> Path:
    """A clip of frames (RGB of 8 or 16 bits, RGBA) by ``codec``, pixels of ``kind``; ``settings`` are of its context."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = kind
        for name, value in settings.items():
            setattr(stream.codec_context, name, value)
        for image in frames:
            form = "rgb48le" if image.dtype == np.uint16 else "rgb24" if image.shape[2] == 3 else "rgba"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format=form)))
        container.mux(stream.encode(None))
    return path


def sounding_clip(path: Path, codec: str = "aac", start: float = 0.0, late: float = 0.0, seconds: int = 2) -> Path:
    """Black with one white frame at 1.2 s, and a tone with it; the file counts from ``start``, pictures begin ``late``."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(codec, rate=SOUND_RATE)
        sound.codec_context.layout = "mono"
        for number in range(25 * seconds):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 250 if number == 30 else 5, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + round(25 * (start + late)), Fraction(1, 25)
            container.mux(video.encode(frame))
            time = np.arange(SOUND_RATE // 25) / SOUND_RATE + number / 25 - late
            tone = np.where((time >= 1.2) & (time < 1.24), 16000 * np.sin(2000 * np.pi * time), 0)
            part = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], format="s16", layout="mono")
            part.sample_rate = SOUND_RATE
            part.pts, part.time_base = number * SOUND_RATE // 25 + round(SOUND_RATE * start), Fraction(1, SOUND_RATE)
            container.mux(sound.encode(part))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))
    return path
