"""Checks of ``morph doctor``: each tries something, and says what it found or what to install."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from morph import __version__
from morph.cli.machine.packages import DISTRIBUTION, extras
from morph.console import as_options
from morph.errors import MorphError, one_line

PURPOSES = {  # of extras
    "": "tracking and export",
    "viewer": "OpenGL in `morph view`, props, windows",
    "convert": "Basel face models (HDF5), Matlab files",
    "usd": "export to USD",
    "alembic": "export to Alembic",
    "synth": "high dynamic range environments of `morph synth`",
    "layers": "layers as OpenEXR",
    "train": "training, fitting, conversion of weights",
    "timm": "other backbones",
    "docs": "building the documentation",
    "virtual-camera": "`morph live --virtual-camera`",
}
READ = {"H.264": "h264", "HEVC": "hevc", "ProRes": "prores", "VP9": "vp9", "AV1": "libdav1d", "MJPEG": "mjpeg"}
WRITTEN = {"H.264": "libx264", "AAC": "aac"}


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes:
        name: what was looked at.
        works: whether it does.
        found: what was found.
        advice: what to do where it does not work; "" where there is nothing to do.
        needed: whether tracking needs it.
    """

    name: str
    works: bool
    found: str
    advice: str = ""
    needed: bool = field(default=False)


def run_checks() -> list[Check]:
    """All of them; one that fails says so in its line and does not stop the rest."""
    out: list[Check] = []
    for check in (_python, _packages, _tracking, _devices, _codecs, _opengl, _window, _cameras, _blender):
        out += _safely(check)
    return out


def _safely(check: Callable[[], list[Check]]) -> list[Check]:
    try:
        return check()
    except Exception as error:  # a broken library may raise anything
        name = check.__name__.strip("_")
        return [Check(name, False, one_line(error), "install morph again", needed=check is _tracking)]


def _python() -> list[Check]:
    cores = os.cpu_count() or 1
    return [Check("morph", True, f"{__version__} on Python {platform.python_version()}, {platform.platform()}, {cores} cores")]


def _packages() -> list[Check]:
    try:
        wanted = extras()
    except MorphError as error:
        return [Check("packages", False, "the code runs from its folder, nothing says what it needs", str(error))]
    out = []
    for extra in wanted:
        name = f"extra {extra.name}" if extra.name else "packages"
        versions = ", ".join(f"{package} {version}" for package, version in extra.found.items())
        wheel = f"{DISTRIBUTION}[{extra.name}]" if extra.name else DISTRIBUTION
        install = f"for {PURPOSES.get(extra.name, extra.name)}: pip install '{wheel}'"
        missing = f"without {', '.join(extra.missing)}"
        found = "; ".join(text for text in (versions, missing if extra.missing else "") if text)
        out.append(Check(name, not extra.missing, found, install if extra.missing else "", needed=not extra.name))
    return out


def _tracking() -> list[Check]:
    """A face of the picture that ships."""
    from morph.cli.demo import demo_files
    from morph.frames import read_picture
    from morph.tracking import Tracker

    picture = next(file for file in demo_files() if file.suffix in (".jpg", ".png"))
    faces = Tracker().process(read_picture(picture), time=0.0)
    found = f"a face of {len(faces[0].vertices)} vertices in {picture.name}" if faces else f"no face in {picture.name}"
    return [Check("tracking", bool(faces), found, "" if faces else "install morph again", needed=True)]


def _devices() -> list[Check]:
    """Each device that ONNX Runtime knows, started with the network that ships."""
    from morph.inference.onnx_session import PROVIDERS, load_onnxruntime, open_session
    from morph.inference.regressor import default_weights

    available, out = load_onnxruntime().get_available_providers(), []
    for device, provider in PROVIDERS.items():
        if provider not in available:
            continue
        try:
            open_session(default_weights(), device=device)
            out.append(Check(f"device {device}", True, provider))
        except MorphError as error:
            out.append(Check(f"device {device}", False, provider, as_options(str(error))))
    return out


def _codecs() -> list[Check]:
    import av

    out = []
    for name, codecs, mode in (("read clips", READ, "r"), ("write clips", WRITTEN, "w")):
        lacking = [label for label, codec in codecs.items() if not _has(av, codec, mode)]
        found = ", ".join(label for label in codecs if label not in lacking)
        advice = f"no {', '.join(lacking)}: pip install --force-reinstall av" if lacking else ""
        out.append(Check(name, not lacking, f"{found} (PyAV {av.__version__})", advice))
    return out


def _has(av: object, codec: str, mode: str) -> bool:
    try:
        av.Codec(codec, mode)  # type: ignore[attr-defined]
    except Exception:  # PyAV has had several names for an unknown codec
        return False
    return True


def _opengl() -> list[Check]:
    from viewer.draw.offscreen import INSTALL_OPENGL, probe

    out = []
    for backend in ("egl", "osmesa"):
        drawn_by = probe(backend)
        out.append(Check(f"OpenGL {backend}", bool(drawn_by), drawn_by or "not found"))
    if not any(check.works for check in out):
        advice = f"`morph view` draws in software; for OpenGL: {INSTALL_OPENGL}"
        out.append(Check("OpenGL", False, "none", advice))
    return out


def _window() -> list[Check]:
    display = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    advice = "" if display else "`morph view --out` and `morph live --no-window` need none"
    return [Check("window", bool(display), "a display" if display else "no display", advice)]


def _cameras() -> list[Check]:
    from morph.frames.cameras.camera import list_cameras

    cameras = list_cameras()
    advice = "" if cameras else "plug one in, or give clips"
    return [Check("cameras", bool(cameras), "; ".join(cameras) or "none", advice)]


def _blender() -> list[Check]:
    from morph.export.shot.blend import blender_command

    try:
        return [Check("Blender", True, " ".join(blender_command()))]
    except MorphError as error:
        return [Check("Blender", False, "not found", as_options(str(error)))]
