"""Fit a whole data set and write what was found: a crop set with coefficients, and 300W-LP-layout files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Indices
from morph.atomic import atomic_path
from morph.datasets.crops import FORMAT, CropSet
from morph.datasets.npy_rows import NpyRows
from morph.datasets.set_folder import NOTE, check_set_folder, set_folder
from morph.errors import MorphError
from morph.fitting.contour import JAW
from morph.fitting.landmark_sets import LandmarkSet
from morph.fitting.landmarks import FitResult, fit_landmarks, fit_points
from morph.fitting.mat_files import mat_folder, mat_variables, write_face_mat
from morph.fitting.options import USUAL, FitOptions
from morph.fitting.point_table import PointTable
from morph.model.morphable_model import MorphableModel
from morph.outputs import identity_of
from morph.picture_file import save_picture

Progress = Callable[[int, int], None]
LEAST_POINTS = 4


@dataclass(frozen=True, eq=False)
class FittedSet:
    """Rows of a landmark set that could be fitted, and what was found.

    Attributes:
        rows: ``(M,)`` rows of the set.
        result: the fit of those rows.
        labels: of a crop set of those rows.
        bad: one line for each row that was left out.
    """

    rows: Indices
    result: FitResult
    labels: dict[str, npt.NDArray[Any]]
    bad: list[str]


def fit_data_set(data: LandmarkSet, model: MorphableModel, options: FitOptions = USUAL, *, max_bad: float = 0.01) -> FittedSet:
    """Fit every face of a set. Labels keep the annotated position of inner visible points; the jaw (unless ``contour`` is
    "fixed") and points without a position come from the fit, so that all 68 are points of the model.

    Args:
        data: the set.
        model: the morphable model.
        options: as of :func:`morph.fitting.landmarks.fit_landmarks`.
        max_bad: share of faces that may be unusable: points that are not finite, or fewer than 4 of them.

    Raises:
        MorphError: more bad faces than ``max_bad``; the first is named.
    """
    used = (data.weights if data.weights.ndim == 2 else data.weights[..., :2].min(-1)) > 0
    finite = (np.isfinite(data.points).all(-1) | ~used).all(1) & np.isfinite(data.weights).reshape(len(data), -1).all(1)
    enough = used.sum(1) >= LEAST_POINTS
    bad = [f"{data.folder}: {name}: its points are not finite" for name in data.names[~finite]]
    bad += [f"{data.folder}: {name}: fewer than {LEAST_POINTS} points" for name in data.names[finite & ~enough]]
    if len(bad) > max_bad * len(data) or not len(data) or len(bad) == len(data):
        first = f"; the first: {bad[0]}" if bad else ""
        raise MorphError(f"{len(bad)} of {len(data)} faces cannot be fitted, more than {max_bad:.1%}{first}")
    rows = np.where(finite & enough)[0]
    points, weights = data.points[rows], data.weights[rows]
    result = fit_landmarks(model, points, weights, options)
    weights = weights if weights.ndim == 2 else weights[..., :2].min(-1)
    own = weights > 0
    if options.contour != "fixed":
        own[:, :JAW] = False
    found = result.coefficients
    labels = {
        "landmarks": np.where(own[..., None], points[..., :2], result.landmarks[..., :2]),
        "landmark_weights": np.where(own, weights, 1.0),
        "landmark_annotated": own,
        "shape": found.shape,
        "expression": found.expression,
        "rotation": found.rotation,
        "scale": found.scale,
        "translation": found.translation,
        "fit_error": result.error,
    }
    labels = {key: array.astype(bool if array.dtype == bool else np.float32) for key, array in labels.items()}
    labels |= {key: array[rows] for key, array in data.labels.items()}
    labels |= {"name": data.names[rows], "group": data.labels.get("group", np.arange(len(data)))[rows]}
    return FittedSet(rows, result, labels, bad)


def fit_point_set(data: LandmarkSet, model: MorphableModel, table: PointTable, *, most: float) -> FittedSet:
    """Fit every face of a set to a labeller's points; faces that the model cannot explain are left out.

    Args:
        data: the set, with as many points as the table has.
        model: the morphable model.
        table: which vertices the points are.
        most: largest mean distance between fit and points that is kept, as a share of the face's size.

    Returns:
        What was kept. Labels hold the 68 landmarks of the fit, all with weight 1, and ``fit_error``, a share of the face.

    Raises:
        MorphError: no face is explained.
    """
    good = np.flatnonzero(np.isfinite(data.points).all((1, 2)))
    bad = [f"{data.folder}: {name}: its points are not finite" for name in np.delete(data.names, good)]
    result = fit_points(model, data.points[good], data.weights[good], table)
    low, high = (getattr(result.landmarks[..., :2], which)(1) for which in ("min", "max"))
    share = result.error / np.sqrt(np.prod(high - low, axis=1))
    kept = np.flatnonzero(share <= most)
    far = np.flatnonzero(~(share <= most))
    bad += [f"{data.folder}: {data.names[good[i]]}: {100 * share[i]:.2f} % of the face away" for i in far]
    if not len(kept):
        raise MorphError(f"{data.folder}: no face is explained to {100 * most:g} % of its size; are these the table's points?")
    found, rows = result.coefficients[kept], good[kept]
    marks = result.landmarks[kept, :, :2]
    labels = {
        "landmarks": marks,
        "landmark_weights": np.ones(marks.shape[:2]),
        "shape": found.shape,
        "expression": found.expression,
        "rotation": found.rotation,
        "scale": found.scale,
        "translation": found.translation,
        "fit_error": share[kept],
    }
    labels = {key: array.astype(np.float32) for key, array in labels.items()}
    labels |= {key: array[rows] for key, array in data.labels.items()}
    labels |= {"name": data.names[rows], "group": data.labels.get("group", np.arange(len(data)))[rows]}
    kept_result = FitResult(found, result.landmarks[kept], result.matched[kept], result.error[kept])
    return FittedSet(rows, kept_result, labels, bad)


def write_crop_set(fitted: FittedSet, data: LandmarkSet, meta: dict[str, Any], folder: str | os.PathLike[str]) -> None:
    """Write a crop set; pictures of a set that is one already are linked where the file system can, else copied.

    Raises:
        MorphError: a missing or damaged picture, pictures of unequal size, or a folder that cannot be written.
    """
    check_fit_folder(data, Path(folder))
    with set_folder(folder) as place:
        _write_crop_set(fitted, data, meta, place)


def check_fit_folder(data: LandmarkSet, folder: Path) -> None:
    """See that a fit may be written into ``folder``; writes nothing.

    Raises:
        MorphError: it is the data set itself, or holds files that are not of a fit that morph wrote.
    """
    if identity_of(folder) is not None and identity_of(folder) == identity_of(data.folder):
        raise MorphError(f"{folder} is the data set itself; write the fit into another folder")
    check_set_folder(folder)
    if (folder / "meta.json").is_file() and "fit" not in json.loads((folder / "meta.json").read_text()):
        raise MorphError(f"{folder} holds another crop set, no fit; choose another folder")


def _write_crop_set(fitted: FittedSet, data: LandmarkSet, meta: dict[str, Any], folder: Path) -> None:
    (folder / NOTE).touch()
    (folder / "meta.json").unlink(missing_ok=True)  # what makes a crop set whole comes last
    target = folder / "images.npy"
    if data.images is not None and len(fitted.rows) == len(data):
        with atomic_path(target) as path:
            path.unlink()
            try:
                os.link(data.images.resolve(), path)
            except OSError:
                shutil.copyfile(data.images, path)
    else:
        with atomic_path(target) as path:
            first = data.picture(int(fitted.rows[0]))
            with NpyRows(path, np.uint8, (len(fitted.rows), *first.shape)) as images:
                for row in fitted.rows.tolist():
                    picture = data.picture(row)
                    if picture.shape != first.shape:
                        raise MorphError(
                            f"{data.names[row]} is {picture.shape[:2]} pixels, others {first.shape[:2]}; crop them first"
                        )
                    images.add(picture[None])
    CropSet(np.load(target, mmap_mode="r"), fitted.labels, meta)  # checks that pictures and labels belong together
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **fitted.labels)  # type: ignore[arg-type]
    with atomic_path(folder / "meta.json") as path:
        path.write_text(json.dumps({"format": FORMAT, "count": len(fitted.rows), **meta}, indent=1))


def write_mat_files(
    fitted: FittedSet,
    data: LandmarkSet,
    model: MorphableModel,
    folder: str | os.PathLike[str],
    progress: Progress | None = None,
) -> None:
    """Write ``NAME.jpg`` (copied where the set has it) and ``NAME.mat`` for every fitted face.

    Raises:
        MorphError: two faces of one name, or a folder that cannot be written.
    """
    import cv2

    stems = [str(name).replace("/", "_") for name in data.names[fitted.rows]]
    if len(set(stems)) != len(stems):
        raise MorphError(f"{data.folder}: two faces have the same name, so they cannot be files of one folder")
    folder = mat_folder(folder, stems)
    for i, (row, stem) in enumerate(zip(fitted.rows.tolist(), stems, strict=True)):
        picture = data.picture(row)
        target = folder / f"{stem}.jpg"
        if data.jpegs is None:
            save_picture(target, picture, [cv2.IMWRITE_JPEG_QUALITY, 97])
        else:
            with atomic_path(target) as path:
                shutil.copyfile(data.jpegs / f"{data.names[row]}.jpg", path)
        variables = mat_variables(model, fitted.result.coefficients[i], fitted.result.matched[i, :, :2], picture.shape[:2])
        write_face_mat(folder / f"{stem}.mat", variables)
        if progress:
            progress(i + 1, len(stems))
