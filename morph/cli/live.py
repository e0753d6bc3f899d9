"""``morph live``: track a camera, or a clip at its own speed, in a window and to other programs."""

from __future__ import annotations

import argparse
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morph.cli.options import tracker_options
from morph.errors import MorphError

if TYPE_CHECKING:
    from morph.frames import Frame, FrameSource
    from morph.live.session import LiveSession
    from morph.tracking import Face, Tracker

EPILOG = """\
Frames that cannot be tracked in time are dropped, never queued: what is shown and sent is always the newest.

Keys in the window:   r record   s save a picture   p next prop   m meshes   q quit
                      n take this moment's face for the resting one   a find it as it goes, or not

With --neutral or those keys, weights are counted from the person's resting face; meshes stay as they are.

Streams, as many at once as there are --stream; no datagram is longer than 1,400 bytes; left and right are the subject's:
  vmc://HOST[:39539]           VMC: VSeeFace, Warudo, VMagicMirror, VNyan, Unity (the first face; ARKit's names, head and eye
                               bones with turns and without places)
  ifacialmocap://HOST[:49983]  iFacialMocap's text (the first face; whole per cents)
  livelink://HOST[:11111]      Live Link Face: Unreal Engine (subjects "morph", "morph-2" ...)
  osc://HOST:PORT              bundles of /morph/frame (frame, time, faces) and /morph/face/ID/quaternion, .../euler (yaw,
                               pitch, roll), .../translation, .../scale and .../weight/NAME
  udp://HOST:PORT              JSON, a datagram a face: format, frame, time (seconds), width, height (pixels), faces (how
                               many) and face: id, score, weights (0..1, in the order of the "names" that a datagram of
                               their own holds first and then every 30 frames), eyes (quaternions in the head) and head:
                               quaternion_xyzw (in the picture, scaled orthographic), euler_degrees of turn_xyzw (yaw + to
                               the subject's left, pitch + up, roll + crown to the subject's right; 300W-LP's zero, in
                               which a head that is not turned has a pitch of -4.3), translation_millimetres (x right,
                               y up from the middle of the picture; z 0), pixels_per_millimetre, position_millimetres
                               before the camera (z to the viewer, so negative) and turn_xyzw there
                               (docs/conventions.md); without a face: no "face"
Units and signs of each: docs/live.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("input", nargs="?", default="0", metavar="CAMERA|FILE", help="a camera's number (default: 0) or a clip")
    parser.add_argument(
        "--stream", action="append", default=[], metavar="URL", help="PROTOCOL://HOST[:PORT], see below; may be repeated"
    )
    parser.add_argument("--list-cameras", action="store_true", help="print the cameras that open, and do nothing else")
    parser.add_argument("--size", type=_size, metavar="WxH", help="ask the camera for pictures of this size: 1280x720")
    parser.add_argument("--fps", type=float, metavar="N", help="ask the camera for N frames a second")
    parser.add_argument("--mirror", action="store_true", help="as in a mirror: left and right of picture and avatar change")
    parser.add_argument(
        "--virtual-camera",
        action="store_true",
        help="what a window shows, with its prop, also as a camera for other programs; needs pip install pyvirtualcam",
    )
    parser.add_argument("--no-window", action="store_true", help="only stream; Ctrl-C ends it")
    parser.add_argument("--prop", default="none", help="what faces wear at first: glasses, none, or the folder of a prop")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="for recordings and pictures (default: here)")
    tracker_options.add(parser)
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames")


def run(options: argparse.Namespace) -> None:
    """Open everything, then track until the source ends or the user does."""
    from morph.live.session import LiveSession
    from morph.live.stream import Stream

    if options.list_cameras:
        return _list_cameras()
    _check(options)
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(contextlib.closing(Stream(address))) for address in options.stream]
        tracker = tracker_options.open_tracker(options)
        source = _open(options)
        shown = _pictures(options, tracker, source, stack)
        session = stack.enter_context(LiveSession(source, tracker, streams, options.frames))
        try:
            if options.no_window:
                print(f"{source.name}: streaming to {_targets(options)}; Ctrl-C ends it", flush=True)
                session.run(None if shown is None else shown.picture)
            else:
                _show(session, shown)
        except KeyboardInterrupt:  # the way to stop
            pass
        print(session.summary())


def _check(options: argparse.Namespace) -> None:
    if options.no_window and not options.stream and not options.virtual_camera:
        raise MorphError("--no-window shows nothing; say where to with --stream vmc://HOST, or another protocol of --help")
    if options.frames is not None and options.frames < 1:
        raise MorphError(f"--frames must be at least 1, got {options.frames}")


def _size(text: str) -> tuple[int, int]:
    """``1280x720`` as width and height."""
    found = re.fullmatch("([0-9]+)[xX]([0-9]+)", text)
    if found is None:
        raise MorphError(f"--size is a width and a height in pixels, like 1280x720, not {text!r}")
    return int(found[1]), int(found[2])


def _list_cameras() -> None:
    from morph.frames.cameras.camera import list_cameras

    print("\n".join(list_cameras() or ["no camera opens; plug one in, or let another program go of it"]))


def _open(options: argparse.Namespace) -> FrameSource:
    """The camera as it is asked for, or the clip."""
    from morph.frames import open_source
    from morph.frames.cameras.camera import CameraSettings
    from morph.frames.cameras.mirrored import MirroredSource

    source = open_source(options.input, CameraSettings(options.size, options.fps))
    return MirroredSource(source) if options.mirror else source


def _targets(options: argparse.Namespace) -> str:
    return ", ".join([*options.stream, *(["a virtual camera"] if options.virtual_camera else [])])


class _Pictures:
    """What is to be seen of each frame, and the virtual camera that it goes to."""

    def __init__(self, view: Any, camera: Any) -> None:
        self.view, self._camera = view, camera

    def picture(self, frame: Frame, faces: list[Face]) -> Any:
        """The picture, sent."""
        drawn = self.view.show(frame, faces)
        if self._camera is not None:
            self._camera.send(drawn)
        return drawn


def _pictures(
    options: argparse.Namespace, tracker: Tracker, source: FrameSource, stack: contextlib.ExitStack
) -> _Pictures | None:
    """What draws; None where nobody looks."""
    if options.no_window and not options.virtual_camera:
        return None
    from morph.live.virtual_camera import VirtualCamera
    from viewer.windows.live_view import LiveView

    camera = stack.enter_context(contextlib.closing(VirtualCamera(source.rate))) if options.virtual_camera else None
    view = stack.enter_context(contextlib.closing(LiveView(tracker.model, source.rate, options.prop, options.out)))
    view.calibrate, view.auto = tracker.calibration.switch, options.neutral == "auto"
    return _Pictures(view, camera)


def _show(session: LiveSession, pictures: _Pictures | None) -> None:
    """Track in a window."""
    from viewer.windows.live_view import key_help
    from viewer.windows.live_window import LiveSource, open_live_window

    assert pictures is not None
    view = pictures.view

    def next_picture() -> Any:
        taken = session.step(0.0)
        return None if taken is None else pictures.picture(*taken)

    print(key_help(), flush=True)
    open_live_window(
        LiveSource(
            next_picture=next_picture,
            press=view.press,
            title=lambda: view.title(session.last, session.live.dropped),
            over=lambda: view.quit or session.over,
        )
    )
