"""Named sets of 68 points on the default model: the same iBUG numbers, where different conventions put them.

``ibug68`` are the model's own landmarks, where annotators of photographs put the points. ``300w_lp`` are the vertices at which
the keypoints of the Basel model lie on this head: 300W-LP's and AFLW2000-3D's labels are those keypoints, and on brows, jaw and
nose they are not where an annotator would click. They were settled on crops of AFLW (``data/free_faces/point_sets.py``).
"""

from __future__ import annotations

import numpy as np

from morph.arrays import Indices
from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel

POINT_SETS = {
    "ibug68": "where annotators of photographs put the points; what morph track writes",
    "300w_lp": "where the Basel model's keypoints lie on this head, which the labels of 300W-LP and AFLW2000-3D are",
}
_MODEL = "morph-head-1"
_VERTICES_300W_LP: tuple[int, ...] = (
    *(1823, 7747, 1306, 12627, 5512, 12522, 13039, 5943, 5490, 9435, 14796, 14282, 9061, 14387, 3055, 11121, 3554),
    *(158, 4390, 125, 4349, 111, 1955, 8059, 1968, 8097, 1996, 4259, 1279, 194, 4593, 12218, 4628, 220, 8298, 13981),
    *(15703, 12053, 4111, 21, 1840, 3891, 1874, 7850, 13817, 15633, 3819, 3571),
    *(4897, 4841, 4906, 340, 8566, 8501, 8557, 8596, 8611, 4973, 4962, 4946),
    *(12288, 4931, 4940, 8585, 14051, 2206, 4977, 386),
)


def has_point_set(model: MorphableModel, name: str) -> bool:
    """Whether a model has the points of a set; every model has ``ibug68``, the default model subdivided has all.

    Args:
        model: any.
        name: of :data:`POINT_SETS`.
    """
    own = model.name == _MODEL and len(_VERTICES_300W_LP) == 68 and model.n_vertices > max(_VERTICES_300W_LP)
    return name == "ibug68" or (name == "300w_lp" and own)


def point_set(model: MorphableModel, name: str) -> Indices:
    """The vertices ``(68,)`` of a set.

    Args:
        model: any, with ``ibug68``; the default model, subdivided once or twice, with the others.
        name: of :data:`POINT_SETS`.

    Raises:
        MorphError: no set of this name, or the model has it not.
    """
    if name not in POINT_SETS:
        raise MorphError(f"no set of points {name!r}; choose {' or '.join(POINT_SETS)}")
    if not has_point_set(model, name):
        raise MorphError(f"model {model.name!r} with {model.n_vertices} vertices has no points {name}; load the default model")
    return np.asarray(model.landmarks if name == "ibug68" else _VERTICES_300W_LP, np.int64)
