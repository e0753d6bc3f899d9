"""Batches of augmented crops with labels, drawn anew each epoch from crop sets, the same whatever the number of workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.datasets.augmentation import (
    MIRRORED_68,
    AugmentationConfig,
    compose,
    crop_similarity,
    draw_pixels,
    draw_similarity,
    resize_similarity,
    warp,
)
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model.coefficients import Coefficients, ModelSymmetry

Batch = dict[str, npt.NDArray[Any]]


class TrainingBatches:
    """Draws batches from crop sets: a torch-style data set whose items are keys of whole batches.

    Args:
        sets: crop sets with coefficients of one model; rows are numbered through all sets.
        symmetry: of the model, for mirrored pictures.
        input_size: side in pixels of the crop in which labels are given.
        augmentation: None gives the plain published crop.
        seed: together with epoch and row it decides every random choice.
    """

    def __init__(
        self,
        sets: Sequence[CropSet],
        symmetry: ModelSymmetry,
        input_size: int,
        augmentation: AugmentationConfig | None,
        seed: int = 0,
    ) -> None:
        if not sets:
            raise MorphError("no crop sets to draw batches from; name at least one under data.sets")
        self.sets, self.symmetry, self.input_size = list(sets), symmetry, input_size
        self.augmentation, self.seed = augmentation, seed
        self.starts = np.cumsum([0, *(len(crops) for crops in sets)])
        parts = [crops.coefficients for crops in sets]
        self.coefficients = Coefficients(
            *(
                np.concatenate([getattr(p, name) for p in parts])
                for name in ("shape", "expression", "rotation", "scale", "translation")
            )
        )
        self.landmarks = np.concatenate([crops.labels["landmarks"] for crops in sets]).astype(np.float32)
        weights = [crops.labels.get("landmark_weights", np.ones((len(crops), 68), np.float32)) for crops in sets]
        self.weights = np.concatenate(weights).astype(np.float32)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def image(self, row: int) -> npt.NDArray[np.uint8]:
        """The stored picture of a row."""
        which = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.sets[which].images[row - self.starts[which]]

    def batch(self, rows: Sequence[int], epoch: int = 0, pixels: int | None = None) -> Batch:
        """One batch.

        Args:
            rows: row numbers.
            epoch: changes every random choice.
            pixels: side of the pictures; labels stay in pixels of ``input_size``.

        Returns:
            image ``(B, pixels, pixels, 3)`` uint8, flat ``(B, S+E+9)``, landmarks ``(B, 68, 2)``, weights ``(B, 68)``.
        """
        cv2.setNumThreads(0)
        size, pixels = self.input_size, pixels or self.input_size
        shrink = resize_similarity(size, pixels)
        images = np.empty((len(rows), pixels, pixels, 3), np.uint8)
        matrices = np.empty((len(rows), 2, 3))
        flipped = np.zeros(len(rows), bool)
        for i, row in enumerate(rows):
            if self.augmentation is None:
                matrices[i] = crop_similarity(self.landmarks[row], size)
                images[i] = warp(self.image(row), compose(shrink, matrices[i]), pixels, cv2.BORDER_CONSTANT)
                continue
            rng = np.random.default_rng((self.seed, epoch, int(row)))
            matrices[i] = draw_similarity(self.augmentation, self.landmarks[row], size, rng)
            border = cv2.BORDER_CONSTANT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
            picture = warp(self.image(row), compose(shrink, matrices[i]), pixels, border)
            flipped[i] = rng.random() < self.augmentation.flip
            if flipped[i]:
                picture = np.ascontiguousarray(picture[:, ::-1])
            images[i] = draw_pixels(self.augmentation, picture, rng)
        index = np.asarray(rows)
        coefficients = self.coefficients[index].transform(matrices)
        landmarks = np.einsum("bij,bnj->bni", matrices[..., :2], self.landmarks[index]) + matrices[:, None, :, 2]
        weights = self.weights[index]
        flat = coefficients.flatten()
        flat[flipped] = coefficients[flipped].mirror(self.symmetry, size).flatten()
        landmarks[flipped] = (landmarks[flipped] * [-1, 1] + [size - 1, 0])[:, MIRRORED_68]
        weights = np.where(flipped[:, None], weights[:, MIRRORED_68], weights)
        return {
            "image": images,
            "flat": flat.astype(np.float32),
            "landmarks": landmarks.astype(np.float32),
            "weights": weights.astype(np.float32),
        }

    def __getitem__(self, key: tuple[int, int, tuple[int, ...]]) -> Batch:
        """Item of a data loader without automatic batching: ``key`` is (epoch, pixels, rows)."""
        epoch, pixels, rows = key
        return self.batch(rows, epoch, pixels)


class BatchKeys:
    """Keys of the batches of one epoch; with several processes each takes its share of every batch.

    Args:
        weights: ``(N,)`` how often each row is drawn, relative to the others; uniform weights give permutations.
        batch: size over all processes together.
        count: batches an epoch.
        seed: of the order.
    """

    def __init__(self, weights: npt.NDArray[np.floating], batch: int, count: int, seed: int = 0) -> None:
        self.probability = np.asarray(weights, np.float64) / np.sum(weights)
        self.uniform = bool(np.ptp(weights) == 0)
        self.batch, self.count, self.seed = batch, count, seed
        self.epoch, self.pixels, self.rank, self.world = 0, 0, 0, 1

    def __len__(self) -> int:
        return self.count

    def _rows(self) -> npt.NDArray[np.int64]:
        need, n = self.batch * self.count, len(self.probability)
        if not self.uniform:
            return np.random.default_rng((self.seed, self.epoch)).choice(n, need, p=self.probability)
        first, stop = self.epoch * need // n, ((self.epoch + 1) * need - 1) // n
        orders = [np.random.default_rng((self.seed, 0, lap)).permutation(n) for lap in range(first, stop + 1)]
        return np.concatenate(orders)[self.epoch * need - first * n :][:need]

    def __iter__(self) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        rows = self._rows().reshape(self.count, self.batch)
        for row in rows:
            yield self.epoch, self.pixels, tuple(int(i) for i in row[self.rank :: self.world])
