"""Tracked faces as arrays (``.npz``) and their landmarks as a table (``.csv``)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from morph.atomic import atomic_path
from morph.model import MorphableModel
from morph.tracking import Face
from morph.tracking.resting import RestingFace

FORMAT = "morph-track-1"
LANDMARKS_BEGIN = "frame,time,id,score,x0,y0,x1,y1,"


def write_coefficients(
    path: str | os.PathLike[str],
    faces: Sequence[Face],
    model: MorphableModel,
    size: tuple[int, int],
    resting: Mapping[int, RestingFace] | None = None,
) -> None:
    """Write one row a face and frame, N rows in all.

    The arrays: ``frame (N,)``, ``time (N,)`` seconds, ``id (N,)``, ``score (N,)``, ``box (N, 4)`` pixels, ``shape (N, S)`` and
    ``expression (N, E)`` z-scores, ``rotation (N, 3, 3)``, ``scale (N,)`` and ``translation (N, 2)`` pixels of the frame (see
    :class:`morph.model.Coefficients`), ``landmarks (N, 68, 2)`` pixels; and ``format``, ``expression_names (E,)``,
    ``expression_std (E,)`` (a name's weight is its z-score times this), ``model_name``, ``model_identity``, ``size`` (width,
    height of the first frame). Where resting faces are given, of P people: ``resting_id (P,)``, ``resting (P, E)`` and
    ``reach (P, E)``: exported weights are ``(z-score * expression_std - resting) / reach``; the z-scores themselves are as
    without.

    Args:
        path: to write.
        faces: of all frames.
        model: of their coefficients.
        size: width and height of the first frame.
        resting: by the number of the person.
    """
    parts = [face.coefficients for face in faces]
    n = len(faces)
    arrays = {
        "frame": np.array([face.frame for face in faces], np.int64),
        "time": np.array([face.time for face in faces], np.float64),
        "id": np.array([face.id for face in faces], np.int64),
        "score": np.array([face.score for face in faces], np.float32),
        "box": np.array([face.box for face in faces], np.float32).reshape(n, 4),
        "shape": np.array([part.shape for part in parts], np.float32).reshape(n, model.n_shape),
        "expression": np.array([part.expression for part in parts], np.float32).reshape(n, model.n_expression),
        "rotation": np.array([part.rotation for part in parts], np.float32).reshape(n, 3, 3),
        "scale": np.array([part.scale for part in parts], np.float32),
        "translation": np.array([part.translation for part in parts], np.float32).reshape(n, 2),
        "landmarks": np.array([face.landmarks for face in faces], np.float32).reshape(n, 68, 2),
        "expression_names": np.array(model.expression_names, np.str_),
        "expression_std": model.expression_std,
        "format": np.array(FORMAT),
        "model_name": np.array(model.name),
        "model_identity": np.array(model.identity),
        "size": np.array(size, np.int64),
    }
    if resting:
        arrays["resting_id"] = np.array(list(resting), np.int64)
        arrays["resting"] = np.array([face.rest for face in resting.values()])
        arrays["reach"] = np.array([face.reach for face in resting.values()])
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]


def write_landmarks(path: str | os.PathLike[str], faces: Iterable[Face]) -> None:
    """Write ``frame,time,id,score,x0,y0,...,x67,y67``: pixels of the frame, 0-based at their centres, y down, iBUG order."""
    header = ["frame", "time", "id", "score", *(f"{axis}{point}" for point in range(68) for axis in "xy")]
    with atomic_path(path) as temporary, temporary.open("w") as file:
        file.write(",".join(header) + "\n")
        for face in faces:
            points = ",".join(f"{value:.2f}" for value in face.landmarks.ravel().tolist())
            file.write(f"{face.frame},{face.time:.6f},{face.id},{face.score:.3f},{points}\n")
