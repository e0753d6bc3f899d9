"""Asks whether a way of drawing with OpenGL off screen works here; run as a script, so that a bad driver ends only it.

``python probe.py egl`` or ``python probe.py osmesa`` prints what draws: the name of a GPU or of a software driver. It
prints nothing and exits with 1 where no context with the OpenGL that pyrender needs can be made.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys

GL_RENDERER = 0x1F01


def egl() -> str:
    """Name of what draws through EGL: a core context on the first device, without a surface."""
    library = ctypes.CDLL(ctypes.util.find_library("EGL") or "libEGL.so.1")
    for name in ("eglGetProcAddress", "eglCreateContext"):
        getattr(library, name).restype = ctypes.c_void_p
    library.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    query = library.eglGetProcAddress(b"eglQueryDevicesEXT")
    display_of = library.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if not query or not display_of:
        return ""
    count, devices = ctypes.c_int(), (ctypes.c_void_p * 8)()
    ask = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(query)
    if not ask(8, devices, ctypes.byref(count)) or not count.value:
        return ""
    open_display = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(display_of)
    display = ctypes.c_void_p(open_display(0x313F, devices[0], None))
    if not display or not library.eglInitialize(display, None, None):
        return ""
    wanted = (ctypes.c_int * 5)(0x3033, 0x0001, 0x3040, 0x0008, 0x3038)  # pbuffer, OpenGL
    config, found = ctypes.c_void_p(), ctypes.c_int()
    if not library.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(found)) or not found.value:
        return ""
    if not library.eglBindAPI(0x30A2):
        return ""
    attributes = (ctypes.c_int * 7)(0x3098, 4, 0x30FB, 1, 0x30FD, 1, 0x3038)  # OpenGL 4.1 core, as pyrender asks for
    context = ctypes.c_void_p(library.eglCreateContext(display, config, None, attributes))
    if not context or not library.eglMakeCurrent(display, None, None, context):
        return ""
    return _name(library.eglGetProcAddress(b"glGetString"))


def osmesa() -> str:
    """Name of what draws through OSMesa: a core context that draws into memory."""
    library = ctypes.CDLL(ctypes.util.find_library("OSMesa") or "libOSMesa.so.8")
    for name in ("OSMesaCreateContextAttribs", "OSMesaGetProcAddress"):
        getattr(library, name).restype = ctypes.c_void_p
    library.OSMesaGetProcAddress.argtypes = [ctypes.c_char_p]
    attributes = (ctypes.c_int * 11)(0x22, 0x1908, 0x30, 24, 0x33, 0x34, 0x36, 3, 0x37, 3, 0)
    context = ctypes.c_void_p(library.OSMesaCreateContextAttribs(attributes, None))
    memory = (ctypes.c_ubyte * (16 * 16 * 4))()
    if not context or not library.OSMesaMakeCurrent(context, memory, 0x1401, 16, 16):
        return ""
    return _name(library.OSMesaGetProcAddress(b"glGetString"))


def _name(address: int | None) -> str:
    if not address:
        return ""
    text = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(address)(GL_RENDERER)
    return (text or b"").decode(errors="replace")


if __name__ == "__main__":
    try:
        drawn_by = {"egl": egl, "osmesa": osmesa}[sys.argv[1]]()
    except (OSError, AttributeError):
        drawn_by = ""
    print(drawn_by)
    sys.stdout.flush()
    os._exit(0 if drawn_by else 1)  # drivers are left as they are: some fall over when they are taken down
