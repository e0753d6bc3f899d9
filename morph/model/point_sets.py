"""Named sets of 68 points on the default model: the same iBUG numbers, where different conventions put them.

``ibug68`` are the model's own landmarks, where annotators of photographs put the points. ``300w_lp`` are the vertices at which
the keypoints of the Basel model lie on this head: 300W-LP's and AFLW2000-3D's labels are those keypoints, and on brows, jaw and
nose they are not where an annotator would click. Settled on crops of AFLW (``data/default_model/point_set_study.py``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel

POINT_SETS = {
    "ibug68": "where annotators of photographs put the points; what morph track writes",
    "300w_lp": "where the Basel model's keypoints lie on this head, which the labels of 300W-LP and AFLW2000-3D are",
}
_MODEL = "morph-head-1"
_VERTICES_300W_LP: tuple[int, ...] = (
    *(1823, 13536, 1306, 12627, 5512, 5903, 13039, 5943, 5490, 9435, 14796, 9396, 9061, 14387, 3055, 15286, 3554),
    *(158, 12161, 125, 4349, 4356, 8066, 8059, 1968, 13924, 1996, 4259, 1279, 194, 4593, 12218, 4628, 4637, 8298, 13981),
    *(11750, 7765, 12084, 21, 1840, 3891, 1874, 13848, 11139, 11610, 3819, 3571),
    *(1193, 4841, 12296, 340, 14059, 8501, 2946, 8596, 8611, 4973, 4962, 4946),
    *(12288, 4931, 351, 8585, 14051, 2206, 392, 386),
)


def has_point_set(model: MorphableModel, name: str) -> bool:
    """Whether a model has the points of a set; every model has ``ibug68``, the default model subdivided has all.

    Args:
        model: any.
        name: of :data:`POINT_SETS`.
    """
    own = model.name == _MODEL and len(_VERTICES_300W_LP) == 68 and model.n_vertices > max(_VERTICES_300W_LP)
    return name == "ibug68" or (name == "300w_lp" and own)


def point_set(model: MorphableModel, name: str) -> npt.NDArray[np.int64]:
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
