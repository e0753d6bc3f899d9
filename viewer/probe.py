"""Asks whether a way of drawing with OpenGL off screen works here; run as a script, so that a bad driver ends only it.

``python probe.py egl`` or ``python probe.py osmesa`` exits with 0 where a context with OpenGL 3.3 can be made.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys


def egl() -> bool:
    """EGL: a display, and a core context of OpenGL on it without a surface."""
    name = ctypes.util.find_library("EGL") or "libEGL.so.1"
    library = ctypes.CDLL(name)
    library.eglGetProcAddress.restype = ctypes.c_void_p
    library.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    query = library.eglGetProcAddress(b"eglQueryDevicesEXT")
    display_of = library.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if not query or not display_of:
        return False
    count, devices = ctypes.c_int(), (ctypes.c_void_p * 8)()
    ask = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(query)
    if not ask(8, devices, ctypes.byref(count)) or not count.value:
        return False
    open_display = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(display_of)
    display = ctypes.c_void_p(open_display(0x313F, devices[0], None))
    if not display or not library.eglInitialize(display, None, None):
        return False
    wanted = (ctypes.c_int * 5)(0x3033, 0x0001, 0x3040, 0x0008, 0x3038)  # pbuffer, OpenGL
    config, found = ctypes.c_void_p(), ctypes.c_int()
    if not library.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(found)) or not found.value:
        return False
    if not library.eglBindAPI(0x30A2):
        return False
    attributes = (ctypes.c_int * 7)(0x3098, 4, 0x30FB, 1, 0x30FD, 1, 0x3038)  # OpenGL 4.1 core, as pyrender asks for
    library.eglCreateContext.restype = ctypes.c_void_p
    context = library.eglCreateContext(display, config, None, attributes)
    return bool(context)


def osmesa() -> bool:
    """OSMesa: a core context that draws into memory."""
    name = ctypes.util.find_library("OSMesa") or "libOSMesa.so.8"
    library = ctypes.CDLL(name)
    library.OSMesaCreateContextAttribs.restype = ctypes.c_void_p
    attributes = (ctypes.c_int * 11)(0x22, 0x1908, 0x30, 24, 0x33, 0x34, 0x36, 3, 0x37, 3, 0)
    return bool(library.OSMesaCreateContextAttribs(attributes, None))


if __name__ == "__main__":
    try:
        works = {"egl": egl, "osmesa": osmesa}[sys.argv[1]]()
    except (OSError, AttributeError):
        works = False
    sys.exit(0 if works else 1)
