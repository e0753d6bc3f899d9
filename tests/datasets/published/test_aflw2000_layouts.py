"""AFLW2000-3D in both layouts, and what is said of damaged ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from face_pairs import as_mat, toy_coefficients, write_pairs
from scipy.io import savemat
from toy import toy_model

from morph.datasets.crop_writer import write_crops
from morph.datasets.crops import CropSet
from morph.datasets.published.aflw2000 import BOXES, LIST, POINTS, POSE, REANNOTATED, CropReader, open_aflw2000
from morph.errors import MorphError
from morph.evaluation.aflw2000.nme import yaw_bin


def write_labels(folder: Path, n: int = 2000, *, listing: bool = True) -> list[str]:
    """3DDFA's label files with n rows of random faces."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"image{5 * i:05d}.jpg" for i in range(n)]
    points = rng.uniform(100, 350, (n, 3, 68)).astype(np.float32)
    np.save(folder / POSE, rng.uniform(-90, 90, n).astype(np.float32))
    np.save(folder / POINTS, points)
    np.save(folder / REANNOTATED, points[:, :2] + 1)
    np.save(folder / BOXES, np.tile(np.array([90, 91, 360, 361], np.float32), (n, 1)))
    if listing:
        (folder / LIST).write_text("\n".join(names) + "\n")
    return names


@pytest.mark.slow
def test_the_original_folder_with_its_label_files(tmp_path: Path) -> None:
    names = write_labels(tmp_path)
    bench = open_aflw2000(tmp_path)
    assert len(bench) == 2000
    assert bench.names.tolist() == names
    assert bench.original.shape == (2000, 68, 3)
    assert np.array_equal(bench.original, np.load(tmp_path / POINTS).transpose(0, 2, 1))
    assert bench.reannotated == pytest.approx(bench.original[..., :2] + 1, abs=1e-4)
    assert bench.boxes[7].tolist() == [90, 91, 360, 361]
    assert np.bincount(yaw_bin(bench.yaw)).sum() == 2000


def test_label_files_in_a_folder_beside_the_pictures(tmp_path: Path) -> None:
    model = toy_model()
    write_pairs(tmp_path / "AFLW2000", model, [f"image{5 * i:05d}" for i in range(4)])
    write_labels(tmp_path / "test.configs", 4, listing=False)
    faces = toy_coefficients(model, 4)
    points = np.stack([as_mat(model, faces[i])["pt3d_68"] for i in range(4)]).astype(np.float32)
    np.save(tmp_path / "test.configs" / POINTS, points)
    for place in (tmp_path, tmp_path / "AFLW2000"):
        bench = open_aflw2000(place)
        assert bench.names.tolist() == [f"image{5 * i:05d}.jpg" for i in range(4)]
        assert bench.picture(2).shape == (200, 200, 3)
    np.save(tmp_path / "test.configs" / POINTS, points[::-1])
    with pytest.raises(MorphError, match=r"row 0 of .* is not image00000.jpg"):
        open_aflw2000(tmp_path)


def test_both_layouts_say_the_same(tmp_path: Path) -> None:
    write_labels(tmp_path / "a", 30)
    one = open_aflw2000(tmp_path / "a")
    (tmp_path / "b").mkdir()
    np.savez(
        tmp_path / "b" / "AFLW2000_labels.npz",
        names=one.names,
        pts68_original=np.load(tmp_path / "a" / POINTS),
        pts68_reannotated=np.load(tmp_path / "a" / REANNOTATED),
        yaw_deg=one.yaw,
        roi_box=one.boxes,
    )
    two = open_aflw2000(tmp_path / "b")
    for name in ("names", "original", "reannotated", "yaw", "boxes"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_damaged_folders(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(MorphError, match=r"neither AFLW2000_labels\.npz nor"):
        open_aflw2000(tmp_path / "nothing")
    write_labels(tmp_path / "missing", 5)
    (tmp_path / "missing" / BOXES).unlink()
    with pytest.raises(MorphError, match=r"roi_box.npy: missing"):
        open_aflw2000(tmp_path / "missing")
    write_labels(tmp_path / "rows", 5)
    (tmp_path / "rows" / LIST).write_text("a.jpg\nb.jpg\n")
    with pytest.raises(MorphError, match=r"names 2 pictures but .* has 5 rows"):
        open_aflw2000(tmp_path / "rows")
    write_labels(tmp_path / "shape", 5)
    np.save(tmp_path / "shape" / POSE, np.zeros((5, 3)))
    with pytest.raises(MorphError, match=r"yaw must have shape \(5,\)"):
        open_aflw2000(tmp_path / "shape")
    names = write_labels(tmp_path / "nan", 5)
    points = np.load(tmp_path / "nan" / POINTS)
    points[3, 0, 7] = np.nan
    np.save(tmp_path / "nan" / POINTS, points)
    with pytest.raises(MorphError, match=f"original of {names[3]} is not finite"):
        open_aflw2000(tmp_path / "nan")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "AFLW2000_labels.npz").write_text("text")
    with pytest.raises(MorphError, match="cannot be read"):
        open_aflw2000(tmp_path / "text")


def test_published_crops_become_a_crop_set(research_data: Path, tmp_path: Path) -> None:
    bench = open_aflw2000(research_data)
    assert np.bincount(yaw_bin(bench.yaw)).tolist() == [656, 191, 152]
    names = bench.names[:6].tolist()
    write_crops(tmp_path, names, CropReader(bench), {})
    crops = CropSet.open(tmp_path)
    points = crops.labels["landmarks"]
    assert crops.images.shape == (6, 120, 120, 3)
    side = (points.max(1) - points.min(1)).max(1)
    assert side == pytest.approx(120 / np.sqrt(2), rel=0.02)


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    names = write_labels(tmp_path, 3)
    piece = CropReader(open_aflw2000(tmp_path))(names)
    assert len(piece.bad) == 3
    assert names[0] in piece.bad[0]
    savemat(tmp_path / "image00000.mat", {"nothing": 1})
    with pytest.raises(MorphError, match=r"image00000\.mat"):
        open_aflw2000(tmp_path)
