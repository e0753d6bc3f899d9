"""AFLW2000-3D: labels and pictures of the benchmark, in either of the layouts in circulation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Image, Reals
from morph.crop.face_crop import cut
from morph.crop.geometry import apply_affine, box_to_crop
from morph.datasets.crop_writer import Piece
from morph.errors import MorphError, reading
from morph.frames.picture import read_picture
from morph.npz import read_npz

# 3DDFA's label files for the original folder, in the order of its list file.
POSE, POINTS, REANNOTATED, BOXES, LIST = (
    "AFLW2000-3D.pose.npy",
    "AFLW2000-3D.pts68.npy",
    "AFLW2000-3D-Reannotated.pts68.npy",
    "AFLW2000-3D_crop.roi_box.npy",
    "AFLW2000-3D_crop.list",
)


@dataclass(frozen=True, eq=False)
class Aflw2000:
    """Labels of N faces; nothing of the pictures is read until asked for.

    Attributes:
        pictures: folder of the ``.jpg`` (and ``.mat``) files.
        names: ``(N,)`` picture file names.
        original: ``(N, 68, 3)`` the fitted model's points, picture pixels as published (Matlab: counted from 1).
        reannotated: ``(N, 68, 2)`` the labels of Bulat and Tzimiropoulos, picture pixels.
        yaw: ``(N,)`` degrees.
        boxes: ``(N, 4)`` the published crop x0, y0, x1, y1: centre of the points' box, side = sqrt(2) x its longer side.
    """

    pictures: Path
    names: npt.NDArray[np.str_]
    original: Reals
    reannotated: Reals
    yaw: Reals
    boxes: Reals

    def __post_init__(self) -> None:
        n = len(self.names)
        wanted = {"original": (n, 68, 3), "reannotated": (n, 68, 2), "yaw": (n,), "boxes": (n, 4)}
        for name, shape in wanted.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise MorphError(f"AFLW2000 labels: {name} must have shape {shape} for {n} names, got {array.shape}")
            if not np.isfinite(array).all():
                bad = self.names[np.argwhere(~np.isfinite(array))[0][0]]
                raise MorphError(f"AFLW2000 labels: {name} of {bad} is not finite; get the label file again")

    def __len__(self) -> int:
        return len(self.names)

    def subset(self, index: Any) -> Aflw2000:
        """The faces at ``index`` (mask or numbers)."""
        parts = (self.names, self.original, self.reannotated, self.yaw, self.boxes)
        return Aflw2000(self.pictures, *(part[index] for part in parts))

    def picture(self, i: int) -> Image:
        """Picture ``i``: ``(H, W, 3)`` uint8 RGB.

        Raises:
            MorphError: no such file, or not a picture.
        """
        return read_picture(self.pictures / str(self.names[i]))


def open_aflw2000(folder: str | os.PathLike[str]) -> Aflw2000:
    """Open AFLW2000-3D in one of two layouts.

    - ``AFLW2000_labels.npz`` (names, pts68_original (N, 3, 68), pts68_reannotated (N, 2, 68), yaw_deg, roi_box) beside
      a folder ``AFLW2000/`` of pictures;
    - the original folder with 3DDFA's label files, in it or in a ``test.configs`` folder beside or in it:
      ``AFLW2000-3D.pose.npy``, ``AFLW2000-3D.pts68.npy``, ``AFLW2000-3D-Reannotated.pts68.npy``,
      ``AFLW2000-3D_crop.roi_box.npy``, and ``AFLW2000-3D_crop.list`` (without it: the sorted names of the pictures).

    Raises:
        MorphError: neither layout is there, or a file of it is missing, damaged or of the wrong shape.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise MorphError(f"no folder {folder}; give the folder of AFLW2000-3D")
    packed = folder / "AFLW2000_labels.npz"
    if packed.is_file():
        return _open_packed(packed, folder / "AFLW2000")
    for place in (folder, folder / "test.configs", folder.parent / "test.configs"):
        if (place / POINTS).is_file():
            return _open_original(folder, place)
    raise MorphError(f"{folder} has neither AFLW2000_labels.npz nor 3DDFA's {POINTS}; see data/aflw2000/README.md")


def _open_packed(path: Path, pictures: Path) -> Aflw2000:
    arrays = read_npz(path, "the labels of AFLW2000-3D", "get it again")
    missing = {"names", "pts68_original", "pts68_reannotated", "yaw_deg", "roi_box"} - set(arrays)
    if missing:
        raise MorphError(f"{path} has no {', '.join(sorted(missing))}")
    return Aflw2000(
        pictures,
        arrays["names"].astype(str),
        _points_last(path, arrays["pts68_original"], 3),
        _points_last(path, arrays["pts68_reannotated"], 2),
        arrays["yaw_deg"],
        arrays["roi_box"],
    )


def _points_last(path: Path, points: Reals, dims: int) -> Reals:
    """``(N, >= dims, 68)`` as published to ``(N, 68, dims)``; two dimensions grow a depth of 0 where three are wanted."""
    if points.ndim != 3 or points.shape[2] != 68 or points.shape[1] not in (2, 3):
        raise MorphError(f"{path}: points must be (N, 3, 68) or (N, 2, 68), got {points.shape}")
    out = np.zeros((len(points), 68, dims), np.float32)
    keep = min(dims, points.shape[1])
    out[..., :keep] = points[:, :keep].transpose(0, 2, 1)
    return out


def _open_original(folder: Path, labels: Path) -> Aflw2000:
    def load(name: str) -> Reals:
        path = labels / name
        if not path.is_file():
            raise MorphError(f"{path}: missing; it comes with 3DDFA's test configuration")
        with reading(path, "an array of numbers", "it comes with 3DDFA's test configuration"):
            return np.asarray(np.load(path, allow_pickle=False))

    pictures = next((place for place in (folder, folder / "AFLW2000") if next(place.glob("*.jpg"), None)), folder)
    listing = next((place / LIST for place in (labels, folder, folder.parent) if (place / LIST).is_file()), None)
    if listing is not None:
        names = [Path(line.split()[0]).name for line in listing.read_text().splitlines() if line.strip()]
    else:
        names = sorted(path.name for path in pictures.glob("*.jpg"))
    points = load(POINTS)
    if len(names) != len(points):
        where = listing or pictures
        raise MorphError(f"{where} names {len(names)} pictures but {POINTS} has {len(points)} rows; they must agree")
    bench = Aflw2000(
        pictures,
        np.array(names, dtype=str),
        _points_last(labels / POINTS, points, 3),
        _points_last(labels / REANNOTATED, load(REANNOTATED), 2),
        load(POSE).reshape(-1),
        load(BOXES),
    )
    _check_order(bench)
    return bench


def _check_order(bench: Aflw2000) -> None:
    """The first, middle and last rows must be the faces that they are named after, wherever a ``.mat`` can tell."""
    from morph.datasets.published.mat import read_face_mat

    for i in {0, len(bench) // 2, len(bench) - 1}:
        path = (bench.pictures / str(bench.names[i])).with_suffix(".mat")
        points = read_face_mat(path).points_3d if path.is_file() else None
        if points is not None and np.abs(points[:, :2] - bench.original[i, :, :2]).max() > 2.0:
            raise MorphError(
                f"row {i} of {POINTS} is not {bench.names[i]} (its .mat differs); put {LIST} beside the label files"
            )


@dataclass(frozen=True, eq=False)
class CropReader:
    """Cuts the published crops of some of the pictures, for :func:`morph.datasets.crop_writer.write_crops`.

    Attributes:
        benchmark: labels and pictures.
        size: side of the crops in pixels.
    """

    benchmark: Aflw2000
    size: int = 120

    def __call__(self, names: Sequence[str]) -> Piece:
        """Crops with the original labels in crop pixels (from 0), yaw and name; a bad picture goes into ``bad``."""
        cv2.setNumThreads(0)
        place = {name: i for i, name in enumerate(self.benchmark.names.tolist())}
        images, rows, bad = [], [], []
        for name in names:
            i = place[name]
            try:
                picture = self.benchmark.picture(i)
            except MorphError as error:
                bad.append(str(error))
                continue
            images.append(cut(picture, box_to_crop(self.benchmark.boxes[i], self.size), self.size))
            rows.append(i)
        if not rows:
            return Piece(np.zeros((0, self.size, self.size, 3), np.uint8), {}, bad)
        part = self.benchmark.subset(rows)
        points = apply_affine(box_to_crop(part.boxes, self.size), part.original[..., :2] - 1.0)
        labels = {"landmarks": points.astype(np.float32), "yaw": part.yaw.astype(np.float32), "name": part.names}
        return Piece(np.stack(images), labels, bad)
