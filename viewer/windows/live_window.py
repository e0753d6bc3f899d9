"""A window that shows each tracked frame as it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Image
from morph.errors import MorphError

LARGEST = (1280, 960)  # pixels that the window takes at first; it can be made larger


@dataclass(frozen=True)
class LiveSource:
    """What a live window shows, and whom it tells of keys.

    Attributes:
        next_picture: gives the next ``(H, W, 3)`` uint8 RGB picture, or None where there is no new one yet; must not wait.
        press: gets the name of each key that is pressed.
        title: of the window, asked after each picture.
        over: whether to close.
    """

    next_picture: Callable[[], Image | None]
    press: Callable[[str], object]
    title: Callable[[], str]
    over: Callable[[], bool]


def open_live_window(source: LiveSource) -> None:
    """Show pictures until they are over or the window is closed.

    Args:
        source: of the pictures.

    Raises:
        MorphError: no display, no OpenGL, or the extra ``viewer`` is not installed.
    """
    no_display = "no display to open a window on; stream without one: `morph live no_window=True stream=udp://HOST:PORT`"
    try:
        import pyglet
    except ModuleNotFoundError:
        raise MorphError(
            "the window needs pyglet; install it with: pip install 'morph-face[viewer]', or use `no_window=True`"
        ) from None
    pyglet.options["shadow_window"] = False
    try:
        made = pyglet.window.Window(width=640, height=480, resizable=True, caption=source.title())
        window = LiveWindow(made, source)
    except Exception as error:  # pyglet raises what its X11 or GL library lacks
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise MorphError(f"{no_display} ({reason})") from None
    try:
        pyglet.app.run(interval=None)
    finally:
        window.close()


class LiveWindow:
    """Handles a window's events, and draws the newest picture as large as fits.

    Args:
        window: of pyglet.
        source: of the pictures.
    """

    def __init__(self, window: Any, source: LiveSource) -> None:
        import pyglet

        self.pyglet, self.window, self.source = pyglet, window, source
        self.texture: Any = None
        window.push_handlers(self)
        pyglet.clock.schedule_interval(self.tick, 1 / 120)

    def tick(self, seconds: float) -> None:
        """Take the newest picture, if there is one."""
        if self.source.over():
            self.pyglet.app.exit()
            return
        picture = self.source.next_picture()
        if picture is not None:
            self.take(picture)
            self.window.set_caption(self.source.title())
            self.window.draw(seconds)

    def take(self, picture: Image) -> None:
        """Bring a picture to the graphics card; the window takes the size of the first one."""
        height, width = picture.shape[:2]
        data = self.pyglet.image.ImageData(width, height, "RGB", np.ascontiguousarray(picture[::-1]).tobytes())
        if self.texture is not None and (self.texture.width, self.texture.height) == (width, height):
            self.texture.blit_into(data, 0, 0, 0)
            return
        if self.texture is None:
            shrink = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
            self.window.set_size(max(round(width * shrink), 1), max(round(height * shrink), 1))
        else:
            self.texture.delete()
        self.texture = data.get_texture()

    def on_draw(self) -> None:
        self.window.clear()
        if self.texture is not None:
            zoom = min(self.window.width / self.texture.width, self.window.height / self.texture.height)
            wide, high = self.texture.width * zoom, self.texture.height * zoom
            self.texture.blit((self.window.width - wide) / 2, (self.window.height - high) / 2, width=wide, height=high)

    def on_key_press(self, symbol: int, modifiers: int) -> bool:
        name = self.pyglet.window.key.symbol_string(symbol).lower()
        self.source.press("q" if name == "escape" else name)
        return True  # the window's own handler would close it

    def on_close(self) -> bool:
        self.source.press("q")
        return True

    def close(self) -> None:
        """Stop asking for pictures, then close."""
        self.pyglet.clock.unschedule(self.tick)
        self.window.close()
