"""Materials of a head: skin, eyes, teeth and tongue, told from the names of the model's regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from morph.arrays import Indices
from morph.model import MorphableModel
from morph.model.subdivision import quads_to_triangles

MATT, LIPS, ENAMEL, WET = 0.6, 0.35, 0.2, 0.05


@dataclass(frozen=True, eq=False)
class Region:
    """Faces of one material.

    Attributes:
        name: "skin", "eyes", "teeth" or "tongue".
        roughness: 0..1 of its surface.
        faces: ``(n,)`` rows of the model's faces: its quads, or its triangles where it has none.
        triangles: ``(m,)`` rows of the model's triangles.
    """

    name: str
    roughness: float
    faces: Indices
    triangles: Indices


SURFACES = {"skin": MATT, "eyes": WET, "teeth": ENAMEL, "tongue": LIPS}


def regions_of(model: MorphableModel) -> list[Region]:
    """The materials that a model has faces of, skin first; a model without regions is all skin.

    Args:
        model: any.

    Example:
        >>> from morph import load_default_model
        >>> [region.name for region in regions_of(load_default_model(0))]
        ['skin', 'eyes', 'teeth', 'tongue']
    """
    kinds = list(SURFACES)
    of_region = np.array([kinds.index(_kind(name)) for name in model.region_names] or [0])
    of_triangle = of_region[model.regions] if len(model.regions) else np.zeros(len(model.triangles), np.int64)
    of_face = of_triangle
    if len(model.quads):
        of_face = np.zeros(len(model.quads), np.int64)
        of_face[quads_to_triangles(model.quads)[1]] = of_triangle
    found = [(name, np.flatnonzero(of_face == k), np.flatnonzero(of_triangle == k)) for k, name in enumerate(kinds)]
    return [Region(name, SURFACES[name], faces, triangles) for name, faces, triangles in found if len(triangles)]


def _kind(region: str) -> str:
    if "skin" in region or "lid" in region or "lash" in region:
        return "skin"
    return next((kind for word, kind in (("eye", "eyes"), ("teeth", "teeth"), ("tongue", "tongue")) if word in region), "skin")
