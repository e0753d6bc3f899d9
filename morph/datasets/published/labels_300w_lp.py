"""Labels of 300W-LP's layout as coefficients of a morphable model, and back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.datasets.published.mat import FaceMat
from morph.errors import MorphError
from morph.model.camera import ScaledOrthographicCamera
from morph.model.coefficients import Coefficients
from morph.model.morphable_model import MorphableModel

BFM_VERTICES = 53215  # of the model that 300W-LP and AFLW2000-3D are labelled with
BFM_MODES = (199, 29)


def is_bfm_of_300w_lp(model: MorphableModel) -> bool:
    """Whether a model is the one that 300W-LP and AFLW2000-3D are labelled with, whole or cut to its first modes."""
    return model.n_vertices == BFM_VERTICES and model.n_shape <= BFM_MODES[0] and model.n_expression <= BFM_MODES[1]


def check_basis(face: FaceMat, model: MorphableModel, path: str | os.PathLike[str]) -> None:
    """Raise unless a file's coefficients can be those of ``model``: as many, or BFM's 199 + 29 for its first modes.

    Raises:
        MorphError: a basis of another size.
    """
    have, want = (len(face.shape), len(face.expression)), (model.n_shape, model.n_expression)
    if have != want and not (have == BFM_MODES and is_bfm_of_300w_lp(model)):
        raise MorphError(
            f"{Path(path)}: labelled with a basis of {have[0]} + {have[1]} modes, "
            f"model {model.name!r} has {want[0]} + {want[1]}"
        )


def labels_to_coefficients(model: MorphableModel, faces: Sequence[FaceMat], heights: npt.ArrayLike) -> Coefficients:
    """Coefficients (z-scores; 0-based picture pixels, y down) of labels whose pictures are ``heights`` pixels high.

    Modes that the model does not hold are left out.
    """
    pose = np.stack([face.pose for face in faces])
    shape = np.stack([face.shape[: model.n_shape] for face in faces]) / model.shape_std
    expression = np.stack([face.expression[: model.n_expression] for face in faces]) / model.expression_std
    camera = ScaledOrthographicCamera.from_300w_lp(pose, np.asarray(heights, np.float64))
    return Coefficients(shape, expression, camera.rotation, camera.scale, camera.translation)
