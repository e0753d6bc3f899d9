"""AFLW with MERL-RAV's points: labels, weights, bad ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.datasets.crop_writer import write_crops
from morph.datasets.crops import CropSet
from morph.datasets.published.aflw_merlrav import EXPECTED, MerlRavReader, open_aflw_merlrav
from morph.errors import MorphError


def write_set(folder: Path, n: int = 8, **changes: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    labels = {
        "name": np.array([f"image{i}" for i in range(n)]),
        "pts68": rng.uniform(20, 100, (n, 68, 2)).astype(np.float32),
        "visibility": rng.integers(0, 3, (n, 68)).astype(np.int8),
        "yaw_deg": np.linspace(-90, 90, n).astype(np.float32),
    } | changes
    labels["pts68"][labels["visibility"] == 0] = np.nan
    np.savez(folder / "labels.npz", **labels)
    for i in range(n):
        cv2.imwrite(str(folder / "images" / f"image{i}.jpg"), np.full((120, 120, 3), 20 * i, np.uint8))


def test_hidden_points_weigh_nothing_and_leave_the_box_alone(tmp_path: Path) -> None:
    write_set(tmp_path / "set")
    labels = open_aflw_merlrav(tmp_path / "set")
    write_crops(tmp_path / "out", labels.names.tolist(), MerlRavReader(labels), {})
    crops = CropSet.open(tmp_path / "out")
    weights, points = crops.labels["landmark_weights"], crops.labels["landmarks"]
    assert np.array_equal(weights, np.array([0.0, 0.5, 1.0], np.float32)[labels.visibility])
    assert np.isfinite(points).all()
    for i in range(8):
        known = labels.visibility[i] > 0
        assert np.array_equal(points[i, known], labels.points[i, known])
        assert np.array_equal(points[i].max(0), labels.points[i, known].max(0))
    assert crops.images[3, 60, 60].tolist() == pytest.approx([60] * 3, abs=2)


def test_bad_faces_are_named(tmp_path: Path) -> None:
    visibility = np.full((8, 68), 2, np.int8)
    visibility[1, 5:] = 0
    points = np.random.default_rng(0).uniform(20, 100, (8, 68, 2)).astype(np.float32)
    points[2, 3] = np.inf
    write_set(tmp_path, visibility=visibility, pts68=points)
    (tmp_path / "images" / "image3.jpg").unlink()
    cv2.imwrite(str(tmp_path / "images" / "image4.jpg"), np.zeros((100, 90, 3), np.uint8))
    labels = open_aflw_merlrav(tmp_path)
    piece = MerlRavReader(labels)(labels.names.tolist())
    reasons = ["image1.jpg: its label has a position for 5", "image2.jpg: its label has points that", "no picture", "90 x 100"]
    assert len(piece.bad) == 4
    assert all(reason in line for reason, line in zip(reasons, piece.bad, strict=True))
    assert piece.labels["name"].tolist() == ["image0", "image5", "image6", "image7"]


def test_bad_label_files(tmp_path: Path) -> None:
    with pytest.raises(MorphError, match=r"labels.npz"):
        open_aflw_merlrav(tmp_path)
    write_set(tmp_path / "a", visibility=np.full((8, 68), 7, np.int8))
    with pytest.raises(MorphError, match="visibility must be 0, 1 or 2"):
        open_aflw_merlrav(tmp_path / "a")
    write_set(tmp_path / "b", yaw_deg=np.zeros(3, np.float32))
    with pytest.raises(MorphError, match=r"yaw_deg must have shape \(8,\), got \(3,\)"):
        open_aflw_merlrav(tmp_path / "b")


def test_the_whole_set(research_data: Path) -> None:
    labels = open_aflw_merlrav(research_data / "AFLW_MERLRAV")
    assert len(labels) == EXPECTED
    piece = MerlRavReader(labels)(labels.names[:40].tolist())
    assert piece.bad == []
    assert piece.images.shape == (40, 120, 120, 3)
