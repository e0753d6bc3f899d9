"""Pictures and clips of a track, drawn off screen."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.export.video import VideoWriter
from morph.tracking.frames import Frame, open_source
from viewer.composite import backdrop, over
from viewer.offscreen import Renderer
from viewer.picture import SUFFIXES, write_picture
from viewer.stage import Look, Stage

Picture = npt.NDArray[np.uint8]
Timed = tuple[Picture, float]


@dataclass(frozen=True)
class Preview:
    """What a preview shows.

    Attributes:
        size: width and height in pixels; None: those of the footage, or 640x480.
        footage: a picture, folder or clip that the track was made of, or None.
        layout: with footage, lay the heads "over" it or show them "beside" it.
        look: how heads are shown; over footage with a prop they are best hidden.
        yaw, pitch: without footage, degrees that the camera walks round the heads (right and up).
    """

    size: tuple[int, int] | None = None
    footage: str | None = None
    layout: Literal["over", "beside"] = "over"
    look: Look = dataclasses.field(default_factory=Look)
    yaw: float = 0.0
    pitch: float = 0.0


def draw_frame(stage: Stage, renderer: Renderer, preview: Preview, frame: int, footage: Picture | None = None) -> Picture:
    """One frame as ``(H, W, 3)`` uint8 RGB.

    Args:
        stage, renderer, preview: what is shown, what draws it, and how.
        frame: number of the picture in the clip.
        footage: ``(H, W, 3)`` uint8 of that frame; None: heads alone.
    """
    if footage is None:
        width, height = preview.size or (640, 480)
        camera = stage.orbit(preview.yaw, preview.pitch, width, height)
        scene = stage.model_scene(frame, camera, width, height, preview.look)
        return over(renderer.render(scene), backdrop(width, height))
    plate, zoom = _resized(footage, preview.size)
    height, width = plate.shape[:2]
    layer = renderer.render(stage.picture_scene(frame, width, height, zoom, preview.look))
    if preview.layout == "beside":
        return np.concatenate([plate, over(layer, backdrop(width, height))], axis=1)
    return over(layer, plate)


def _resized(footage: Picture, size: tuple[int, int] | None) -> tuple[Picture, float]:
    """The footage as large as fits ``size`` in its own shape, and how many pixels one of its pixels became."""
    height, width = footage.shape[:2]
    if size is None or size == (width, height):
        return footage, 1.0
    zoom = min(size[0] / width, size[1] / height)
    target = (max(round(width * zoom), 1), max(round(height * zoom), 1))
    return cv2.resize(footage, target, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR), zoom  # type: ignore[return-value]


def write_preview(
    stage: Stage,
    renderer: Renderer,
    preview: Preview,
    out: str | os.PathLike[str],
    frame: int | None = None,
    progress: Callable[[Iterator[Timed], int], Iterator[Timed]] = lambda frames, count: frames,
) -> int:
    """Write a picture of one frame, or a clip of all, by the suffix of ``out``.

    Args:
        frame: which one, for a picture; None: the middle one of those with a face.
        progress: wraps the frames of a clip, and is told how many to expect.

    Returns:
        How many frames were written.

    Raises:
        MorphError: an unknown suffix, no such frame, unreadable footage, or a folder that cannot be written.
    """
    out = Path(out)
    track = stage.track
    if out.suffix.lower() == ".mp4":
        if frame is not None:
            raise MorphError(f"--frame picks one frame, and {out} is a clip; name a .png, or leave --frame out")
        written = 0
        frames, count = _all_frames(stage, renderer, preview)
        with VideoWriter(out, track.fps, quality=18) as writer:
            for picture, seconds in progress(frames, count):
                writer.write(picture, seconds)
                written += 1
        return written
    if out.suffix.lower() not in SUFFIXES:
        raise MorphError(f"cannot write {out}: name it .png, .jpg or .mp4")
    wanted = int(track.frame[len(track.frame) // 2]) if frame is None else frame
    if not len(track.rows(wanted)) and (preview.footage is None or wanted < 0):
        raise MorphError(f"frame {wanted} has no face; faces are in frames {track.first} to {track.last}")
    footage = None if preview.footage is None else _footage_frame(preview.footage, wanted).image
    write_picture(out, draw_frame(stage, renderer, preview, wanted, footage))
    return 1


def _all_frames(stage: Stage, renderer: Renderer, preview: Preview) -> tuple[Iterator[Timed], int]:
    """Pictures with their times: of the whole footage, or from the first to the last frame with a face."""
    track = stage.track
    if preview.footage is None:
        numbers = range(track.first, track.last + 1)
        return ((draw_frame(stage, renderer, preview, n), (n - track.first) / track.fps) for n in numbers), len(numbers)
    source = open_source(preview.footage)
    frames = ((draw_frame(stage, renderer, preview, frame.index, frame.image), frame.time) for frame in source)
    return frames, source.count or track.last + 1


def _footage_frame(footage: str, wanted: int) -> Frame:
    index = -1
    for frame in open_source(footage):
        if frame.index == wanted:
            return frame
        index = frame.index
    raise MorphError(f"{footage} has no frame {wanted}; its last is {index}")
