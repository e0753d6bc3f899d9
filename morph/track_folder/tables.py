"""Tracked faces as arrays (``.npz``) and their landmarks as a table (``.csv``)."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from morph.arrays import Array
from morph.atomic import atomic_path
from morph.model import Coefficients, Lens, MorphableModel, place_heads
from morph.tracking import Face
from morph.tracking.resting import RestingFace

FORMAT = "morph-track-1"
LANDMARKS_BEGIN = "frame,time,id,score,x0,y0,x1,y1,"
AT_ONCE = 256  # faces that are placed together
POSES_BEGIN = "frame,time,id,score,x_mm,y_mm,z_mm,"


def write_coefficients(
    path: str | os.PathLike[str],
    faces: Sequence[Face],
    model: MorphableModel,
    size: tuple[int, int],
    resting: Mapping[int, RestingFace] | None = None,
) -> dict[str, Array]:
    """Write one row a face and frame, N rows in all.

    The arrays: ``frame (N,)``, ``time (N,)`` seconds, ``id (N,)``, ``score (N,)``, ``box (N, 4)`` pixels, ``shape (N, S)`` and
    ``expression (N, E)`` z-scores, ``rotation (N, 3, 3)``, ``scale (N,)`` and ``translation (N, 2)`` pixels of the frame (see
    :class:`morph.model.Coefficients`), ``landmarks (N, 68, 2)`` pixels; and ``format``, ``expression_names (E,)``,
    ``expression_std (E,)`` (a name's weight is its z-score times this), ``model_name``, ``model_identity``, ``size`` (width,
    height of the first frame). Where resting faces are given, of P people: ``resting_id (P,)``, ``resting (P, E)`` and
    ``reach (P, E)``: exported weights are ``(z-score * expression_std - resting) / reach``; the z-scores themselves are as
    without. In space, see docs/conventions.md: ``pose (N, 4, 4)`` model frame to camera frame in millimetres, its
    ``quaternion_xyzw (N, 4)`` and ``euler_degrees (N, 3)`` yaw, pitch, roll; the lens: ``focal (N,)`` pixels, ``principal
    (N, 2)`` pixels, ``k1 (N,)``, ``lens_assumed (N,)``; ``metric (N,)`` true millimetres of one of the model's.

    Args:
        path: to write.
        faces: of all frames.
        model: of their coefficients.
        size: width and height of the first frame.
        resting: by the number of the person.

    Returns:
        Those in space, see :func:`space_of`.
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
    space = space_of(faces, model)
    arrays |= space
    if resting:
        arrays["resting_id"] = np.array(list(resting), np.int64)
        arrays["resting"] = np.array([face.rest for face in resting.values()])
        arrays["reach"] = np.array([face.reach for face in resting.values()])
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
    return space


def space_of(faces: Sequence[Face], model: MorphableModel) -> dict[str, Array]:
    """Where N faces are before their lenses, as arrays of ``coefficients.npz``; nothing where a face has no lens."""
    lenses = [face.lens for face in faces if face.lens is not None]
    if not faces or len(lenses) < len(faces):
        return {}
    out: dict[str, Array] = {
        "pose": np.zeros((len(faces), 4, 4)),
        "quaternion_xyzw": np.zeros((len(faces), 4)),
        "euler_degrees": np.zeros((len(faces), 3)),
        "focal": np.array([lens.focal for lens in lenses]),
        "principal": np.array([lens.centre for lens in lenses]),
        "k1": np.array([lens.k1 for lens in lenses]),
        "lens_assumed": np.array([lens.assumed for lens in lenses]),
        "metric": np.array([face.metric for face in faces]),
    }
    rows_of: dict[Lens, list[int]] = {}
    for row, lens in enumerate(lenses):
        rows_of.setdefault(lens, []).append(row)
    for lens, all_rows in rows_of.items():
        for first in range(0, len(all_rows), AT_ONCE):
            rows = all_rows[first : first + AT_ONCE]
            parts = [faces[row].coefficients for row in rows]
            names = [field.name for field in dataclasses.fields(Coefficients)]
            pose = Coefficients(*(np.stack([getattr(part, name) for part in parts]) for name in names))
            depth = np.array([faces[row].depth for row in rows])
            found = place_heads(model, pose, lens, out["metric"][rows]).farther(depth)
            out["pose"][rows], out["quaternion_xyzw"][rows] = found.matrices, found.quaternions
            out["euler_degrees"][rows] = found.euler_degrees(model)
    return out


def write_poses(path: str | os.PathLike[str], faces: Sequence[Face], space: Mapping[str, Array]) -> None:
    """Write a row a face: place in millimetres before the camera, quaternion, degrees of yaw, pitch and roll, focal pixels.

    Args:
        path: to write.
        faces: of all frames.
        space: of these faces, see :func:`space_of`.
    """
    header = [*POSES_BEGIN.strip(",").split(","), "qx", "qy", "qz", "qw", "yaw", "pitch", "roll", "focal_px"]
    with atomic_path(path) as temporary, temporary.open("w") as file:
        file.write(",".join(header) + "\n")
        for row, face in enumerate(faces if space else ()):
            place = ",".join(f"{value:.3f}" for value in space["pose"][row, :3, 3])
            turn = ",".join(f"{value:.7f}" for value in space["quaternion_xyzw"][row])
            angles = ",".join(f"{value:.4f}" for value in space["euler_degrees"][row])
            first = f"{face.frame},{face.time:.6f},{face.id},{face.score:.3f}"
            file.write(f"{first},{place},{turn},{angles},{space['focal'][row]:.4f}\n")


def write_landmarks(path: str | os.PathLike[str], faces: Iterable[Face]) -> None:
    """Write ``frame,time,id,score,x0,y0,...,x67,y67``: pixels of the frame, 0-based at their centres, y down, iBUG order."""
    header = ["frame", "time", "id", "score", *(f"{axis}{point}" for point in range(68) for axis in "xy")]
    with atomic_path(path) as temporary, temporary.open("w") as file:
        file.write(",".join(header) + "\n")
        for face in faces:
            points = ",".join(f"{value:.2f}" for value in face.landmarks.ravel().tolist())
            file.write(f"{face.frame},{face.time:.6f},{face.id},{face.score:.3f},{points}\n")
