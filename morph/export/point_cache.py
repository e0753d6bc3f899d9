"""Point caches: the place of every vertex at every frame, for a mesh that a tool already has.

MDD (LightWave; big-endian): number of frames and points (int32), a time in seconds for each frame, then x, y, z of every
point, frame after frame (float32). PC2 (3ds Max; little-endian): ``POINTCACHE2\\0``, version 1, number of points (int32), first
frame, frames a sample (float32), number of samples (int32), then the points.
"""

from __future__ import annotations

import os
import struct

from morph.atomic import atomic_path
from morph.export.performance import Performance


def write_mdd(path: str | os.PathLike[str], performance: Performance) -> None:
    """Write vertices in millimetres with true time stamps; every frame from the first to the last has one sample.

    Where the face was lost its vertices glide to where it comes back.

    Raises:
        MorphError: the folder cannot be written.
    """
    motion = performance.every_frame()
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(struct.pack(">2i", len(motion), motion.model.n_vertices))
        file.write(motion.time.astype(">f4").tobytes())
        for row in range(len(motion)):
            file.write(motion.vertices(row).astype(">f4").tobytes())


def write_pc2(path: str | os.PathLike[str], performance: Performance) -> None:
    """Write vertices in millimetres, one sample a frame; see :func:`write_mdd`. PC2 has no time stamps.

    Raises:
        MorphError: the folder cannot be written.
    """
    motion = performance.every_frame()
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(b"POINTCACHE2\0")
        file.write(struct.pack("<2i2fi", 1, motion.model.n_vertices, float(motion.frame[0]), 1.0, len(motion)))
        for row in range(len(motion)):
            file.write(motion.vertices(row).astype("<f4").tobytes())
