"""The binary part of a GLB and the tables that point into it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats

KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
COMPONENTS = {"float32": 5126, "uint32": 5125, "uint16": 5123}
ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963


class GltfBuffer:
    """Collects arrays; ``views`` and ``accessors`` are what glTF's JSON says of them."""

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self._pieces: list[bytes] = []
        self._size = 0

    def view(self, data: bytes, target: int | None = None) -> int:
        """Add bytes, at a multiple of four; returns the number of the view."""
        self.views.append({"buffer": 0, "byteOffset": self._size, "byteLength": len(data)})
        if target is not None:
            self.views[-1]["target"] = target
        padded = data + bytes(-len(data) % 4)
        self._pieces.append(padded)
        self._size += len(padded)
        return len(self.views) - 1

    def accessor(self, array: npt.NDArray[Any], target: int | None = None, bounds: bool = False) -> int:
        """Add ``(N,)`` or ``(N, width)`` float32, uint16 or uint32; returns the number of the accessor."""
        array = np.ascontiguousarray(array)
        entry = _described(array, len(array)) | {"bufferView": self.view(array.tobytes(), target)}
        return self._add(entry, _bounds(array) if bounds else {})

    def indices(self, rows: npt.NDArray[np.integer[Any]], limit: int) -> dict[str, Any]:
        """Add rows below ``limit`` that sparse accessors share."""
        small = rows.astype(np.uint16 if limit < 65535 else np.uint32)
        return {"bufferView": self.view(small.tobytes()), "componentType": COMPONENTS[str(small.dtype)]}

    def sparse(self, count: int, indices: dict[str, Any], values: Floats, bounds: bool = False) -> int:
        """Add an array of ``count`` rows that is zero but for ``values (n, width)`` at ``indices``."""
        entry = _described(values, count)
        limits: dict[str, Any] = {}
        if bounds:
            limits = _bounds(values if len(values) == count else np.vstack([values, np.zeros_like(values, shape=(1, 3))]))
        if len(values):
            view = {"bufferView": self.view(np.ascontiguousarray(values).tobytes())}
            entry["sparse"] = {"count": len(values), "indices": indices, "values": view}
        return self._add(entry, limits)

    def _add(self, entry: dict[str, Any], more: dict[str, Any]) -> int:
        self.accessors.append(entry | more)
        return len(self.accessors) - 1

    def glb(self, document: dict[str, Any]) -> bytes:
        """The whole file: header, JSON and this buffer."""
        tables = {"buffers": [{"byteLength": self._size}], "bufferViews": self.views, "accessors": self.accessors}
        text = json.dumps(document | tables, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 4)
        head = struct.pack("<4s2I", b"glTF", 2, 12 + 8 + len(text) + 8 + self._size)
        chunks = [struct.pack("<I4s", len(text), b"JSON"), text, struct.pack("<I4s", self._size, b"BIN\0")]
        return b"".join([head, *chunks, *self._pieces])


def _described(array: npt.NDArray[Any], count: int) -> dict[str, Any]:
    width = 1 if array.ndim == 1 else array.shape[1]
    return {"componentType": COMPONENTS[str(array.dtype)], "count": count, "type": KINDS[width]}


def _bounds(array: npt.NDArray[Any]) -> dict[str, list[float]]:
    rows = array.reshape(len(array), -1)
    return {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()}
