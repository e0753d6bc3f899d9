"""morph: pixels of a face to a dense, animatable 3D mesh, in real time, on a CPU."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morph.tracking import Tracker as Tracker

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``from morph import Tracker`` loads the tracker only when it is asked for."""
    if name == "Tracker":
        from morph.tracking import Tracker

        return Tracker
    raise AttributeError(f"module 'morph' has no attribute {name!r}")
