"""Pictures with 68 points, or with a labeller's, as the fit wants them: points, weights, names and where the pictures are."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Reals
from morph.datasets.crops import CropSet
from morph.errors import MorphError, reading
from morph.frames.picture import read_picture
from morph.npz import open_npz, read_npz


@dataclass(frozen=True, eq=False)
class LandmarkSet:
    """N pictures of equal size with P points each: 68, but where a table says which points they are.

    Attributes:
        folder: where it was read.
        points: ``(N, P, 2)`` pixels, 0-based, y down, or ``(N, 68, 3)`` with depth; anything where the weight is 0.
        weights: ``(N, P)``, or ``(N, 68, 3)`` with depth; 0 for points without a position.
        names: ``(N,)``.
        picture: row to ``(H, W, 3)`` uint8 RGB.
        images: path of an ``images.npy`` that holds all pictures, or None.
        jpegs: folder of ``NAME.jpg``, or None.
        labels: further labels, one row a picture, that the fit passes on.
        meta: what is known of the set.
    """

    folder: Path
    points: Reals
    weights: Reals
    names: npt.NDArray[np.str_]
    picture: Callable[[int], Image]
    images: Path | None = None
    jpegs: Path | None = None
    labels: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.points)


def open_landmark_set(folder: str | os.PathLike[str]) -> LandmarkSet:
    """Open a crop set (``meta.json``) or the AFLW with MERL-RAV layout (``labels.npz`` beside ``images/``).

    Raises:
        MorphError: neither of them, or damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MorphError(f"no folder {folder}; give a crop set, or labels.npz with images/ beside it")
    if (folder / "meta.json").is_file():
        return _from_crops(folder)
    if (folder / "labels.npz").is_file() and (folder / "images").is_dir():
        return _from_aflw_merlrav(folder)
    raise MorphError(f"{folder} is neither a crop set (meta.json) nor labels.npz with images/; prepare the data first")


def open_point_set(folder: str | os.PathLike[str], count: int) -> LandmarkSet:
    """Open pictures with a labeller's points: ``images.npy (N, H, W, 3)`` and ``labels.npz`` with name, points ``(N, P, 2)``.

    Args:
        folder: of both.
        count: P, points of a face.

    Raises:
        MorphError: not such a folder, or another number of points.
    """
    folder = Path(folder)
    with reading(folder, "a set of pictures with points", "it needs images.npy, and labels.npz with name and points"):
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        with open_npz(folder / "labels.npz") as archive:
            arrays = {key: archive[key] for key in archive.files}
        names, points = arrays.pop("name").astype(str), arrays.pop("points").astype(np.float32)
    if points.shape != (len(images), count, 2) or len(names) != len(images):
        raise MorphError(f"{folder}: points must be ({len(images)}, {count}, 2), got {points.shape}; give the table that fits")
    weights = arrays.pop("weights", np.ones(points.shape[:2])).astype(np.float32)
    return LandmarkSet(folder, points, weights, names, images.__getitem__, folder / "images.npy", None, arrays)


def _from_crops(folder: Path) -> LandmarkSet:
    crops = CropSet.open(folder)
    points = crops.labels["landmarks"].astype(np.float32)
    weights = crops.labels.get("landmark_weights", np.ones(points.shape[:2])).astype(np.float32)
    if weights.shape != points.shape[:2]:
        raise MorphError(f"{folder}: landmark_weights must be {points.shape[:2]}, got {weights.shape}")
    names = crops.labels.get("name", np.array([f"{i:06d}" for i in range(len(crops))])).astype(str)
    fitted = ("landmarks", "landmark_weights", "name", "shape", "expression", "rotation", "scale", "translation")
    labels = {key: array for key, array in crops.labels.items() if key not in fitted}
    own = ("format", "count", "fingerprint", "images_crc32", "files", "bad")  # of the set that was read, not of its fit
    meta = {key: value for key, value in crops.meta.items() if key not in own}
    return LandmarkSet(folder, points, weights, names, crops.images.__getitem__, folder / "images.npy", None, labels, meta)


def _from_aflw_merlrav(folder: Path) -> LandmarkSet:
    path = folder / "labels.npz"
    arrays = read_npz(path, "the labels of a set", "get the file again")
    missing = {"name", "pts68", "visibility"} - set(arrays)
    if missing:
        raise MorphError(f"{path} has no {', '.join(sorted(missing))}; it must hold name, pts68 and visibility")
    points, visibility, names = arrays["pts68"].astype(np.float32), arrays["visibility"], arrays["name"].astype(str)
    if points.shape != (len(names), 68, 2) or visibility.shape != points.shape[:2]:
        raise MorphError(
            f"{path}: pts68 must be ({len(names)}, 68, 2) and visibility ({len(names)}, 68), "
            f"got {points.shape} and {visibility.shape}"
        )

    def picture(row: int) -> Image:
        return read_picture(folder / "images" / f"{names[row]}.jpg")

    labels = {"yaw_deg": arrays["yaw_deg"]} if "yaw_deg" in arrays else {}
    meta = {"source": "AFLW with MERL-RAV landmarks", "licence": "AFLW and MERL-RAV: research use only"}
    return LandmarkSet(
        folder, points, (visibility > 0).astype(np.float32), names, picture, None, folder / "images", labels, meta
    )
