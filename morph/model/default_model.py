"""The head model that ships."""

from __future__ import annotations

import functools
from pathlib import Path

from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel, load_model
from morph.model.subdivision import subdivide

ONLY_DEFAULT = "`level=` is for the default model; leave it out beside `model=`"


@functools.cache
def load_default_model(level: int = 1) -> MorphableModel:
    """The head model that ships in the package (CC0), in millimetres.

    Args:
        level: how often to subdivide (Catmull–Clark): 0, 1 or 2 for about 4, 16 or 64 thousand vertices. Coefficients
            mean the same at every level, and a vertex keeps its index at all finer ones.

    Example:
        >>> model = load_default_model(1)
        >>> model.n_vertices, model.n_expression, model.unit
        (16005, 52, 'mm')
    """
    if level not in (0, 1, 2):
        raise MorphError(f"the default model has levels 0, 1 and 2, not {level!r}")
    if level:
        return subdivide(load_default_model(level - 1))
    return load_model(Path(__file__).parent.parent / "assets" / "default_model.npz")
