"""A window that shows each tracked frame as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError

Picture = npt.NDArray[np.uint8]
LARGEST = (1280, 960)  # pixels that the window takes at first; it can be made larger


def open_live_window(
    next_picture: Callable[[], Picture | None], press: Callable[[str], bool], title: Callable[[], str], over: Callable[[], bool]
) -> None:
    """Show pictures until they are over or the window is closed.

    Args:
        next_picture: gives the next ``(H, W, 3)`` uint8 RGB picture, or None where there is no new one yet; must not wait.
        press: gets the name of each key that is pressed.
        title: of the window, asked after each picture.
        over: whether to close.

    Raises:
        MorphError: no display, no OpenGL, or the extra ``viewer`` is not installed.
    """
    no_display = "no display to open a window on; stream without one: `morph live no_window=True stream=udp://HOST:PORT`"
    try:
        import pyglet
    except ModuleNotFoundError:
        raise MorphError(
            "the window needs pyglet; install it with: pip install 'morph[viewer]', or use `no_window=True`"
        ) from None
    pyglet.options["shadow_window"] = False
    try:
        window = _window_class()(pyglet, next_picture, press, title, over)
    except Exception as error:  # pyglet raises what its X11 or GL library lacks
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise MorphError(f"{no_display} ({reason})") from None
    try:
        pyglet.app.run(interval=None)
    finally:
        window.close()


def _window_class() -> Any:
    """The window's class; made when a window is wanted, for its base class needs a display library."""
    import pyglet

    class LiveWindow(pyglet.window.Window):
        """Draws the newest picture as large as fits."""

        def __init__(self, pyglet: Any, next_picture: Any, press: Any, title: Any, over: Any) -> None:
            super().__init__(width=640, height=480, resizable=True, caption=title())
            self.pyglet, self.next_picture, self.press, self.title, self.over = pyglet, next_picture, press, title, over
            self.texture: Any = None
            pyglet.clock.schedule_interval(self.tick, 1 / 120)

        def tick(self, seconds: float) -> None:
            """Take the newest picture, if there is one."""
            if self.over():
                self.pyglet.app.exit()
                return
            picture = self.next_picture()
            if picture is not None:
                self.take(picture)
                self.set_caption(self.title())
                self.draw(seconds)

        def take(self, picture: Picture) -> None:
            """Bring a picture to the graphics card; the window takes the size of the first one."""
            height, width = picture.shape[:2]
            data = self.pyglet.image.ImageData(width, height, "RGB", np.ascontiguousarray(picture[::-1]).tobytes())
            if self.texture is not None and (self.texture.width, self.texture.height) == (width, height):
                self.texture.blit_into(data, 0, 0, 0)
                return
            if self.texture is None:
                shrink = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
                self.set_size(max(round(width * shrink), 1), max(round(height * shrink), 1))
            else:
                self.texture.delete()
            self.texture = data.get_texture()

        def on_draw(self) -> None:
            self.clear()
            if self.texture is not None:
                zoom = min(self.width / self.texture.width, self.height / self.texture.height)
                wide, high = self.texture.width * zoom, self.texture.height * zoom
                self.texture.blit((self.width - wide) / 2, (self.height - high) / 2, width=wide, height=high)

        def on_key_press(self, symbol: int, modifiers: int) -> None:
            name = self.pyglet.window.key.symbol_string(symbol).lower()
            self.press("q" if name == "escape" else name)

        def on_close(self) -> None:
            self.press("q")

        def close(self) -> None:
            """Stop asking for pictures, then close."""
            self.pyglet.clock.unschedule(self.tick)
            super().close()

    return LiveWindow
