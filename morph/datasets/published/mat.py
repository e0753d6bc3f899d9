"""One label file of 300W-LP or AFLW2000-3D (Matlab): pose, model coefficients, points and box."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from morph.arrays import Reals
from morph.errors import MorphError, needs_extra
from morph.model.rotation import euler_to_matrix, matrix_to_euler

HALF_TURN = np.diag([-1.0, -1.0, 1.0])
WANTED = ("Pose_Para", "Shape_Para", "Exp_Para")


@dataclass(frozen=True, eq=False)
class FaceMat:
    """What a ``.mat`` says of its face. Pixels as published: Matlab's, counted from 1.

    Attributes:
        pose: ``(7,)`` pitch, yaw, roll (radians), tx, ty, tz, f (pixels, y up). A negative f, which a few files have, is
            turned into the positive one with the head turned half round in the picture: x and y stay where they were.
        shape: ``(S,)`` raw shape coefficients: 199 of BFM in the published sets, up to 6e5.
        expression: ``(E,)`` raw expression coefficients: 29 in the published sets.
        points_2d: ``(P, 2)`` ``pt2d``: 68 in 300W-LP (17..67 agree with the model, 0..16 move with the contour).
        points_3d: ``(68, 3)`` ``pt3d_68`` of AFLW2000-3D, or None.
        roi: ``(4,)`` where the picture lay in the one that it was rendered from, or None.
    """

    pose: Reals
    shape: Reals
    expression: Reals
    points_2d: Reals | None
    points_3d: Reals | None
    roi: Reals | None


def read_face_mat(path: str | os.PathLike[str]) -> FaceMat:
    """Read one label file (Matlab 5 to 7).

    Raises:
        MorphError: missing, damaged, not of this kind, of the wrong shape, or with labels that are not finite; or SciPy is
            not installed.
    """
    with needs_extra("convert", "reading Matlab files"):
        from scipy.io import loadmat

    path = Path(path)
    if not path.is_file():
        raise MorphError(f"{path}: no such label file")
    try:
        raw = loadmat(path, variable_names=[*WANTED, "pt2d", "pt3d_68", "roi"])
    except Exception as error:  # scipy raises anything, from TypeError to zlib.error, on a damaged file
        raise MorphError(f"{path}: cannot be read ({type(error).__name__}: {str(error).splitlines()[0][:80]})") from None
    missing = [name for name in WANTED if name not in raw]
    if missing:
        raise MorphError(f"{path}: has no {', '.join(missing)}")

    def vector(name: str, length: int | None = None) -> Reals:
        array = np.asarray(raw[name])
        if array.dtype.kind not in "fiu" or array.size != (length or max(array.shape, default=0)):
            want = f"{length} numbers" if length else "one row or column of numbers"
            raise MorphError(f"{path}: {name} must hold {want}, got shape {array.shape} {array.dtype}")
        if not np.isfinite(array).all():
            raise MorphError(f"{path}: {name} is not finite")
        return array.astype(np.float64).reshape(-1)

    pose = vector("Pose_Para", 7)
    if pose[6] == 0:
        raise MorphError(f"{path}: Pose_Para has the scale 0")
    if pose[6] < 0:
        pose = np.concatenate([matrix_to_euler(HALF_TURN @ euler_to_matrix(pose[:3])), pose[3:6], [-pose[6]]])
    points_2d = _points(path, "pt2d", raw, 2)
    return FaceMat(
        pose,
        vector("Shape_Para"),
        vector("Exp_Para"),
        points_2d,
        _points(path, "pt3d_68", raw, 3),
        vector("roi", 4) if "roi" in raw else None,
    )


def _points(path: Path, name: str, raw: dict[str, Reals], dims: int) -> Reals | None:
    if name not in raw:
        return None
    array = np.asarray(raw[name], np.float64)
    if array.ndim != 2 or array.shape[0] != dims:
        raise MorphError(f"{path}: {name} must be ({dims}, points), got {array.shape}")
    if not np.isfinite(array).all():
        raise MorphError(f"{path}: {name} is not finite")
    return np.asarray(array.T)
