"""What an open window is showing, and how keys and the mouse change it; knows nothing of windows."""

from __future__ import annotations

from dataclasses import dataclass, field

KEYS = {
    "space": "play or pause",
    "left / right": "one frame back or on (shift: ten)",
    "home / end": "first or last frame",
    "w": "wireframe",
    "n": "normals",
    "p": "next prop",
    "h": "head seen or hidden (over footage)",
    "r": "back to the first view",
    "s": "save a picture",
    "q": "quit",
    "mouse": "drag to walk round, wheel to come closer, drag the bar below to scrub",
}


def key_help() -> str:
    """The keys and what they do, a line each."""
    wide = max(map(len, KEYS))
    return "\n".join(f"  {key:<{wide}}  {what}" for key, what in KEYS.items())


@dataclass
class Playback:
    """The state of a window.

    Attributes:
        first, last: numbers of the frames that can be shown.
        fps: frames a second while playing; after the last the first comes again.
        props: names of what can be worn, in the order in which "p" goes through them.
        frame: the one that is shown.
        playing: time runs.
        prop: index into ``props``.
        wireframe, normals, head: how heads are shown.
        yaw, pitch: degrees that the camera has walked.
        closeness: 1: all is in view; 2: twice as near.
        quit, save: asked for, and left to the window to do.
        changed: something has to be drawn anew.
    """

    first: int
    last: int
    fps: float
    props: list[str] = field(default_factory=lambda: ["none"])
    frame: int = -1
    playing: bool = False
    prop: int = 0
    wireframe: bool = False
    normals: bool = False
    head: bool = True
    yaw: float = 0.0
    pitch: float = 0.0
    closeness: float = 1.0
    quit: bool = False
    save: bool = False
    changed: bool = True
    _clock: float = 0.0

    def __post_init__(self) -> None:
        self.show(self.first if self.frame < 0 else self.frame)

    def show(self, frame: int) -> None:
        """Go to a frame, or the nearest that there is."""
        frame = min(max(frame, self.first), self.last)
        self.changed |= frame != self.frame
        self.frame, self._clock = frame, float(frame)

    def press(self, key: str, shift: bool = False) -> bool:
        """A key was pressed; returns whether it means something."""
        step = 10 if shift else 1
        moves = {"left": self.frame - step, "right": self.frame + step, "home": self.first, "end": self.last}
        if key in moves:
            self.playing = self.playing and key in ("home", "end")
            self.show(moves[key])
        elif key in ("w", "n", "h"):
            name = {"w": "wireframe", "n": "normals", "h": "head"}[key]
            setattr(self, name, not getattr(self, name))
        elif key in ("s", "q", "escape"):
            setattr(self, "save" if key == "s" else "quit", True)
        elif key == "space":
            if not self.playing and self.frame == self.last:
                self.show(self.first)
            self.playing = not self.playing
        elif key == "p":
            self.prop = (self.prop + 1) % len(self.props)
        elif key == "r":
            self.yaw, self.pitch, self.closeness = 0.0, 0.0, 1.0
        else:
            return False
        self.changed = True
        return True

    def drag(self, dx: float, dy: float, height: int) -> None:
        """The mouse was dragged by pixels (dy up) in a window ``height`` pixels high: the head follows the hand."""
        self.yaw = (self.yaw - dx / height * 220 + 180) % 360 - 180
        self.pitch = min(max(self.pitch - dy / height * 220, -89.0), 89.0)
        self.changed = True

    def scroll(self, clicks: float) -> None:
        """The wheel was turned: towards the head for positive clicks."""
        self.closeness = min(max(self.closeness * 1.1**clicks, 0.2), 8.0)
        self.changed = True

    def scrub(self, share: float) -> None:
        """The bar was touched at ``share`` of its width, 0..1."""
        self.playing = False
        self.show(self.first + round(share * (self.last - self.first)))
        self.changed = True

    def advance(self, seconds: float) -> None:
        """Time has passed; frames are left out where drawing is too slow for them."""
        if not self.playing:
            return
        self._clock += seconds * self.fps
        span = self.last - self.first + 1
        clock = self.first + (self._clock - self.first) % span
        if int(clock) != self.frame:
            self.frame, self.changed = int(clock), True
        self._clock = clock

    @property
    def title(self) -> str:
        """One line that says what is shown."""
        wear = "" if self.props[self.prop] == "none" else f", {self.props[self.prop]}"
        how = "".join(f", {name}" for name in ("wireframe", "normals") if getattr(self, name))
        return f"morph: frame {self.frame} of {self.first}..{self.last}, {'playing' if self.playing else 'paused'}{wear}{how}"
