"""morph: pixels of a face to a dense, animatable 3D mesh, in real time, on a CPU.

The names below are the public interface; each is loaded when it is first asked for::

    import time, cv2
    from morph import Tracker

    camera, tracker = cv2.VideoCapture(0), Tracker()
    while True:
        good, frame = camera.read()
        if not good:
            break
        for face in tracker.process(frame, time=time.monotonic(), bgr=True):
            print(face.euler_degrees["yaw"], face.blendshapes["jawOpen"], face.vertices.shape)

    for face in Tracker().track("clip.mp4"):
        print(face.time, face.to_dict())
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morph.errors import MorphError as MorphError
    from morph.export.formats import ExportOptions as ExportOptions
    from morph.export.formats import export_performance as export_performance
    from morph.export.performance import Performance as Performance
    from morph.frames import Frame as Frame
    from morph.frames import FrameSource as FrameSource
    from morph.frames import open_source as open_source
    from morph.frames import read_picture as read_picture
    from morph.live.session import LiveSession as LiveSession
    from morph.model import Coefficients as Coefficients
    from morph.model import Decoder as Decoder
    from morph.model import MorphableModel as MorphableModel
    from morph.model import load_default_model as load_default_model
    from morph.model import load_model as load_model
    from morph.track_folder import Track as Track
    from morph.track_folder import TrackOptions as TrackOptions
    from morph.track_folder import load_track as load_track
    from morph.track_folder import track_to_folder as track_to_folder
    from morph.track_folder.people import performance_of_track as performance_of_track
    from morph.tracking import Face as Face
    from morph.tracking import FlowCutoffs as FlowCutoffs
    from morph.tracking import SmoothingConfig as SmoothingConfig
    from morph.tracking import Tracker as Tracker
    from morph.tracking import TrackerOptions as TrackerOptions
    from morph.tracking import smooth_offline as smooth_offline

__version__ = "0.2.0"

_HOMES = {
    "morph.errors": ("MorphError",),
    "morph.export.formats": ("ExportOptions", "export_performance"),
    "morph.export.performance": ("Performance",),
    "morph.frames": ("Frame", "FrameSource", "open_source", "read_picture"),
    "morph.live.session": ("LiveSession",),
    "morph.model": ("Coefficients", "Decoder", "MorphableModel", "load_default_model", "load_model"),
    "morph.track_folder.people": ("performance_of_track",),
    "morph.track_folder": ("Track", "TrackOptions", "load_track", "track_to_folder"),
    "morph.tracking": ("Face", "FlowCutoffs", "SmoothingConfig", "Tracker", "TrackerOptions", "smooth_offline"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that ``import morph`` stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'morph' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
