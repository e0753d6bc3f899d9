"""Augmented batches: pixels, landmarks and coefficients move together."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from toy_crops import MODEL, crop_set

from morph.crop.face_crop import cut
from morph.crop.geometry import crop_similarity
from morph.crop.rules import CropRule
from morph.datasets.augmentation import AugmentationConfig, draw_pixels
from morph.datasets.crops import CropSet
from morph.datasets.training_batches import BatchKeys, TrainingBatches
from morph.errors import MorphError
from morph.model import Coefficients, landmark_decoder, model_symmetry
from morph.model.ibug68 import MIRRORED_68


def batches(augmentation: AugmentationConfig | None) -> TrainingBatches:
    return TrainingBatches([crop_set()], model_symmetry(MODEL), CropRule(120), augmentation, seed=3)


PLAIN_PIXELS = AugmentationConfig(colour=0, grey=0, blur=0, low_resolution=0, noise=0, jpeg=0, occluder=0)


@pytest.mark.parametrize("epoch", [0, 1, 5])
def test_decoded_coefficients_land_on_augmented_landmarks(epoch: int) -> None:
    batch = batches(AugmentationConfig()).batch(range(12), epoch)
    points = landmark_decoder(MODEL).project(Coefficients.from_flat(batch["flat"], 4))[..., :2]
    assert np.abs(points - batch["landmarks"]).max() < 0.1


@pytest.mark.parametrize("pixels", [120, 80])
def test_pixels_move_with_landmarks(pixels: int) -> None:
    batch = batches(PLAIN_PIXELS).batch(range(12), 2, pixels)
    k = pixels / 120
    for image, points in zip(batch["image"].astype(float), batch["landmarks"], strict=True):
        mass = image[..., 0]
        y, x = np.mgrid[:pixels, :pixels]
        centre = np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()
        want = points[30] * k + (k - 1) / 2
        if (want > 8).all() and (want < pixels - 8).all():
            assert np.abs(centre - want).max() < 0.3


def test_augmentation_is_drawn_anew_each_epoch_and_repeats_with_its_seed() -> None:
    first, again, later = (batches(AugmentationConfig()).batch([0, 1], epoch) for epoch in (0, 0, 1))
    assert all((first[name] == again[name]).all() for name in first)
    assert np.abs(first["landmarks"] - later["landmarks"]).max() > 1


def test_both_mirrored_and_plain_pictures_come_out() -> None:
    batch = batches(PLAIN_PIXELS).batch(range(12), 0)
    plain = batches(None).batch(range(12), 0)
    mirrored = np.abs(batch["flat"][:, 1] + plain["flat"][:, 1]) < 1e-5  # mode 1 is odd: it changes sign
    kept = np.abs(batch["flat"][:, 1] - plain["flat"][:, 1]) < 1e-5
    assert mirrored.any()
    assert kept.any()
    assert (mirrored | kept).all()


def test_mirroring_landmarks_twice_changes_nothing() -> None:
    assert (MIRRORED_68[MIRRORED_68] == np.arange(68)).all()
    assert MIRRORED_68[0] == 16
    assert MIRRORED_68[36] == 45
    assert MIRRORED_68[48] == 54
    assert MIRRORED_68[60] == 64


def test_published_crop() -> None:
    points = np.zeros((68, 2))
    points[:, 0] = np.linspace(100, 200, 68)
    points[:, 1] = np.linspace(50, 100, 68)
    matrix = crop_similarity(points, 120)
    side = 100 * np.sqrt(2)
    assert np.allclose(matrix[:, :2], np.eye(2) * 120 / side)
    assert np.allclose(matrix @ [150, 75, 1], [59.5, 59.5])


def test_strong_shrinking_keeps_position() -> None:
    image = np.zeros((480, 480, 3), np.uint8)
    cv2.circle(image, (300, 200), 20, (255, 255, 255), -1)
    matrix = np.array([[0.125, 0, 3.0], [0, 0.125, 1.0]])
    mass = cut(image, matrix, 64)[..., 0].astype(float)
    y, x = np.mgrid[:64, :64]
    centre = np.array([(mass * x).sum(), (mass * y).sum()]) / mass.sum()
    assert np.abs(centre - (matrix @ [300, 200, 1])).max() < 0.1


@pytest.mark.parametrize("weights", [np.ones(10), np.arange(10.0)])
def test_processes_share_the_batches_of_one(weights: np.ndarray) -> None:
    whole = BatchKeys(weights, 4, 3, [120], seed=5)
    parts = [BatchKeys(weights, 4, 3, [120], seed=5, rank=rank, world=2) for rank in range(2)]
    for keys in (whole, *parts):
        keys.set_epoch(7)
    for one, first, second in zip(whole, *parts, strict=True):
        assert sorted(one[2]) == sorted(first[2] + second[2])


def test_even_weights_draw_every_row_once_a_lap() -> None:
    keys = BatchKeys(np.array([1, 0, 1, 1, 1, 0, 1.0]), 5, 1, [120])
    for epoch in range(3):
        keys.set_epoch(epoch)
        assert sorted(keys.order().ravel()) == [0, 2, 3, 4, 6]


def test_batch_that_processes_cannot_share() -> None:
    with pytest.raises(MorphError, match="multiple of 3"):
        BatchKeys(np.ones(10), 4, 1, [120], world=3)


def test_crop_set_round_trip_and_damage(tmp_path: Path) -> None:
    crop_set().save(tmp_path / "set")
    again = CropSet.open(tmp_path / "set")
    assert len(again) == 12
    assert (again.images == crop_set().images).all()
    (tmp_path / "set" / "labels.npz").write_bytes(b"broken")
    with pytest.raises(MorphError, match="not the labels of a crop set, or damaged"):
        CropSet.open(tmp_path / "set")


def test_style_changes_colours_and_keeps_shape() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64]
    disc = ((x - 32) ** 2 + (y - 30) ** 2 < 18**2).astype(np.float32)
    image = np.clip(60 + 110 * disc[..., None] * [1.0, 0.8, 0.6] + rng.normal(0, 3, (64, 64, 3)), 0, 255).astype(np.uint8)
    quiet = dict.fromkeys(("colour", "grey", "blur", "low_resolution", "noise", "jpeg", "occluder"), 0.0)
    styled = [draw_pixels(AugmentationConfig(**quiet, style=1.0), image, np.random.default_rng(i)) for i in range(20)]
    shift = [np.abs(picture.astype(float) - image).mean() for picture in styled]
    assert np.median(shift) > 15
    edges = [abs(np.corrcoef(_edges(picture).ravel(), _edges(image).ravel())[0, 1]) for picture in styled]
    assert np.median(edges) > 0.5
    plain = draw_pixels(AugmentationConfig(**quiet), image, np.random.default_rng(0))
    np.testing.assert_array_equal(plain, image)


def _edges(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    grey = picture.astype(np.float64).mean(-1)
    down, across = np.gradient(grey)
    return np.hypot(down, across)


def test_trust_in_expressions_is_mirrored_with_them() -> None:
    crops = crop_set()
    weights = np.random.default_rng(0).uniform(0, 1, (12, 3)).astype(np.float32)
    doubted = CropSet(crops.images, crops.labels | {"expression_weights": weights}, crops.meta)
    symmetry = model_symmetry(MODEL)
    plain = TrainingBatches([doubted], symmetry, CropRule(120), None).batch(range(12))["expression_weights"]
    assert (plain == weights).all()
    assert (batches(None).batch([0, 1])["expression_weights"] == 1).all()
    always = AugmentationConfig(flip=1.0)
    flipped = TrainingBatches([doubted], symmetry, CropRule(120), always).batch(range(12))["expression_weights"]
    assert np.allclose(flipped, weights @ np.abs(symmetry.expression).T)
