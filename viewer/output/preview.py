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

from morph.arrays import Image
from morph.errors import MorphError
from morph.export.video import VideoWriter
from morph.frames.frame import FrameSource
from morph.frames.sources import open_source
from viewer.draw.offscreen import SceneRenderer
from viewer.output.picture import SUFFIXES, write_picture
from viewer.plate.composite import backdrop, over
from viewer.plate.plate_match import PlateFrame, PlateMatch
from viewer.stage.track_scene import DisplayStyle, TrackScene

Timed = tuple[Image, float]


@dataclass(frozen=True)
class Preview:
    """What a preview shows.

    Attributes:
        size: width and height in pixels; None: those of the footage, or 640x480.
        footage: a picture, folder or clip that the track was made of, or None.
        layout: with footage, lay the heads "over" it or show them "beside" it.
        look: how heads are shown; over footage with a prop they are best hidden.
        yaw, pitch: without footage, degrees that the camera walks round the heads (right and up).
        light: over footage, "auto" lights what is drawn as the faces of the footage are lit, "studio" as without footage.
        finish: over footage, "matched" adds shadows on the skin, and the footage's levels, sharpness, motion blur and grain;
            "plain" does not.
    """

    size: tuple[int, int] | None = None
    footage: str | None = None
    layout: Literal["over", "beside"] = "over"
    look: DisplayStyle = dataclasses.field(default_factory=DisplayStyle)
    yaw: float = 0.0
    pitch: float = 0.0
    light: Literal["auto", "studio"] = "studio"
    finish: Literal["plain", "matched"] = "plain"

    def match(self, stage: TrackScene) -> PlateMatch | None:
        """What makes drawings of ``stage`` look like the footage, for one clip; None where nothing has to."""
        auto, matched = self.light == "auto", self.finish == "matched"
        if self.layout != "over" or self.look.normals or not (auto or matched):
            return None
        return PlateMatch(stage, light=auto, finish=matched)


def draw_frame(  # noqa: PLR0913 - what is shown, what draws it, and the frame
    stage: TrackScene,
    renderer: SceneRenderer,
    preview: Preview,
    frame: int,
    footage: Image | None = None,
    match: PlateMatch | None = None,
) -> Image:
    """One frame as ``(H, W, 3)`` uint8 RGB.

    Args:
        stage: the track as scenes.
        renderer: what draws them.
        preview: how they are shown.
        frame: number of the picture in the clip.
        footage: ``(H, W, 3)`` uint8 of that frame; None: heads alone.
        match: of :meth:`Preview.match`, which has seen the frames before this one; None: this frame has to tell all.
    """
    if footage is None:
        width, height = preview.size or (640, 480)
        camera = stage.orbit(preview.yaw, preview.pitch, width, height)
        scene = stage.model_scene(frame, camera, width, height, preview.look)
        return over(renderer.render(scene), backdrop(width, height))
    plate, zoom = resized(footage, preview.size)
    height, width = plate.shape[:2]
    scene = stage.picture_scene(frame, width, height, zoom, preview.look)
    filmed = plate
    if preview.layout == "over":
        plate = stage.retouched(frame, plate, zoom)
    match = preview.match(stage) if match is None else match
    if match is not None:
        return match.draw(renderer, scene, PlateFrame(filmed, frame, zoom, plate))
    layer = renderer.render(scene)
    if preview.layout == "beside":
        return np.concatenate([plate, over(layer, backdrop(width, height))], axis=1)
    return over(layer, plate)


def resized(footage: Image, size: tuple[int, int] | None) -> tuple[Image, float]:
    """The footage as large as fits ``size`` in its own shape, and how many pixels one of its pixels became."""
    height, width = footage.shape[:2]
    if size is None or size == (width, height):
        return footage, 1.0
    zoom = min(size[0] / width, size[1] / height)
    target = (max(round(width * zoom), 1), max(round(height * zoom), 1))
    return cv2.resize(footage, target, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR), zoom  # type: ignore[return-value]


def write_preview(  # noqa: PLR0913 - what is shown, what draws it, and where it goes
    stage: TrackScene,
    renderer: SceneRenderer,
    preview: Preview,
    out: str | os.PathLike[str],
    frame: int | None = None,
    progress: Callable[[Iterator[Timed], int], Iterator[Timed]] = lambda frames, count: frames,
) -> int:
    """Write a picture of one frame, or a clip of all, by the suffix of ``out``.

    Args:
        stage: the track as scenes.
        renderer: what draws them.
        preview: how they are shown.
        out: picture or clip to write.
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
            raise MorphError(f"`frame=` picks one frame, and {out} is a clip; name a .png, or leave `frame=` out")
        written = 0
        source = None if preview.footage is None else open_source(preview.footage)
        frames, count = _all_frames(stage, renderer, preview, source)
        with VideoWriter(out, track.fps, quality=18, sound=source) as writer:
            for picture, seconds in progress(frames, count):
                writer.write(picture, seconds)
                written += 1
        return written
    if out.suffix.lower() not in SUFFIXES:
        raise MorphError(f"cannot write {out}: name it .png, .jpg or .mp4")
    wanted = int(track.frame[len(track.frame) // 2]) if frame is None else frame
    if not len(track.rows(wanted)) and (preview.footage is None or wanted < 0):
        raise MorphError(f"frame {wanted} has no face; faces are in frames {track.first} to {track.last}")
    match = preview.match(stage)
    footage = None if preview.footage is None else _footage_frame(stage, preview, wanted, match)
    write_picture(out, draw_frame(stage, renderer, preview, wanted, footage, match))
    return 1


def _all_frames(
    stage: TrackScene, renderer: SceneRenderer, preview: Preview, source: FrameSource | None
) -> tuple[Iterator[Timed], int]:
    """Pictures with their times: of the whole footage, or from the first to the last frame with a face."""
    track = stage.track
    if source is None:
        numbers = range(track.first, track.last + 1)
        return ((draw_frame(stage, renderer, preview, n), (n - track.first) / track.fps) for n in numbers), len(numbers)
    match = preview.match(stage)
    frames = ((draw_frame(stage, renderer, preview, frame.index, frame.image, match), frame.time) for frame in source)
    return frames, source.count or track.last + 1


def _footage_frame(stage: TrackScene, preview: Preview, wanted: int, match: PlateMatch | None) -> Image:
    """A frame of the footage; ``match`` is shown what came before it, so that it draws as in a clip."""
    index, footage = -1, str(preview.footage)
    for frame in open_source(footage):
        if frame.index == wanted:
            return frame.image
        index = frame.index
        if match is not None and index < wanted:
            plate, zoom = resized(frame.image, preview.size)
            match.observe(stage.picture_scene(index, plate.shape[1], plate.shape[0], zoom), plate, index)
    raise MorphError(f"{footage} has no frame {wanted}; its last is {index}")
