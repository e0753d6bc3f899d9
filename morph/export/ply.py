"""Stanford PLY: one mesh a file, binary, vertices in the order of the model."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.export.head_mesh import faces_of
from morph.model import MorphableModel
from morph.rendering import vertex_normals


class PlyWriter:
    """Writes meshes of one model; what does not change from frame to frame is made once.

    Positions are in millimetres, y up and z towards the viewer; normals are smooth; colours are those of the texture at the
    vertices. Faces are the model's quads where it has them. Little-endian, single precision.

    Args:
        model: whose vertices will come.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates; None leaves colours out.
    """

    def __init__(self, model: MorphableModel, texture: Image | None = None) -> None:
        self.model = model
        coloured = texture is not None and len(model.uv_triangles) > 0
        fields = [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
        fields += [(name, "u1") for name in ("red", "green", "blue")] if coloured else []
        self._rows = np.zeros(model.n_vertices, np.dtype(fields))
        if texture is not None and coloured:
            colours = _vertex_colours(model, texture)
            for channel, name in enumerate(("red", "green", "blue")):
                self._rows[name] = colours[:, channel]
        faces = [face for face, _ in faces_of(model)]
        self._faces = b"".join(np.uint8(len(face)).tobytes() + np.array(face, "<i4").tobytes() for face in faces)
        types = {"<f4": "float", "u1": "uchar"}
        lines = ["ply", "format binary_little_endian 1.0"]
        lines += [f"comment {model.name}: millimetres, y up, z towards the viewer; made by morph, licence {model.licence}"]
        lines += [f"element vertex {model.n_vertices}", *(f"property {types[kind]} {name}" for name, kind in fields)]
        lines += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header"]
        self._head = "\n".join(lines).encode("ascii", "replace") + b"\n"

    def write(self, path: str | os.PathLike[str], vertices: npt.ArrayLike) -> None:
        """Write one mesh.

        Args:
            path: of the file.
            vertices: ``(V, 3)`` millimetres.

        Raises:
            MorphError: another shape, or the folder cannot be written.
        """
        points = np.asarray(vertices, np.float32)
        if points.shape != (self.model.n_vertices, 3):
            raise MorphError(f"vertices must be ({self.model.n_vertices}, 3) for model {self.model.name!r}, got {points.shape}")
        normals = vertex_normals(points, self.model.triangles)
        for axis, name in enumerate("xyz"):
            self._rows[name], self._rows[f"n{name}"] = points[:, axis], normals[:, axis]
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            file.write(self._head + self._rows.tobytes() + self._faces)


def _vertex_colours(model: MorphableModel, texture: Image) -> Image:
    height, width = texture.shape[:2]
    uv = np.zeros((model.n_vertices, 2))
    uv[model.triangles.ravel()] = model.uv[model.uv_triangles.ravel()]  # one of them, where a seam has two
    x = np.clip(uv[:, 0] * width, 0, width - 1).astype(int)
    y = np.clip((1 - uv[:, 1]) * height, 0, height - 1).astype(int)
    return np.asarray(texture[y, x])
