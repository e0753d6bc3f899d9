"""A web page in one file: the head, its motion, sliders and perhaps a prop, drawn by three.js out of the same file."""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from morph import __version__
from morph.arrays import Doubles, Image
from morph.atomic import atomic_path
from morph.export.gltf.glb import METRE, glb_bytes
from morph.export.head_mesh import png
from morph.export.performance import Performance
from morph.export.shot.options import SceneOptions

SOURCES = Path(__file__).parent / "web"
THREE = Path(__file__).parent.parent / "assets" / "three.min.js"  # with its licence; made by data/web/build.py


@dataclass(frozen=True, eq=False)
class PageProp:
    """What the head of a page wears.

    Attributes:
        name: what it is called.
        glb: binary glTF with a node "item0", "item1" … for each item, in the item's own unit; empty where there is none.
        matrices: ``(items, 1 + E, 3, 4)`` from an item to the head without rotation and translation, metres: at rest, and
            what a weight of 1 of each expression adds.
        paint: ``(H, W, 4)`` uint8 RGBA pictures that lie on the texture of the head, row 0 on top.
    """

    name: str
    glb: bytes
    matrices: Doubles
    paint: tuple[Image, ...] = ()


def write_web_page(
    path: str | os.PathLike[str], performance: Performance, texture: Image, prop: PageProp | None = None
) -> None:
    """Write a page that a browser opens from disk, without a server or a network.

    It plays the GLB of :func:`morph.export.glb.write_glb`, which it holds in gzip and base64: play, scrub, orbit, and one
    slider for each expression, which holds its weight against the track once it is moved. Needs WebGL 2.

    Args:
        path: of the file; its stem is the title.
        performance: one person of a track.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates.
        prop: what the head wears, or None.

    Raises:
        MorphError: the folder cannot be written.
    """
    count = f"{len(performance)} frames" if len(performance) > 1 else "1 frame"
    said: dict[str, Any] = {"names": list(performance.model.expression_names)} | _framing(performance)
    if prop is not None:
        said["prop"] = {"name": prop.name, "matrices": [_rows(item) for item in prop.matrices]}
        said["prop"]["paint"] = [base64.b64encode(png(layer)).decode("ascii") for layer in prop.paint]
    fields = {
        "title": html.escape(Path(path).stem.encode("utf-8", "replace").decode("utf-8")),
        "about": html.escape(f"face {performance.id} · {count} · {performance.model.n_vertices:,} vertices"),
        "generator": f"morph {__version__}",
        "style": _source("page.css"),
        "data": json.dumps(said, separators=(",", ":")).replace("<", "\\u003c"),
        "head": _packed(glb_bytes(performance, texture, SceneOptions(one_material=True))),
        "prop": "" if prop is None or not prop.glb else _packed(prop.glb),
        "three": THREE.read_text(encoding="utf-8").strip(),
        "drawing": _source("head.js"),
        "controls": _source("page.js"),
    }
    text = string.Template(_source("page.html")).substitute(fields) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8").strip()


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")


def _rows(matrices: Doubles) -> list[list[float] | None]:
    """Each matrix row by row; None where an expression does not move the item."""
    scale = np.abs(matrices[0]).max()
    return [
        None if number and np.abs(matrix).max() < 1e-7 * scale else [float(f"{value:.9g}") for value in matrix.ravel()]
        for number, matrix in enumerate(matrices)
    ]


def _framing(performance: Performance) -> dict[str, object]:
    """What the camera looks at, metres: from the crown to the neck; shoulders may leave the picture."""
    head, marks = performance.base, performance.base[performance.model.landmarks]
    reach = float(np.ptp(marks, axis=0).max())
    low = float(marks[:, 1].min()) - 0.35 * reach
    near = head[(head[:, 1] > low) & (np.abs(head[:, 0] - marks[:, 0].mean()) < reach)]
    high, (back, front) = float(near[:, 1].max()), (float(near[:, 2].min()), float(near[:, 2].max()))
    half = np.array([0.7 * reach, (high - low) / 2, (front - back) / 2]) * METRE
    target = np.array([marks[:, 0].mean(), (low + high) / 2, (back + front) / 2]) * METRE
    numbers = {"width": half[0], "height": half[1], "radius": float(np.linalg.norm(half))}
    return {"target": [round(float(value), 5) for value in target]} | {k: round(float(v), 5) for k, v in numbers.items()}
