"""Chooses what draws a picture: OpenGL on EGL or OSMesa, or the software rasteriser."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from morph.errors import MorphError
from viewer.scene import Scene
from viewer.software import Layer, SoftwareRenderer

BACKENDS = ("egl", "osmesa", "software")
INSTALL_OPENGL = "apt-get install libosmesa6 libgl1 (or libegl1 with a driver)"
INSTALL_VIEWER = "pip install 'morph[viewer]'"


class Renderer(Protocol):
    """What draws scenes."""

    name: str

    def render(self, scene: Scene) -> Layer:
        """``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha, 0..1."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


def probe(backend: str) -> bool:
    """Whether an OpenGL context can be made on "egl" or "osmesa"; asked in a process of its own, which may crash."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("probe.py")), backend]
    try:
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def open_renderer(backend: str = "auto", samples: int = 1, *, say: Callable[[str], None] = lambda line: None) -> Renderer:
    """The renderer asked for, or the first that works: EGL, OSMesa, then software.

    Args:
        backend: "auto", "egl", "osmesa" or "software".
        samples: pixels are drawn so many times finer in both directions and averaged.
        say: gets one line where "auto" has to fall back on software, with what to install.

    Raises:
        MorphError: no such backend, or the one asked for does not work here.
    """
    if backend == "software":
        return SoftwareRenderer(samples)
    if backend != "auto" and backend not in BACKENDS:
        raise MorphError(f"no backend {backend!r}; choose auto, {', '.join(BACKENDS)}")
    if importlib.util.find_spec("pyrender") is None:
        if backend != "auto":
            raise MorphError(f"drawing with {backend} needs pyrender; install it with: {INSTALL_VIEWER}")
        say(f"pyrender is not installed, drawing in software; for OpenGL: {INSTALL_VIEWER}")
        return SoftwareRenderer(samples)
    from viewer.opengl import OpenGLRenderer

    for platform in ("egl", "osmesa") if backend == "auto" else (backend,):
        if not probe(platform):
            continue
        try:
            return OpenGLRenderer(platform, samples)
        except MorphError:
            if backend != "auto":
                raise
    if backend != "auto":
        raise MorphError(f"OpenGL on {backend} does not work here; install it: {INSTALL_OPENGL}, or use --backend software")
    say(f"no OpenGL found, drawing in software; to install it: {INSTALL_OPENGL}")
    return SoftwareRenderer(samples)
