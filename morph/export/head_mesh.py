"""A head as the tools of artists take it: faces, texture coordinates, and expressions as short lists of moved vertices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from morph.arrays import Bools, Floats, Image, Indices, Ints
from morph.export.performance import Performance
from morph.marks import insert_png_text, png_texts
from morph.model import MorphableModel
from morph.picture_file import picture_bytes
from morph.rendering import vertex_normals

MODEL_KEY = b"morph:model"  # of a PNG's text
STILL = 1e-4  # millimetres; 52 expressions at full weight that each leave out this much are 0.005 mm off


@dataclass(frozen=True, eq=False)
class Expression:
    """What one expression does at weight 1: ``offsets (n, 3)`` mm and ``normals (n, 3)`` are added at ``rows (n,)``."""

    name: str
    rows: Indices
    offsets: Floats
    normals: Floats


def expressions(performance: Performance) -> Iterator[Expression]:
    """Every expression of the model on this head, without the vertices that it does not move."""
    triangles = performance.model.triangles
    rest = vertex_normals(performance.base, triangles)
    for name, delta in zip(performance.model.expression_names, performance.deltas, strict=True):
        change = np.asarray(vertex_normals(performance.base + delta, triangles) - rest, np.float32)
        moved = np.abs(delta).max(1) > STILL
        moved |= _neighbours(moved, triangles)  # their normals turn
        rows = np.flatnonzero(moved)
        yield Expression(name, rows, delta[rows], change[rows])


def _neighbours(marked: Bools, triangles: Ints) -> Bools:
    near = np.zeros_like(marked)
    near[triangles[marked[triangles].any(1)]] = True
    return near


def split_at_seams(model: MorphableModel) -> tuple[Indices, Floats, Indices]:
    """One vertex for each pair of vertex and texture coordinate, for formats that index both together.

    Returns:
        ``(W,)`` the model's vertex of each, ``(W, 2)`` texture coordinates (v up; zeros where the model has none), ``(F, 3)``
        triangles of them.
    """
    if not len(model.uv_triangles):
        return np.arange(model.n_vertices), np.zeros((model.n_vertices, 2), np.float32), model.triangles.astype(np.int64)
    pairs = np.column_stack([model.triangles.ravel(), model.uv_triangles.ravel()]).astype(np.int64)
    unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
    return unique[:, 0], model.uv[unique[:, 1]], inverse.reshape(-1, 3)


def faces_of(model: MorphableModel) -> list[tuple[list[int], list[int]]]:
    """Corners and texture coordinates of each face: quads where the model has them, else triangles."""
    corners = model.quads if len(model.quads) else model.triangles
    chart = model.uv_quads if len(model.quads) else model.uv_triangles
    charts = chart.tolist() if len(chart) else [[] for _ in corners]
    size = [3 if len(face) == 4 and face[2] == face[3] else len(face) for face in corners.tolist()]
    return [(face[:n], uv[:n]) for face, uv, n in zip(corners.tolist(), charts, size, strict=True)]


def png(picture: Image, model: MorphableModel | None = None) -> bytes:
    """A picture ``(H, W, 3)`` or ``(H, W, 4)`` uint8 RGB or RGBA as PNG; ``model``: whose layout it is in, kept in the file."""
    whole = picture_bytes(picture, ".png")
    return whole if model is None else insert_png_text(whole, MODEL_KEY, model.identity.encode("latin-1"))


def model_of_png(data: bytes) -> str:
    """The identity that :func:`png` wrote into a file; "" where there is none."""
    return next((value.decode("latin-1") for key, value in png_texts(data) if key == MODEL_KEY), "")
