"""300W-LP: faces of 300-W rendered at larger poses, with coefficients of the Basel face model (Zhu et al. 2016)."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from morph.arrays import Image, Reals
from morph.crop.face_crop import cut
from morph.crop.geometry import crop_similarity
from morph.datasets.crop_writer import Piece
from morph.datasets.published.labels_300w_lp import check_basis, labels_to_coefficients
from morph.datasets.published.mat import FaceMat, read_face_mat
from morph.errors import MorphError
from morph.frames.picture import read_picture
from morph.model.decoder import landmark_decoder
from morph.model.morphable_model import MorphableModel

FOLDERS = ("AFW", "HELEN", "IBUG", "LFPW")
EXPECTED = {"AFW": 5207, "HELEN": 37676, "IBUG": 1786, "LFPW": 16556}  # and as many in each _Flip folder
LICENCE = "300W-LP: research use only (300-W, its four sources, and the Basel Face Model)"
CONTOUR = 17  # points 0..16 of pt2d follow the visible contour; 17..67 are points of the model
PT2D_LIMIT = 0.15  # of the face: pt2d this far from the decoded model belongs to another basis or picture (a good pair: 0.02)


def find_pairs(folder: str | os.PathLike[str], *, flipped: bool = True) -> list[str]:
    """Names, without suffix and relative to ``folder``, of all pictures in AFW, HELEN, IBUG, LFPW and their ``_Flip`` folders.

    A folder without any of these is taken as one set of ``.jpg`` + ``.mat`` pairs, so that sets of one's own can be read. A
    file without its partner is among the names: :class:`PairReader` reports it.

    Raises:
        MorphError: no such folder, or no pictures in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise MorphError(f"no folder {root}; give the folder that holds AFW, HELEN, IBUG and LFPW")
    wanted = [name + suffix for name in FOLDERS for suffix in (("", "_Flip") if flipped else ("",))]
    present = [name for name in wanted if (root / name).is_dir()] or ["."]
    pairs = []
    for name in present:
        files = [entry.name for entry in os.scandir(root / name)]
        stems = {file[:-4] for file in files if file.endswith((".jpg", ".mat"))}
        pairs += [str(Path(name) / stem) for stem in sorted(stems)]
    if not pairs:
        raise MorphError(f"{root} holds no .jpg and .mat, neither in AFW, HELEN, IBUG, LFPW nor itself")
    return pairs


def count_pairs(pairs: Sequence[str]) -> dict[str, tuple[int, int | None]]:
    """For each folder, how many pictures there are and how many the published set has (None: not a folder of it)."""
    counts = Counter(Path(pair).parent.name or "." for pair in pairs)
    return {name: (count, EXPECTED.get(name.removesuffix("_Flip"))) for name, count in sorted(counts.items())}


def photograph(pair: str) -> str:
    """The photograph that a picture was rendered from: the name without pose and, but in LFPW, face number.

    ``AFW/AFW_134212_1_2`` and ``AFW_Flip/AFW_134212_2_0`` both give ``AFW_134212``; ``LFPW_image_train_0737_13`` gives
    ``LFPW_image_train_0737``.
    """
    name = Path(pair).name
    if match := re.fullmatch(r"(LFPW_.+)_\d+", name):
        return match[1]
    if match := re.fullmatch(r"((?:AFW|HELEN|IBUG)_.+)_\d+_\d+", name):
        return match[1]
    return name


def identity_number(text: str) -> int:
    """A number below 2**63 for a name, the same everywhere: ``group`` of a crop set."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True, eq=False)
class PairReader:
    """Turns names of :func:`find_pairs` into crops with labels. Picklable: it goes to worker processes.

    Attributes:
        folder: of the data set.
        model: whose coefficients the labels are.
        inner: side in pixels of the published crop (square about the 68 points, sqrt(2) x the longer side of their box).
        size: side of what is stored; the published crop is in its middle.
    """

    folder: Path
    model: MorphableModel
    inner: int = 120
    size: int = 160

    def __call__(self, pairs: Sequence[str]) -> Piece:
        """Read pictures and labels; a bad file goes into ``bad``."""
        cv2.setNumThreads(0)
        kept: list[str] = []
        faces: list[FaceMat] = []
        pictures: list[Image] = []
        bad: list[str] = []
        for pair in pairs:
            try:
                path = self.folder / pair
                face = read_face_mat(path.parent / f"{path.name}.mat")
                check_basis(face, self.model, path.parent / f"{path.name}.mat")
                picture = read_picture(path.parent / f"{path.name}.jpg")
            except MorphError as error:
                bad.append(str(error))
                continue
            kept.append(pair)
            faces.append(face)
            pictures.append(picture)
        if not kept:
            return Piece(np.zeros((0, self.size, self.size, 3), np.uint8), {}, bad)
        coefficients = labels_to_coefficients(self.model, faces, [len(picture) for picture in pictures])
        landmarks = landmark_decoder(self.model).project(coefficients)[..., :2].astype(np.float64)
        matrices = np.zeros((len(kept), 2, 3))
        images = np.empty((len(kept), self.size, self.size, 3), np.uint8)
        good = np.ones(len(kept), bool)
        for i, (face, picture) in enumerate(zip(faces, pictures, strict=True)):
            reason = self._mismatch(face, landmarks[i])
            if reason:
                bad.append(f"{self.folder / kept[i]}.mat: {reason}")
                good[i] = False
                continue
            matrices[i] = crop_similarity(landmarks[i], self.inner)
            matrices[i, :, 2] += (self.size - self.inner) / 2
            images[i] = cut(picture, matrices[i], self.size)
        coefficients = coefficients[good].transform(matrices[good])
        inside = np.einsum("nij,nkj->nki", matrices[good, :, :2], landmarks[good]) + matrices[good, None, :, 2]
        names = [pair for pair, keep in zip(kept, good, strict=True) if keep]
        labels = {
            "landmarks": inside,
            "shape": coefficients.shape,
            "expression": coefficients.expression,
            "rotation": coefficients.rotation,
            "scale": coefficients.scale,
            "translation": coefficients.translation,
        }
        out = {name: array.astype(np.float32) for name, array in labels.items()}
        out["group"] = np.array([identity_number(photograph(name)) for name in names], np.int64)
        out["name"] = np.array(names, dtype=f"<U{max(map(len, pairs))}")
        return Piece(images[good], out, bad)

    def _mismatch(self, face: FaceMat, landmarks: Reals) -> str | None:
        """Why a label cannot be right, or None: the decoded points must be those of ``pt2d`` from 17 on."""
        if not np.isfinite(landmarks).all():
            return "decodes to points that are not finite"
        size = np.ptp(landmarks, axis=0).max()
        if not 1.0 < size < 1e5:
            return f"decodes to a face {size:.3g} pixels large"
        if face.points_2d is None or len(face.points_2d) != 68:
            return None
        there = face.points_2d[CONTOUR:] - 1.0  # Matlab counts pixels from 1
        error = np.linalg.norm(landmarks[CONTOUR:] - there, axis=1).mean() / np.ptp(there, axis=0).max()
        if error > PT2D_LIMIT:
            return f"pt2d is {error:.0%} of the face away from the decoded model; labels and basis do not match"
        return None
