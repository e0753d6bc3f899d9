"""A morphable model in a few lines of text."""

from __future__ import annotations

import numpy as np

from morph.arrays import Floats
from morph.model.morphable_model import MorphableModel


def describe(model: MorphableModel) -> str:
    """What a model holds, one fact a line, for a terminal."""
    low, high = model.mean.min(0), model.mean.max(0)
    size = " × ".join(_short(extent) for extent in high - low)
    faces = f"{len(model.triangles)} triangles"
    if len(model.quads):
        faces += f", {len(model.quads)} quads (can be subdivided)"
    lines = [
        ("name", model.name),
        ("identity", model.identity),
        ("licence", model.licence),
        ("vertices", str(model.n_vertices)),
        ("faces", faces),
        ("size", f"{size} {model.unit} (width × height × depth)"),
        ("shape", _modes(model, model.shape_basis, model.shape_std)),
        ("expression", _modes(model, model.expression_basis, model.expression_std)),
    ]
    if model.n_expression:
        names = model.expression_names
        lines.append(("", ", ".join(names[:6]) + (f", … {names[-1]}" if len(names) > 6 else "")))
    lines.append(("landmarks", f"68 (nose tip is vertex {model.landmarks[30]})"))
    lines.append(("texture", f"{len(model.uv)} coordinates" if len(model.uv) else "none"))
    if model.region_names:
        lines.append(("regions", ", ".join(model.region_names)))
    return "\n".join(f"{label:<11} {text}" for label, text in lines)


def _short(number: float) -> str:
    """Three figures at most, never an exponent."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def _modes(model: MorphableModel, basis: Floats, std: Floats) -> str:
    """Number of modes and how far one standard deviation of the first and last moves the vertices."""
    if not basis.shape[-1]:
        return "none"
    ends = [0, basis.shape[-1] - 1]
    moved = np.sqrt((basis[:, :, ends].astype(np.float64) ** 2).sum(axis=(0, 1)) / model.n_vertices) * std[ends]
    low, high = (_short(distance) for distance in moved)
    return f"{basis.shape[-1]} modes; one standard deviation moves a vertex {low} to {high} {model.unit} (rms)"
