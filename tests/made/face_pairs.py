"""Writes small data sets in the layouts of 300W-LP and AFLW2000-3D, with faces of a toy model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from scipy.io import savemat

from morph.model import Coefficients, MorphableModel, landmark_decoder
from morph.model.rotation import euler_to_matrix

PICTURE = 200  # pixels


def toy_coefficients(model: MorphableModel, n: int, seed: int = 0) -> Coefficients:
    """n faces of all poses, in the middle of a picture of :data:`PICTURE` pixels."""
    rng = np.random.default_rng(seed)
    angles = np.stack([rng.uniform(-0.3, 0.3, n), np.linspace(-1.4, 1.4, n), rng.uniform(-0.4, 0.4, n)], axis=1)
    return Coefficients(
        rng.normal(size=(n, model.n_shape)),
        rng.normal(size=(n, model.n_expression)),
        euler_to_matrix(angles),
        rng.uniform(0.7, 0.9, n),
        PICTURE / 2 + rng.uniform(-10, 10, (n, 2)),
    )


def as_mat(model: MorphableModel, face: Coefficients, height: int = PICTURE) -> dict[str, np.ndarray]:
    """The variables of one ``.mat``: Matlab's pixels, counted from 1, with the points of the model itself."""
    points = landmark_decoder(model).project(face)
    return {
        "Pose_Para": face.camera.to_300w_lp(height)[None],
        "Shape_Para": (face.shape * model.shape_std)[:, None],
        "Exp_Para": (face.expression * model.expression_std)[:, None],
        "pt2d": points[:, :2].T + 1.0,
        "pt3d_68": points.T + np.array([[1.0], [1.0], [0.0]]),
    }


def write_pairs(folder: Path, model: MorphableModel, names: list[str], seed: int = 0) -> Coefficients:
    """A ``.jpg`` with a white dot at landmark 30 and a ``.mat`` for each name."""
    faces = toy_coefficients(model, len(names), seed)
    points = landmark_decoder(model).project(faces)
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((PICTURE, PICTURE, 3), 40, np.uint8)
        picture[:, :, 0] = np.linspace(0, 120, PICTURE, dtype=np.uint8)
        x, y = np.round(points[i, 30, :2] * 16).astype(int)
        cv2.circle(picture, (int(x), int(y)), 4 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
        cv2.imwrite(str(path.parent / f"{path.name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 98])
        savemat(path.parent / f"{path.name}.mat", as_mat(model, faces[i]))
    return faces


def dot(image: np.ndarray) -> np.ndarray:
    """``(2,)`` x, y of the white dot in an RGB picture, in pixels."""
    weight = np.clip(image.min(axis=2).astype(float) - 128, 0, None)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
