"""Free photographs: who is kept apart, pictures out of folders and Git repositories, and the sets that prepare.py writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from scripts import load_script

from morph.datasets.crops import CropSet
from morph.datasets.picture_store import FolderStore, GitStore, open_pictures
from morph.datasets.published.free_faces import (
    SIZE,
    kept_apart,
    number_of,
    open_fairface_fit,
    open_free_faces,
    person_of,
    read_fairface,
)
from morph.errors import MorphError
from morph.fitting.landmark_sets import open_point_set
from morph.model import Coefficients, load_default_model
from morph.model.decoder import landmark_decoder
from morph.model.rotation import euler_to_matrix

PORTRAITS = (
    ("hainish_0", "hainish", "hainish/images/A000014.jpg"),
    ("cse151a_0", "cse151a", "cse151a/images/A000014.jpg"),
    ("obama_wh_0", "obama_wh", "obama_wh/a.mp4#0"),
    ("fairface_1", "fairface", "train/1.jpg"),
)


def picture(seed: int, side: int = 224) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)


def coefficients(count: int) -> Coefficients:
    model = load_default_model(0)
    return Coefficients(
        np.zeros((count, model.n_shape)),
        np.zeros((count, model.n_expression)),
        euler_to_matrix(np.radians(np.tile([0.0, 20.0, 0.0], (count, 1)))),
        np.full(count, 0.9),
        np.full((count, 2), 111.5),
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four labelled portraits, and sixteen fitted pictures of FairFace of which one is of val/."""
    folder = tmp_path / "free"
    (folder / "images").mkdir(parents=True)
    names, sources, origins = zip(*PORTRAITS, strict=True)
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), picture(number, 192))
    points = np.random.default_rng(0).integers(0, 8 * 192, (4, 478, 2)).astype(np.int16)
    np.savez(folder / "labels.npz", name=names, source=sources, origin=origins, size=np.full(4, 192), points478_x8=points)
    flat = coefficients(16).flatten()
    listed = [f"train/{n}.jpg" for n in range(1, 16)] + ["val/1.jpg"]
    np.savez(folder / "fairface_fit.npz", name=listed, shape_expression=flat[:, :-9], pose=flat[:, -9:], error=np.full(16, 0.7))
    return folder


@pytest.fixture
def fairface(tmp_path: Path) -> Path:
    folder = tmp_path / "fairface"
    (folder / "fair_face" / "train").mkdir(parents=True)
    for number in range(1, 16):
        cv2.imwrite(str(folder / "fair_face" / "train" / f"{number}.jpg"), picture(100 + number))
    return folder


def test_one_person_is_one_whatever_the_source() -> None:
    assert person_of("hainish", "hainish/images/A000014.jpg") == person_of("cse151a", "cse151a/images/A000014.jpg")
    assert person_of("obama_wh", "a.mp4#0") == person_of("obama_wh", "b.mp4#35")
    assert person_of("pif", "2012/adam-becker-headshot.png") == person_of("pif_other", "banners/Adam_Becker_headshot.jpg")
    assert person_of("hainish", "A000014.jpg") != person_of("ukmps_kanishka", "A000014.jpg")


def test_one_in_eight_is_kept_apart_the_same_everywhere() -> None:
    numbers = [number_of(f"person {i}") for i in range(4000)]
    assert abs(kept_apart(numbers).mean() - 1 / 8) < 0.02
    assert number_of("congress/a000014") == 2022011101


def test_pictures_of_val_never_come_out(fairface: Path) -> None:
    with pytest.raises(MorphError, match=r"val/1\.jpg is not of train/"):
        read_fairface(FolderStore(fairface / "fair_face"), "val/1.jpg")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_bare_repository_gives_the_same_bytes_as_a_folder(fairface: Path, tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", "-C", str(fairface)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "pictures"]):
        subprocess.run([*git, *command], check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(fairface), str(tmp_path / "bare.git")], check=True)
    store = open_pictures(tmp_path / "bare.git", "fair_face")
    assert isinstance(store, GitStore)
    folder = open_pictures(fairface, "fair_face")
    for name in ("train/1.jpg", "train/15.jpg", "train/1.jpg"):
        assert store.read(name) == folder.read(name)
    with pytest.raises(MorphError, match=r"has no fair_face/train/99\.jpg"):
        store.read("train/99.jpg")
    store.close()


def test_missing_and_damaged_files_are_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="has no folder fair_face and is no Git repository"):
        open_pictures(tmp_path, "fair_face")
    with pytest.raises(MorphError, match="cannot be read"):
        open_free_faces(tmp_path)
    (data / "fairface_fit.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(MorphError, match="fairface_fit"):
        open_fairface_fit(data / "fairface_fit.npz", 80)
    (data / "images" / "hainish_0.jpg").write_bytes(b"no picture")
    with pytest.raises(MorphError, match="not a picture"):
        open_free_faces(data).picture(0)


def test_prepared_sets_hold_what_teaches_and_what_does_not(data: Path, fairface: Path, tmp_path: Path) -> None:
    script = load_script("data/free_faces/prepare.py")
    out = tmp_path / "crops"
    arguments = ["--data", str(data), "--fairface", str(fairface), "--out", str(out)]
    script.run(script.parser().parse_args(arguments))
    taught, held = CropSet.open(out / "fairface"), CropSet.open(out / "fairface_held")
    assert len(taught) + len(held) == 15
    assert not set(taught.labels["name"]) & set(held.labels["name"])
    assert kept_apart(held.labels["group"]).all()
    assert not kept_apart(taught.labels["group"]).any()
    taught.check_model(load_default_model(1), out, "")
    marks = landmark_decoder(load_default_model(1)).project(coefficients(1))[0, :, :2]
    assert taught.labels["landmarks"][0] == pytest.approx((marks + 0.5) * SIZE / 224 - 0.5, abs=0.05)
    number = int(taught.labels["name"][0].split("/")[1].split(".")[0])
    near = cv2.resize(picture(100 + number)[..., ::-1], (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    assert np.abs(taught.images[0].astype(int) - near).mean() < 6
    portraits = [open_point_set(out / name, 478) for name in ("portraits", "portraits_held")]
    assert sorted(name for part in portraits for name in part.names) == ["cse151a_0", "hainish_0", "obama_wh_0"]
    first = next(part for part in portraits if "hainish_0" in part.names)
    row = first.names.tolist().index("hainish_0")
    assert first.points[row] == pytest.approx((open_free_faces(data).points[0] + 0.5) * SIZE / 192 - 0.5, abs=1e-3)
