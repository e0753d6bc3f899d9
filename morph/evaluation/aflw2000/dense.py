"""Error over the whole mesh, where labels are coefficients of the same mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Reals
from morph.crop.geometry import invert_affine
from morph.datasets.published.labels_300w_lp import is_bfm_of_300w_lp, labels_to_coefficients
from morph.datasets.published.mat import FaceMat
from morph.evaluation.aflw2000.nme import box_size
from morph.model.coefficients import Coefficients
from morph.model.decoder import Decoder
from morph.model.morphable_model import MorphableModel

CHUNK = 16  # faces decoded at a time


def dense_errors(
    model: MorphableModel,
    predicted: Coefficients,
    matrices: Reals,
    faces: list[FaceMat],
    heights: npt.NDArray[np.integer[Any]],
) -> dict[str, float] | None:
    """Dense NME over all vertices, or None where the model's mesh is not that of the labels.

    Args:
        model: the model that ``predicted`` belongs to.
        predicted: of N faces, in crop pixels; NaN for a face not found, which is left out.
        matrices: ``(N, 2, 3)`` picture to crop.
        faces: the N labels.
        heights: ``(N,)`` of the pictures.

    Returns:
        ``nme_2d``: mean distance in the picture over sqrt(w h) of the labels' 68-point box, percent. ``nme_3d``: the same
        in three dimensions, mean depth removed. Labels are decoded with the model's own modes (those it lacks are 0).
    """
    if not is_bfm_of_300w_lp(model) or len(faces[0].shape) < model.n_shape:
        return None
    truth, decoder = labels_to_coefficients(model, faces, heights), Decoder(model)
    rows = np.flatnonzero(np.isfinite(predicted.scale))
    flat: list[Reals] = []
    deep: list[Reals] = []
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        guess = _project(decoder, predicted[part], invert_affine(matrices[part]))
        true = _project(decoder, truth[part], np.eye(2, 3))
        size = box_size(true[:, model.landmarks, :2])
        difference = guess - true
        difference[..., 2] -= difference[..., 2].mean(1, keepdims=True)
        square = np.square(difference, out=difference)
        plane = square[..., 0] + square[..., 1]
        flat.append(100.0 * np.sqrt(plane).mean(1) / size)
        deep.append(100.0 * np.sqrt(plane + square[..., 2]).mean(1) / size)
    return {"nme_2d": float(np.concatenate(flat).mean()), "nme_3d": float(np.concatenate(deep).mean()), "faces": len(rows)}


def _project(decoder: Decoder, coefficients: Coefficients, affine: Reals) -> Floats:
    """Vertices ``(n, V, 3)`` in picture pixels with depth, ``affine`` leading there from the coefficients' own pixels."""
    linear, camera = affine[..., :2], coefficients.camera
    turn = np.asarray(camera.scale)[:, None, None] * np.asarray(camera.rotation) * np.array([[1.0], [-1.0], [1.0]])
    full = np.concatenate([linear @ turn[:, :2], np.sqrt(np.abs(np.linalg.det(linear)))[..., None, None] * turn[:, 2:]], axis=1)
    shift = (linear @ np.asarray(camera.translation)[..., None])[..., 0] + affine[..., 2]
    out = decoder(coefficients.shape, coefficients.expression) @ np.swapaxes(full, 1, 2).astype(np.float32)
    out[..., :2] += shift[:, None].astype(np.float32)
    return out
