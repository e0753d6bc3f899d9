"""Basel Face Model 2009, 2017 and 2019 in HDF5, the layout of statismo and scalismo, in millimetres."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles
from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel
from morph.model.readers.files import open_h5
from morph.model.readers.landmarks import complete_landmarks, read_landmarks
from morph.model.readers.parts import ModelParts, assemble, to_vertices

LICENCE = "Basel Face Model: research use only, do not pass on"
NAMED = {  # the names that a Basel file gives its points, where they mean the same as an iBUG point (from 0)
    "right.eyebrow.inner_upper": 21,
    "left.eyebrow.inner_upper": 22,
    "center.nose.tip": 30,
    "right.nose.wing.tip": 31,
    "center.nose.attachement_to_philtrum": 33,
    "left.nose.wing.tip": 35,
    "right.eye.corner_outer": 36,
    "right.eye.corner_inner": 39,
    "left.eye.corner_inner": 42,
    "left.eye.corner_outer": 45,
    "right.lips.corner": 48,
    "right.lips.philtrum_ridge": 50,
    "center.lips.upper.outer": 51,
    "left.lips.philtrum_ridge": 52,
    "left.lips.corner": 54,
    "center.lips.lower.outer": 57,
    "center.lips.upper.inner": 62,
    "center.lips.lower.inner": 66,
}


def read_basel(path: Path, landmarks: Path | None = None) -> MorphableModel:
    """``shape/model/{mean, pcaBasis, pcaVariance}``, ``shape/representer/cells`` and, if there, ``expression/model/…``.

    Landmarks: those given; else the file's named points (``metadata/landmarks/json``), completed to 68.

    Raises:
        MorphError: not such a file, parts of different size, or points that cannot be completed.
    """
    with open_h5(path) as file:
        for name in ("shape/model/mean", "shape/representer/cells"):
            if name not in file:
                raise MorphError(f"{path} is HDF5 but holds no {name}; it is no Basel Face Model, or not a whole one")
        mean = np.asarray(file["shape/model/mean"], np.float64).ravel()
        if mean.size % 3:
            raise MorphError(f"{path}: shape/model/mean has {mean.size} numbers, no multiple of 3")
        n = mean.size // 3
        shape = _modes(path, file, "shape", n)
        neutral = to_vertices(mean[:, None], n, f"{path}: shape/model/mean")[..., 0]
        if "expression/model/mean" in file:
            extra = np.asarray(file["expression/model/mean"], np.float64).ravel()
            if extra.size != mean.size:
                raise MorphError(f"{path}: shape has {mean.size} rows and expression {extra.size}; the parts do not match")
            mean = mean + extra
            expression = _modes(path, file, "expression", n)
        else:
            expression = np.zeros((n, 3, 0), np.float32), np.zeros(0, np.float32)
        cells = np.asarray(file["shape/representer/cells"])
        named = _named_points(path, file) if landmarks is None else {}
    cells = cells.T if cells.shape[-1] != 3 else cells
    if cells.ndim != 2 or cells.shape[1] != 3 or cells.min() < 0 or cells.max() >= n:
        raise MorphError(f"{path}: shape/representer/cells {cells.shape} are no triangles of {n} vertices")
    vertices = to_vertices(mean[:, None], n, f"{path}: expression/model/mean")[..., 0]
    if landmarks is not None:
        points = read_landmarks(landmarks, vertices)
    else:
        partial = {NAMED[name]: int(((neutral - at) ** 2).sum(1).argmin()) for name, at in named.items() if name in NAMED}
        if not partial:
            raise MorphError(f"{path} names no known points; give the 68 with `landmarks=`")
        points = complete_landmarks(vertices, partial)
    return assemble(
        ModelParts(
            name=path.stem,
            unit="mm",
            licence=LICENCE,
            mean=vertices,
            shape=shape,
            expression=expression,
            triangles=cells.astype(np.int32),
            landmarks=points,
        )
    )


def _modes(path: Path, file: Any, part: str, n_vertices: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Basis ``(V, 3, n)`` and standard deviations; the file's basis has unit columns and states variances."""
    for name in ("pcaBasis", "pcaVariance"):
        if f"{part}/model/{name}" not in file:
            raise MorphError(f"{path} holds no {part}/model/{name}; fetch it again")
    basis = to_vertices(file[f"{part}/model/pcaBasis"], n_vertices, f"{path}: {part}/model/pcaBasis")
    variance = np.asarray(file[f"{part}/model/pcaVariance"], np.float64).ravel()
    if len(variance) != basis.shape[-1] or not (variance >= 0).all():
        raise MorphError(f"{path}: {part}/model/pcaVariance has {len(variance)} numbers for {basis.shape[-1]} modes")
    return basis, np.sqrt(variance).astype(np.float32)


def _named_points(path: Path, file: Any) -> dict[str, Doubles]:
    """Named points: a list of {"id", "coordinates"}, or one object from name to coordinates."""
    if "metadata/landmarks/json" not in file:
        return {}
    raw = file["metadata/landmarks/json"][()]
    if isinstance(raw, np.ndarray) and raw.dtype == object:
        raw = raw.ravel()[0]
    text = raw.encode() if isinstance(raw, str) else raw if isinstance(raw, bytes) else raw.tobytes()
    try:
        parsed = json.loads(text.decode().strip("\0 \n"))
        if isinstance(parsed, list):
            parsed = {item["id"]: item["coordinates"] for item in parsed}
        return {name: np.asarray(at, np.float64).reshape(3) for name, at in parsed.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise MorphError(f"{path}: metadata/landmarks/json is damaged; give the points with `landmarks=`") from None
