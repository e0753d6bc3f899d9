"""Fits as 300W-LP-layout label files: a folder of ``NAME.jpg`` with ``NAME.mat`` that any 300W-LP reader takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from morph.arrays import Array
from morph.atomic import atomic_path, output_folder
from morph.datasets.published.labels_300w_lp import BFM_MODES, is_bfm_of_300w_lp
from morph.errors import MorphError, needs_extra
from morph.model.coefficients import Coefficients
from morph.model.morphable_model import MorphableModel

LIST = ".files-by-morph"  # names of the pairs that a fit wrote into a folder


def mat_variables(model: MorphableModel, face: Coefficients, points: npt.ArrayLike, size: tuple[int, int]) -> dict[str, Array]:
    """The variables of one label file.

    Raw coefficients (z-score times standard deviation). Those of the BFM of 300W-LP, cut to its first modes, are filled up
    with zeros to the 199 + 29 of the layout; any other model keeps its own numbers of modes. Colour, light and texture,
    which a fit to points cannot know, are zero.

    Args:
        model: that was fitted.
        face: one face (no batch), picture pixels.
        points: ``(68, 2)`` for ``pt2d``: 300W-LP keeps jaw points on the visible outline.
        size: height and width of the picture.
    """
    shape = face.shape.astype(np.float64) * model.shape_std
    expression = face.expression.astype(np.float64) * model.expression_std
    if is_bfm_of_300w_lp(model):
        shape, expression = (np.pad(a, (0, n - len(a))) for a, n in zip((shape, expression), BFM_MODES, strict=True))
    height, width = size
    pose = face.camera.to_300w_lp(height)
    return {
        "Pose_Para": pose.reshape(1, 7).astype(np.float32),
        "Shape_Para": shape[:, None],
        "Exp_Para": expression[:, None],
        "pt2d": np.asarray(points, np.float64).T + 1.0,  # Matlab counts pixels from 1
        "roi": np.array([[1, 1, width, height]], np.int16),
        "Color_Para": np.zeros((1, 7), np.float32),
        "Illum_Para": np.zeros((1, 10)),
        "Tex_Para": np.zeros((BFM_MODES[0], 1)),
    }


def mat_folder(folder: str | os.PathLike[str], stems: Sequence[str]) -> Path:
    """Make a folder for pairs of ``NAME.jpg`` and ``NAME.mat``, and list in it which ones are ours.

    Args:
        folder: to make.
        stems: the names.

    Raises:
        MorphError: it holds files of these names that are not ours, or cannot be written.
    """
    folder, names = Path(folder), {f"{stem}{suffix}" for stem in stems for suffix in (".jpg", ".mat")}
    ours = set((folder / LIST).read_text(encoding="utf-8").splitlines()) if (folder / LIST).is_file() else set()
    there = sorted(name for name in names - ours if os.path.lexists(folder / name))
    if there:
        raise MorphError(f"{folder / there[0]} exists and was not written by morph; move it away, or give another folder")
    folder = output_folder(folder)
    with atomic_path(folder / LIST) as path:
        path.write_text("\n".join(sorted(ours | names)) + "\n", encoding="utf-8")
    return folder


def write_face_mat(path: str | os.PathLike[str], variables: dict[str, Array]) -> None:
    """Write one label file; it is whole or absent."""
    with needs_extra("convert", "writing Matlab files"):
        from scipy.io import savemat

    with atomic_path(path) as temporary:
        savemat(temporary, variables, appendmat=False, do_compression=True)
