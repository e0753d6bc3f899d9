"""The interactive window: pyglet for events, pyrender for drawing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from morph.errors import MorphError
from viewer.draw.opengl import import_pyrender
from viewer.output.picture import write_picture
from viewer.output.preview import Preview
from viewer.plate.footage import Footage
from viewer.props import find_prop, prop_names
from viewer.stage.track_scene import TrackScene
from viewer.windows.painter import Painter
from viewer.windows.playback import Playback, key_help

SIZE = (960, 720)  # pixels of a window
BAR = 14  # pixels, height of the bar for scrubbing


def open_window(
    stage: TrackScene, preview: Preview, *, prop: str = "none", frame: int | None = None, say: Callable[[str], None] = print
) -> Playback:
    """Show a track until the window is closed; returns its last state.

    Args:
        stage: what is shown.
        preview: size of the window, footage, layout, light, and how heads are shown at first; only what is written to a file
            gets the rest of the finish.
        prop: name of what ``stage`` wears at first; "p" changes it.
        frame: shown first; None: the first with a face, playing.
        say: gets the keys, and the names of saved pictures.

    Raises:
        MorphError: no display, no OpenGL, unreadable footage, or the extra ``viewer`` is not installed.
    """
    footage, layout, look = preview.footage, preview.layout, preview.look
    names = prop_names(footage is not None and layout == "over")
    names += [] if prop in names else [prop]
    track = stage.track
    state = Playback(track.first, track.last, track.fps, names, -1 if frame is None else frame)
    state.prop = names.index(prop)
    state.normals, state.head = look.normals, look.head
    state.playing = frame is None and track.last > track.first
    plates = None if footage is None else Footage(footage, track.last)
    try:
        window = _make_window(Painter(stage, plates, layout, preview.light), state, preview.size or SIZE, say)
        say(key_help())
        import pyglet

        try:
            pyglet.app.run(interval=None)
        finally:
            window.close()
    finally:
        if plates is not None:
            plates.close()
    return state


def _make_window(painter: Painter, state: Playback, size: tuple[int, int], say: Callable[[str], None]) -> TrackWindow:
    no_display = "no display to open a window on; write a picture or a clip instead: `morph view DIR out=preview.png`"
    try:
        import pyglet
    except ModuleNotFoundError:
        raise MorphError("the window needs pyrender and pyglet; install them with: pip install 'morph-face[viewer]'") from None
    pyglet.options["shadow_window"] = False
    import_pyrender(None)
    try:
        from pyglet.gl import Config
        from pyglet.window import NoSuchConfigException

        config_class: Any = Config
    except Exception as error:  # pyglet raises what its X11 or GL library lacks
        raise MorphError(f"{no_display} ({_line(error)})") from None
    for samples in (4, 0):
        settings = {"sample_buffers": 1, "samples": samples} if samples else {}
        config = config_class(depth_size=24, double_buffer=True, major_version=3, minor_version=3, **settings)
        try:
            window = pyglet.window.Window(config=config, resizable=True, width=size[0], height=size[1], caption=state.title)
            return TrackWindow(window, painter, state, say)
        except NoSuchConfigException:
            continue
        except MorphError:
            raise
        except Exception as error:
            raise MorphError(f"{no_display} ({_line(error)})") from None
    raise MorphError("this display has no OpenGL 3.3; install libgl1-mesa-dri, or write a picture with `out=preview.png`")


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


class TrackWindow:
    """Handles a window's events, and draws the stage whenever its state has changed.

    Args:
        window: of pyglet, with OpenGL.
        painter: makes scenes.
        state: what is shown.
        say: gets the names of saved pictures.
    """

    def __init__(self, window: Any, painter: Painter, state: Playback, say: Callable[[str], None]) -> None:
        import pyglet
        import pyrender

        self.pyglet, self.pyrender = pyglet, pyrender
        self.window, self.painter, self.state, self.say = window, painter, state, say
        self.renderer = pyrender.Renderer(*window.get_framebuffer_size())
        self.worn, self.scrubbing = state.prop, False
        self.given = {state.props[state.prop]: painter.stage.prop}  # it may have been told more than its folder says
        window.push_handlers(self)
        pyglet.clock.schedule_interval(self.tick, 1 / 60)

    def tick(self, seconds: float) -> None:
        """Let time pass, and draw what it changed."""
        self.state.advance(seconds)
        if self.state.quit:
            self.pyglet.app.exit()
        elif self.state.changed:
            self.window.draw(seconds)

    def on_draw(self) -> None:
        state = self.state
        state.changed = False
        if state.prop != self.worn:
            self.worn = state.prop
            try:
                name = state.props[state.prop]
                self.painter.stage.wear(self.given[name] if name in self.given else find_prop(name))
            except MorphError as error:  # a prop that does not fit this model
                self.painter.stage.wear(None)
                self.say(f"morph: {error}")
        width, height = self.window.get_framebuffer_size()
        self.renderer.viewport_width, self.renderer.viewport_height = width, height
        graph = self.painter.graph(self.pyrender, state, width, height)
        self.renderer.render(graph, self.pyrender.RenderFlags.FLAT)
        if state.save:
            state.save = False
            self.save(width, height)
        self.draw_bar(width)
        self.window.set_caption(state.title)

    def draw_bar(self, width: int) -> None:
        """How far the track has been shown, along the lower edge."""
        from OpenGL import GL

        state = self.state
        share = (state.frame - state.first + 1) / (state.last - state.first + 1)
        GL.glEnable(GL.GL_SCISSOR_TEST)
        for wide, tone in ((width, 0.12), (max(int(width * share), 2), 0.55)):
            GL.glScissor(0, 0, wide, BAR // 2)
            GL.glClearColor(tone, tone, tone, 1.0)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        GL.glDisable(GL.GL_SCISSOR_TEST)

    def save(self, width: int, height: int) -> None:
        """Write what is drawn beside where morph was started."""
        from OpenGL import GL

        GL.glReadBuffer(GL.GL_BACK)
        data = GL.glReadPixels(0, 0, width, height, GL.GL_RGB, GL.GL_UNSIGNED_BYTE)
        picture = np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1]
        stem, more = f"view-{self.state.frame:06d}", itertools.chain([""], (f"-{k}" for k in itertools.count(2)))
        name = next(name for name in (f"{stem}{end}.png" for end in more) if not Path(name).exists())
        try:
            write_picture(name, picture)
            self.say(f"saved {name}")
        except MorphError as error:
            self.say(f"morph: {error}")

    def on_key_press(self, symbol: int, modifiers: int) -> bool:
        key = self.pyglet.window.key
        self.state.press(key.symbol_string(symbol).lower(), bool(modifiers & key.MOD_SHIFT))
        return True  # the window's own handler would close it

    def on_mouse_press(self, x: int, y: int, button: int, modifiers: int) -> None:
        self.scrubbing = y < BAR
        if self.scrubbing:
            self.state.scrub(min(max(x / max(self.window.width, 1), 0), 1))

    def on_mouse_drag(self, x: int, y: int, dx: int, dy: int, buttons: int, modifiers: int) -> None:  # noqa: PLR0913 - pyglet's own
        if self.scrubbing:
            self.state.scrub(min(max(x / max(self.window.width, 1), 0), 1))
        else:
            self.state.drag(dx, dy, self.window.height)

    def on_mouse_scroll(self, x: int, y: int, dx: float, dy: float) -> None:
        self.state.scroll(dy)

    def on_resize(self, width: int, height: int) -> bool:
        self.state.changed = True
        return True  # the renderer keeps the viewport

    def on_expose(self) -> None:
        self.state.changed = True

    def on_close(self) -> bool:
        self.state.quit = True
        return True  # closed once all is freed

    def close(self) -> None:
        """Free what was drawn with, then the window."""
        self.pyglet.clock.unschedule(self.tick)
        self.window.switch_to()
        self.renderer.delete()
        self.window.close()
