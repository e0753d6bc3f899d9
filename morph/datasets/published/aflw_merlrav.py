"""AFLW with MERL-RAV's 68 points and their visibility (Kumar et al. 2020): real faces at all angles, in 120 x 120 crops."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Floats
from morph.datasets.crop_writer import Piece
from morph.datasets.published.lp300w import identity_number
from morph.errors import MorphError
from morph.frames.picture import read_picture
from morph.npz import read_npz

EXPECTED = 12452
LICENCE = "AFLW and MERL-RAV: research use only"
HIDDEN, OCCLUDED, VISIBLE = 0, 1, 2  # by the head itself: no position; by something else; seen
WEIGHTS = {HIDDEN: 0.0, OCCLUDED: 0.5, VISIBLE: 1.0}
FEWEST = 8  # points with a position that a face must have


@dataclass(frozen=True, eq=False)
class AflwMerlRav:
    """Labels of N crops.

    Attributes:
        pictures: folder of the crops.
        names: ``(N,)`` without suffix.
        points: ``(N, 68, 2)`` crop pixels; where visibility is 0 they mean nothing.
        visibility: ``(N, 68)`` 0 hidden by the head itself, 1 occluded, 2 visible.
        yaw: ``(N,)`` degrees.
    """

    pictures: Path
    names: npt.NDArray[np.str_]
    points: Floats
    visibility: npt.NDArray[np.int8]
    yaw: Floats

    def __len__(self) -> int:
        return len(self.names)


def open_aflw_merlrav(folder: str | os.PathLike[str]) -> AflwMerlRav:
    """Open a folder of ``labels.npz`` (name, pts68, visibility, yaw_deg) beside ``images/NAME.jpg``.

    Raises:
        MorphError: missing, damaged, or arrays that do not go together.
    """
    path = Path(folder) / "labels.npz"
    if not path.is_file():
        raise MorphError(f"no {path}; give the folder that holds labels.npz and images/, see data/aflw_merlrav/README.md")
    arrays = read_npz(path, "the labels of AFLW with MERL-RAV", "get it again")
    n = arrays["name"].size if "name" in arrays else 0
    for name, shape in {"name": (n,), "pts68": (n, 68, 2), "visibility": (n, 68), "yaw_deg": (n,)}.items():
        if name not in arrays or arrays[name].shape != shape:
            got = arrays[name].shape if name in arrays else "nothing"
            raise MorphError(f"{path}: {name} must have shape {shape}, got {got}")
    if not np.isin(arrays["visibility"], list(WEIGHTS)).all():
        raise MorphError(f"{path}: visibility must be 0, 1 or 2")
    names = arrays["name"].astype(str)
    return AflwMerlRav(Path(folder) / "images", names, arrays["pts68"], arrays["visibility"], arrays["yaw_deg"])


@dataclass(frozen=True, eq=False)
class MerlRavReader:
    """Turns names into crops with landmarks and weights. Picklable: it goes to worker processes.

    Attributes:
        labels: of the whole set.
        size: side of the crops in pixels; they are stored as they are.
    """

    labels: AflwMerlRav
    size: int = 120

    def __call__(self, names: Sequence[str]) -> Piece:
        """Read pictures and labels; a bad one goes into ``bad``. Hidden points lie in the middle of the others, weight 0."""
        cv2.setNumThreads(0)
        place = {name: i for i, name in enumerate(self.labels.names.tolist())}
        table = np.array([WEIGHTS[key] for key in (HIDDEN, OCCLUDED, VISIBLE)], np.float32)
        images, points, weights, good, bad = [], [], [], [], []
        for name in names:
            i, path = place[name], self.labels.pictures / f"{name}.jpg"
            weight, face = table[self.labels.visibility[i]], self.labels.points[i].astype(np.float32)
            known = weight > 0
            try:
                if not np.isfinite(face[known]).all():
                    raise MorphError(f"{path}: its label has points that are not finite")
                if known.sum() < FEWEST:
                    raise MorphError(f"{path}: its label has a position for {known.sum()} points only, {FEWEST} are needed")
                picture = read_picture(path)
                if picture.shape != (self.size, self.size, 3):
                    raise MorphError(
                        f"{path}: must be {self.size} x {self.size} pixels, is {picture.shape[1]} x {picture.shape[0]}"
                    )
            except MorphError as error:
                bad.append(str(error))
                continue
            images.append(picture)
            points.append(np.where(known[:, None], face, face[known].mean(0)))
            weights.append(weight)
            good.append(i)
        if not good:
            return Piece(np.zeros((0, self.size, self.size, 3), np.uint8), {}, bad)
        out = {
            "landmarks": np.stack(points),
            "landmark_weights": np.stack(weights),
            "visibility": self.labels.visibility[good].astype(np.int8),
            "yaw": self.labels.yaw[good].astype(np.float32),
            "group": np.array([identity_number(name) for name in self.labels.names[good]], np.int64),
            "name": self.labels.names[good],
        }
        return Piece(np.stack(images), out, bad)
