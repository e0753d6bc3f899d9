"""Batches of augmented crops with labels, drawn anew each epoch from crop sets, the same whatever the number of workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Floats, Image, Indices, Reals
from morph.crop.face_crop import cut
from morph.crop.geometry import compose, resize_similarity
from morph.crop.rules import CropRule
from morph.datasets.augmentation import AugmentationConfig, draw_pixels, draw_similarity
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model.coefficients import Coefficients, ModelSymmetry
from morph.model.ibug68 import MIRRORED_68

Batch = dict[str, npt.NDArray[Any]]


class TrainingBatches:
    """Draws batches from crop sets: a torch-style data set whose items are keys of whole batches.

    Args:
        sets: crop sets with coefficients of one model; rows are numbered through all sets.
        symmetry: of the model, for mirrored pictures.
        crop: how crops are cut, and the side in pixels in which labels are given.
        augmentation: None gives the plain published crop.
        seed: together with epoch and row it decides every random choice.
    """

    def __init__(
        self,
        sets: Sequence[CropSet],
        symmetry: ModelSymmetry,
        crop: CropRule,
        augmentation: AugmentationConfig | None,
        seed: int = 0,
    ) -> None:
        if not sets:
            raise MorphError("no crop sets to draw batches from; name at least one under data.sets")
        self.sets, self.symmetry, self.crop, self.input_size = list(sets), symmetry, crop, crop.size
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
        trust = [
            crops.labels.get("expression_weights", np.ones(part.expression.shape))
            for crops, part in zip(sets, parts, strict=True)
        ]
        self.trust = np.concatenate(trust).astype(np.float32)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def image(self, row: int) -> Image:
        """The stored picture of a row."""
        which = int(np.searchsorted(self.starts, row, side="right")) - 1
        return np.asarray(self.sets[which].images[row - self.starts[which]])

    def batch(self, rows: Sequence[int], epoch: int = 0, pixels: int | None = None) -> Batch:
        """One batch.

        Args:
            rows: row numbers.
            epoch: changes every random choice.
            pixels: side of the pictures; labels stay in pixels of the crop's own.

        Returns:
            image ``(B, pixels, pixels, 3)`` uint8, flat ``(B, S+E+9)``, landmarks ``(B, 68, 2)``, weights ``(B, 68)``,
            expression_weights ``(B, E)``.
        """
        cv2.setNumThreads(0)
        size, pixels = self.input_size, pixels or self.input_size
        shrink = resize_similarity(size, pixels)
        images = np.empty((len(rows), pixels, pixels, 3), np.uint8)
        matrices = np.empty((len(rows), 2, 3))
        flipped = np.zeros(len(rows), bool)
        for i, row in enumerate(rows):
            if self.augmentation is None:
                matrices[i] = self.crop.similarity(self.landmarks[row], self.coefficients.rotation[row])
                images[i] = cut(self.image(row), compose(shrink, matrices[i]), pixels)
                continue
            rng = np.random.default_rng((self.seed, epoch, int(row)))
            matrices[i] = draw_similarity(
                self.augmentation, self.landmarks[row], self.coefficients.rotation[row], self.crop, rng
            )
            border = cv2.BORDER_CONSTANT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
            picture = cut(self.image(row), compose(shrink, matrices[i]), pixels, border)
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
        trust = self.trust[index]
        trust[flipped] = trust[flipped] @ np.abs(self.symmetry.expression).T
        return {
            "image": images,
            "flat": flat.astype(np.float32),
            "landmarks": landmarks.astype(np.float32),
            "weights": weights.astype(np.float32),
            "expression_weights": trust.astype(np.float32),
        }

    def label_statistics(self, count: int = 4096) -> tuple[Floats, Floats]:
        """Mean and standard deviation ``(S+E+9,)`` of flattened coefficients as augmentation draws them."""
        rng = np.random.default_rng((self.seed, 1))
        rows = rng.integers(len(self), size=count)
        config = self.augmentation or AugmentationConfig(rotation=1e-3, translation=0.0, scale=0.0)
        matrices = np.stack(
            [draw_similarity(config, self.landmarks[row], self.coefficients.rotation[row], self.crop, rng) for row in rows]
        )
        coefficients = self.coefficients[rows].transform(matrices)
        both = [coefficients.flatten(), coefficients.mirror(self.symmetry, self.input_size).flatten()]
        flat = np.concatenate(both)
        return flat.mean(0).astype(np.float32), np.maximum(flat.std(0), 0.02).astype(np.float32)

    def __getitem__(self, key: tuple[int, int, tuple[int, ...]]) -> Batch:
        """Item of a data loader without automatic batching: ``key`` is (epoch, pixels, rows)."""
        epoch, pixels, rows = key
        return self.batch(rows, epoch, pixels)


class BatchKeys:
    """Keys of the batches of one epoch; with several processes each takes its share of every batch.

    Args:
        weights: ``(N,)`` how often each row is drawn, relative to the others; 0 never, equal weights give permutations.
        batch: size over all processes together.
        count: batches an epoch.
        pixels: picture size of each epoch; the last one holds from there on.
        seed: of the order.
        rank, world: this process and how many there are.
        parts: in how many parts a process gets its share of a batch, one after another; ``batch`` must be a multiple of
            ``world * parts``. One process with two parts sees the parts that two processes see.
    """

    def __init__(  # noqa: PLR0913 - numbers of a schedule
        self,
        weights: Reals,
        batch: int,
        count: int,
        pixels: Sequence[int],
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        parts: int = 1,
    ) -> None:
        if batch % (world * parts):
            whole = world * parts
            raise MorphError(
                f"a batch of {batch} cannot be shared by {world} processes in {parts} parts; not a multiple of {whole}"
            )
        self.rows = np.flatnonzero(weights)
        chosen = np.asarray(weights, np.float64)[self.rows]
        self.probability = chosen / chosen.sum()
        self.uniform = bool(np.ptp(chosen) == 0)
        self.batch, self.count, self.pixels, self.seed = batch, count, list(pixels), seed
        self.epoch, self.rank, self.world, self.parts = 0, rank, world, parts

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration draws."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count * self.parts

    def order(self) -> Indices:
        """Rows of this epoch, ``(count, batch)``, the same in every process."""
        need, n = self.batch * self.count, len(self.rows)
        if self.uniform:
            start = self.epoch * need
            laps = range(start // n, (start + need - 1) // n + 1)
            shuffled = [np.random.default_rng((self.seed, lap)).permutation(n) for lap in laps]
            drawn = np.concatenate(shuffled)[start - laps[0] * n :][:need]
        else:
            drawn = np.random.default_rng((self.seed, self.epoch)).choice(n, need, p=self.probability)
        return self.rows[drawn].reshape(self.count, self.batch)

    def __iter__(self) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        pixels = self.pixels[min(self.epoch, len(self.pixels) - 1)]
        for row in self.order():
            for part in range(self.parts):
                share = row[self.rank + part * self.world :: self.world * self.parts]
                yield self.epoch, pixels, tuple(int(i) for i in share)
