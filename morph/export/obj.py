"""Wavefront OBJ, fast enough for every frame of a clip."""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path, write_all
from morph.compiled import compiled
from morph.errors import MorphError
from morph.model import MorphableModel
from morph.rendering import vertex_normals

LARGEST = 1e5  # millimetres; a larger number would touch its neighbour
TABLE = 10000  # whole parts with a text of their own
VERTEX_WORDS, NORMAL_WORDS = 10, 7  # 32-bit words of a `v` and a `vn` line


class ObjWriter:
    """Writes meshes of one model; all that does not change from frame to frame is made once.

    Numbers stand in columns of fixed width, taken from tables of text; on a machine that stores the low byte first.

    Positions are in millimetres with four decimals, y up and z towards the viewer (upright in Blender with its default
    import axes). Faces are the model's quads where it has them, else its triangles; texture coordinates follow the
    model's seams; normals are smooth.

    Args:
        model: whose vertices will come.
        material: file name of the material library beside the OBJ, or None.
        normals: whether to write ``vn``.

    Example:
        >>> from morph.model import load_default_model
        >>> model = load_default_model(0)
        >>> writer = ObjWriter(model)
        >>> sum(len(bytes(piece)) for piece in writer.encode(model.mean)) == writer.size
        True
    """

    def __init__(self, model: MorphableModel, *, material: str | None = "head.mtl", normals: bool = True) -> None:
        self.model, self.normals = model, normals
        self._scale = model.millimetres
        self._buffer = np.empty((VERTEX_WORDS + (NORMAL_WORDS if normals else 0)) * model.n_vertices, np.uint32)
        self._head = f"# {model.name}: millimetres, y up, z towards the viewer; made by morph, licence {model.licence}\n"
        self._head += f"mtllib {material}\n" if material else ""
        self._head += "o head"
        self._tail = self._constant_lines(material is not None)

    @property
    def size(self) -> int:
        """Bytes of every file that is written."""
        return len(self._head.encode()) + self._buffer.nbytes + len(self._tail)

    def _constant_lines(self, material: bool) -> bytes:
        """Texture coordinates and faces."""
        model = self.model
        faces = model.quads if len(model.quads) else model.triangles
        chart = model.uv_quads if len(model.quads) else model.uv_triangles
        lines = [f"vt {u:.5f} {v:.5f}" for u, v in model.uv.tolist()] if len(chart) else []
        lines += ["usemtl head"] if material else []
        lines += ["s 1"] if self.normals else []
        corners = faces.tolist()
        textures = chart.tolist() if len(chart) else [[None] * len(face) for face in corners]
        for face, texture in zip(corners, textures, strict=True):
            size = 3 if len(face) == 4 and face[2] == face[3] else len(face)  # a quad that repeats its last corner
            lines.append("f " + " ".join(self._corner(face[k], texture[k]) for k in range(size)))
        return ("\n" + "\n".join(lines) + "\n").encode()

    def _corner(self, vertex: int, texture: int | None) -> str:
        vt = "" if texture is None else str(texture + 1)
        if self.normals:
            return f"{vertex + 1}/{vt}/{vertex + 1}"
        return f"{vertex + 1}/{vt}" if vt else str(vertex + 1)

    def encode(self, vertices: npt.ArrayLike) -> list[bytes | memoryview]:
        """The file's bytes, in pieces; the middle one is overwritten by the next call.

        Args:
            vertices: ``(V, 3)`` in the model's unit.

        Raises:
            MorphError: another shape, or numbers that are not finite or beyond 100 metres.
        """
        points = np.asarray(vertices, np.float32)
        if points.shape != (self.model.n_vertices, 3):
            raise MorphError(f"vertices must be ({self.model.n_vertices}, 3) for model {self.model.name!r}, got {points.shape}")
        points = np.ascontiguousarray(points if self._scale == 1.0 else points * np.float32(self._scale))
        if not np.abs(points).max(initial=0.0) < LARGEST:  # also where one is not a number
            raise MorphError("vertices are not finite or too large for an OBJ in millimetres; is the model's unit right?")
        whole, decimals, unit, prefix = _tables()
        rows = VERTEX_WORDS * len(points)
        _vertex_lines(points, whole, decimals, prefix[0], self._buffer[:rows])
        if self.normals:
            _normal_lines(vertex_normals(points, self.model.triangles), unit, prefix[1], self._buffer[rows:])
        return [self._head.encode(), self._buffer.data.cast("B"), self._tail]

    def write(self, path: str | os.PathLike[str], vertices: npt.ArrayLike) -> None:
        """Write one mesh; see :meth:`encode`.

        Raises:
            MorphError: the folder cannot be written.
        """
        pieces = self.encode(vertices)
        with atomic_path(path) as temporary, temporary.open("wb", buffering=0) as file:
            write_all(file, pieces)


def _words(texts: list[str]) -> npt.NDArray[np.uint32]:
    """ASCII texts of one length, a multiple of 4, as rows of 32-bit words in memory order."""
    return np.frombuffer("".join(texts).encode("ascii"), np.uint32).reshape(len(texts), -1)


@functools.cache
def _tables() -> tuple[npt.NDArray[np.uint32], ...]:
    """Text of whole parts (negative ones behind the others), of four decimals, of numbers -1..1, and what begins a line."""
    whole = [f"{number:7d}." for number in range(TABLE)] + [f"{'-' + str(number):>7}." for number in range(TABLE)]
    decimals = [f"{number:04d}" for number in range(10000)]
    unit = [f"{sign + format(number / 1000, '.3f'):>8}" for sign in ("", "-") for number in range(1001)]
    return _words(whole), _words(decimals)[:, 0], _words(unit), _words(["\nv  ", "\nvn "])[:, 0]


@compiled
def _vertex_lines(points: Any, whole: Any, decimals: Any, prefix: Any, out: Any) -> None:
    at = 0
    for i in range(points.shape[0]):
        out[at] = prefix
        for k in range(3):
            value = np.int64(np.rint(np.float64(points[i, k]) * 1e4))
            size = np.uint64(-value if value < 0 else value)
            part = size // np.uint64(10000)
            row = part + np.uint64(TABLE) if value < 0 else part
            if part < np.uint64(TABLE):
                out[at + 1] = whole[row, 0]
                out[at + 2] = whole[row, 1]
            else:
                out[at + 1], out[at + 2] = _large(part, value < 0)
            out[at + 3] = decimals[size - part * np.uint64(10000)]
            at += 3
        at += 1


@compiled
def _large(part: Any, negative: bool) -> tuple[Any, Any]:
    """A whole part beyond the table, as the same eight characters: spaces, sign, digits and a point."""
    text = np.uint64(46)  # the point; characters are put in from the last one backwards
    shift = np.uint64(0)
    text <<= np.uint64(56)
    place = 48
    signed = not negative
    for _ in range(7):
        if part > 0:
            letter = 48 + part % np.uint64(10)
            part //= np.uint64(10)
        elif not signed:
            letter, signed = np.uint64(45), True
        else:
            letter = np.uint64(32)
        shift = np.uint64(place)
        text |= np.uint64(letter) << shift
        place -= 8
    return np.uint32(text & np.uint64(0xFFFFFFFF)), np.uint32(text >> np.uint64(32))


@compiled
def _normal_lines(normals: Any, unit: Any, prefix: Any, out: Any) -> None:
    at = 0
    for i in range(normals.shape[0]):
        out[at] = prefix
        for k in range(3):
            value = np.int64(np.rint(np.float64(normals[i, k]) * 1e3))
            row = min(-value, 1000) + 1001 if value < 0 else min(value, 1000)
            out[at + 1] = unit[row, 0]
            out[at + 2] = unit[row, 1]
            at += 2
        at += 1
