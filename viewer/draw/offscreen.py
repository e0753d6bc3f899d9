"""Chooses what draws a picture: OpenGL on EGL or OSMesa, or the software rasteriser."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from morph.arrays import Floats
from morph.errors import MorphError
from viewer.draw.scene import Scene, picture_camera
from viewer.draw.software import SoftwareRenderer

BACKENDS = ("egl", "osmesa", "software")
SOFTWARE_DRIVERS = ("llvmpipe", "softpipe", "swrast", "swiftshader")
INSTALL_OPENGL = "apt-get install libosmesa6 libgl1 (or libegl1 and a driver)"
INSTALL_VIEWER = "pip install 'morph-face[viewer]'"


class SceneRenderer(Protocol):
    """What draws scenes."""

    name: str

    def render(self, scene: Scene) -> Floats:
        """``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha, 0..1."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


def probe(backend: str) -> str:
    """What draws on "egl" or "osmesa" (a GPU's or a driver's name), or "": asked in a process of its own, which may crash."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("probe.py")), backend]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def choose_platform() -> str:
    """ "egl" where a GPU is behind it, else "osmesa", else "egl" drawn in software, else ""."""
    on_egl = probe("egl")
    if on_egl and not any(name in on_egl.lower() for name in SOFTWARE_DRIVERS):
        return "egl"
    return "osmesa" if probe("osmesa") else "egl" if on_egl else ""


def open_renderer(backend: str = "auto", samples: int = 1, *, say: Callable[[str], None] = lambda line: None) -> SceneRenderer:
    """The renderer asked for, or the best that works: OpenGL on EGL or OSMesa, else software.

    Args:
        backend: "auto", "egl", "osmesa" or "software".
        samples: pixels are drawn so many times finer in both directions and averaged.
        say: gets one line where "auto" has to fall back on software, with what to install.

    Raises:
        MorphError: no such backend, or the one asked for does not work here.
    """
    if backend not in ("auto", *BACKENDS):
        raise MorphError(f"no backend {backend!r}; choose auto, {', '.join(BACKENDS)}")
    if backend == "software":
        return SoftwareRenderer(samples)
    if importlib.util.find_spec("pyrender") is None:
        if backend != "auto":
            raise MorphError(f"drawing with {backend} needs pyrender; install it with: {INSTALL_VIEWER}")
        say(f"pyrender is not installed, drawing in software; for OpenGL: {INSTALL_VIEWER}")
        return SoftwareRenderer(samples)
    platform = choose_platform() if backend == "auto" else backend if probe(backend) else ""
    trouble = "no OpenGL found" if backend == "auto" else f"OpenGL on {backend} does not work here"
    if platform:
        from viewer.draw.opengl import OpenGLRenderer

        try:
            renderer = OpenGLRenderer(platform, samples)
            renderer.render(Scene((), picture_camera(), 16, 16))
            return renderer
        except MorphError as error:
            trouble = str(error)
        except Exception as error:  # drivers that pass the probe and fail in pyrender, in whatever way they like
            trouble = f"OpenGL on {platform} failed ({(str(error) or type(error).__name__).splitlines()[0]})"
    if backend != "auto":
        raise MorphError(f"{trouble}; install {INSTALL_OPENGL}, or use `backend=software`")
    say(f"{trouble}, drawing in software; for OpenGL: {INSTALL_OPENGL}")
    return SoftwareRenderer(samples)
