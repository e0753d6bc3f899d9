"""What a live window shows and does: keys, props, recordings and snapshots; knows nothing of windows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from morph.arrays import Image
from morph.atomic import output_folder
from morph.errors import MorphError
from morph.export.video import VideoWriter
from morph.frames import Frame
from morph.model import MorphableModel
from morph.outputs import move_to_free_name
from morph.tracking import Face
from viewer.output.picture import write_picture
from viewer.props import find_prop, prop_names
from viewer.windows.live_picture import LivePicture

KEYS = {
    "r": "begin or end a recording (live.mp4)",
    "s": "save a picture (live.png)",
    "p": "next prop",
    "m": "meshes seen or hidden",
    "n": "take the face of this moment for the resting one that weights are counted from",
    "a": "find the resting face as it goes, or leave weights as they are",
    "q": "quit",
}
CALIBRATED = {"now": "resting face taken", "auto": "resting face is found as it goes", "none": "no resting face"}


def key_help() -> str:
    """The keys and what they do, a line each."""
    return "\n".join(f"  {key}  {what}" for key, what in KEYS.items())


class LiveView:
    """The state of a live window.

    Args:
        model: that faces are tracked with.
        rate: frames a second, about.
        prop: worn at first: a name, "none", or the folder of a prop.
        folder: where recordings and pictures go; made where it does not exist.
        say: gets one line for each file that is written or could not be.

    Attributes:
        quit: asked for, and left to the window to do.
        mesh: meshes are drawn where no prop is worn.
        auto: the resting face is found as it goes.
        calibrate: told how the resting face is taken: "now", "auto" or "none"; None: those keys do nothing.

    Raises:
        MorphError: no such prop, it does not fit the model, or the folder cannot be written.
    """

    def __init__(
        self,
        model: MorphableModel,
        rate: float = 30.0,
        prop: str = "none",
        folder: Path = Path(),
        say: Callable[[str], None] = print,
    ) -> None:
        self.props: Sequence[str] = list(dict.fromkeys([*prop_names(footage=True), prop]))
        self.quit, self.mesh = False, True
        self.calibrate: Callable[[str], None] | None = None
        self.auto = False
        self._picture = LivePicture(model)
        self._prop = self.props.index(prop)
        self._picture.wear(find_prop(prop))
        self._rate, self._folder, self._say = rate, output_folder(folder), say
        self._snapshot = False
        self._writer: VideoWriter | None = None
        self._file = Path()

    @property
    def prop(self) -> str:
        """Name of what is worn."""
        return self.props[self._prop]

    @property
    def recording(self) -> bool:
        """Whether frames go into a clip."""
        return self._writer is not None

    def press(self, key: str) -> bool:
        """A key was pressed; returns whether it means something."""
        if key == "q":
            self.quit = True
        elif key == "s":
            self._snapshot = True
        elif key == "m":
            self.mesh = not self.mesh
        elif key == "p":
            self._next_prop()
        elif key in ("n", "a"):
            self._calibrate(key)
        elif key == "r":
            self._end_recording() if self.recording else self._begin_recording()
        return key in KEYS

    def show(self, frame: Frame, faces: list[Face]) -> Image:
        """What is to be seen of a frame, ``(H, W, 3)`` uint8 RGB; it is recorded and saved where that was asked for."""
        picture = self._picture.draw(frame.image, faces, self.mesh)
        if self._writer is not None:
            try:
                self._writer.write(picture, frame.time - self._start(frame))
            except OSError as error:
                self._abandon(error)
        if self._snapshot:
            self._snapshot = False
            self._save(picture)
        return picture

    def title(self, frame: int, dropped: int) -> str:
        """For the window's frame."""
        words = [f"frame {frame}", f"{dropped} dropped", self.prop, *(["recording"] if self.recording else [])]
        return "morph live: " + ", ".join(words)

    def close(self) -> None:
        """End a recording that is running."""
        if self.recording:
            self._end_recording()

    def _calibrate(self, key: str) -> None:
        self.auto = key == "a" and not self.auto
        word = "now" if key == "n" else "auto" if self.auto else "none"
        if self.calibrate is not None:
            self.calibrate(word)
            self._say(CALIBRATED[word])

    def _next_prop(self) -> None:
        self._prop = (self._prop + 1) % len(self.props)
        try:
            self._picture.wear(find_prop(self.prop))
        except MorphError as error:
            self._say(f"morph: {error}")
            self._next_prop()  # "none" fits every model

    def _begin_recording(self) -> None:
        self._file = self._folder / f".live-{os.getpid()}.mp4"
        try:
            self._writer = VideoWriter(self._file, self._rate)
        except MorphError as error:
            self._say(f"morph: {error}")
        self._first: float | None = None

    def _start(self, frame: Frame) -> float:
        """When the recording began."""
        if self._first is None:
            self._first = frame.time
        return self._first

    def _end_recording(self) -> None:
        assert self._writer is not None
        writer, self._writer = self._writer, None
        try:
            writer.__exit__(None, None, None)
            whole = self._file.exists()
            self._say(
                f"recorded {move_to_free_name(self._file, self._folder, 'live')}"
                if whole
                else "nothing was recorded: no frame came"
            )
        except MorphError as error:
            self._say(f"morph: {error}")

    def _abandon(self, error: OSError) -> None:
        """A recording that cannot go on ends, and leaves nothing."""
        assert self._writer is not None
        writer, self._writer = self._writer, None
        try:
            writer.__exit__(type(error), error, error.__traceback__)
        except MorphError as said:
            self._say(f"morph: {said}")
        else:
            self._say(f"morph: the recording ended: {error.strerror or error}")

    def _save(self, picture: Image) -> None:
        file = self._folder / f".live-{os.getpid()}.png"
        try:
            write_picture(file, picture)
            self._say(f"saved {move_to_free_name(file, self._folder, 'live')}")
        except MorphError as error:
            self._say(f"morph: {error}")
