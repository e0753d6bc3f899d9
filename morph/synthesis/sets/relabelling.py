"""New landmarks for pictures that are rendered already."""

from __future__ import annotations

import numpy as np

from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model import MorphableModel, PerspectiveCamera, landmark_decoder

CAMERA = ("camera_rotation", "camera_position", "camera_focal", "camera_centre")


def relabel_landmarks(crops: CropSet, model: MorphableModel, *, chunk: int = 4096) -> CropSet:
    """The crop set with landmarks of other vertices: decoded from its coefficients and projected by its cameras.

    Pictures, coefficients and visibility stay as they are. The model must have the shape that was rendered: the same
    mean and modes at the same level of subdivision; only its landmark vertices may be others.

    Args:
        crops: a set of ``morph synth`` with labels ``camera_rotation`` ``(N, 3, 3)``, ``camera_position`` ``(N, 3)``,
            ``camera_focal`` ``(N,)`` and ``camera_centre`` ``(N, 2)`` in the pixels of its pictures.
        model: names the landmark vertices.
        chunk: how many pictures at a time.

    Raises:
        MorphError: the set has no cameras, or coefficients of another length.
    """
    labels = crops.labels
    missing = [name for name in (*CAMERA, "shape", "expression") if name not in labels]
    if missing:
        raise MorphError(f"this crop set has no {', '.join(missing)}; only sets of `morph synth` can be relabelled")
    got, want = (labels["shape"].shape[1], labels["expression"].shape[1]), (model.n_shape, model.n_expression)
    if got != want:
        raise MorphError(f"the crop set has {got[0]} + {got[1]} coefficients but model {model.name!r} {want[0]} + {want[1]}")
    decoder = landmark_decoder(model)
    landmarks = np.empty((len(crops), 68, 2), np.float32)
    for start in range(0, len(crops), chunk):
        part = slice(start, start + chunk)
        rotation, position, focal, centre = (labels[name][part] for name in CAMERA)
        camera = PerspectiveCamera(rotation, position, focal, centre)
        landmarks[part] = camera.project(decoder(labels["shape"][part], labels["expression"][part]))[..., :2]
    return CropSet(crops.images, {**labels, "landmarks": landmarks}, {**crops.meta, "landmark_model": model.identity})
