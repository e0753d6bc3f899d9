"""Dense error on the labels' own mesh."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from toy import toy_model

from morph.datasets.published.aflw2000 import open_aflw2000
from morph.datasets.published.labels_300w_lp import labels_to_coefficients
from morph.datasets.published.mat import read_face_mat
from morph.evaluation.aflw2000.dense import dense_errors
from morph.model import landmark_decoder


@pytest.mark.slow
def test_labels_decode_to_their_points_and_have_no_dense_error(research_data: Path) -> None:
    from morph.model.readers import read_model

    model = read_model(research_data / "BFM" / "bfm53215_40_10.npz")
    bench = open_aflw2000(research_data)
    faces = [read_face_mat((bench.pictures / str(name)).with_suffix(".mat")) for name in bench.names]
    truth = labels_to_coefficients(model, faces, np.full(999, 450))
    points = landmark_decoder(model).project(truth)[..., :2]
    assert np.linalg.norm(points + 1 - bench.original[..., :2], axis=2).mean() < 1.70

    few = truth[:6]
    affine = np.tile(np.array([[0.5, 0, 3], [0, 0.5, -2]]), (6, 1, 1))
    heights = np.full(6, 450)
    exact = dense_errors(model, few.transform(affine), affine, faces[:6], heights)
    assert exact is not None
    assert exact["nme_2d"] == pytest.approx(0, abs=1e-3)
    assert exact["nme_3d"] == pytest.approx(0, abs=1e-3)
    size = np.sqrt(np.prod(np.ptp(points[:6], axis=1), axis=1))
    shifted = dataclasses.replace(few, translation=few.translation + np.array([3, 4]))
    moved = dense_errors(model, shifted, _identity(6), faces[:6], heights)
    assert moved is not None
    assert moved["nme_2d"] == pytest.approx(np.mean(100 * 5 / size), rel=1e-3)
    flat = np.array(few.scale)
    flat[2] = np.nan
    part = dense_errors(model, dataclasses.replace(few, scale=flat), _identity(6), faces[:6], heights)
    assert part is not None
    assert part["faces"] == 5


def _identity(n: int) -> np.ndarray:
    return np.tile(np.eye(2, 3), (n, 1, 1))


def test_another_mesh_has_no_dense_error(research_data: Path) -> None:
    face = read_face_mat(research_data / "AFLW2000" / "image00004.mat")
    truth = labels_to_coefficients(toy_model(), [face], [450])
    assert dense_errors(toy_model(), truth, _identity(1), [face], np.array([450])) is None
