"""Crops of parts of rendered faces, as a first look at the whole face leads to them, beside what that look got wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Floats, Image, Indices
from morph.crop.face_crop import cut
from morph.crop.geometry import resize_similarity
from morph.crop.parts import FacePart
from morph.crop.rules import CropRule
from morph.datasets.augmentation import AugmentationConfig
from morph.datasets.crops import CropSet
from morph.datasets.training_batches import TrainingBatches
from morph.inference.regressor import Regressor
from morph.model import Coefficients, Decoder, landmark_decoder
from morph.model.coefficients import model_symmetry
from morph.model.morphable_model import MorphableModel

MARGIN = 3  # pixels that crops are larger on each side, so that they can be shifted


@dataclass(frozen=True, eq=False)
class PartCrops:
    """N crops of one part with what an expert is told and what it should find.

    Attributes:
        images: ``(N, height + 2 MARGIN, width + 2 MARGIN, 3)`` uint8 RGB.
        context: ``(N, C + 4)`` of the first look, see :meth:`morph.crop.parts.Part.context`.
        truth: ``(N, C)`` true z-scores of the part's expressions.
        opening: ``(N, 2)`` how far the part opens, model's unit: truly, and by the first look.
        weight: ``(N,)`` how well it can be seen.
        picture: ``(N,)`` number of the picture in its set.
    """

    images: Image
    context: Floats
    truth: Floats
    opening: Floats
    weight: Floats
    picture: Indices

    def __len__(self) -> int:
        return len(self.images)


def join(parts: Sequence[PartCrops]) -> PartCrops:
    """One after another."""
    return PartCrops(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in dataclasses.fields(PartCrops))
    )


def rows_of(crops: PartCrops, rows: npt.NDArray[Any]) -> PartCrops:
    """Some of the crops, by numbers or a mask ``(N,)``."""
    return PartCrops(*(getattr(crops, field.name)[rows] for field in dataclasses.fields(PartCrops)))


@dataclass(frozen=True)
class LookOptions:
    """Which pictures are looked at, and what is done to them before.

    Attributes:
        augmentation: of the whole picture, before the first look; None leaves it as it is.
        every: takes each of these pictures only.
        epoch: of the augmentation.
        seed: of the augmentation.
        batch: pictures at a time.
    """

    augmentation: AugmentationConfig | None = None
    every: int = 1
    epoch: int = 0
    seed: int = 0
    batch: int = 64


def cut_parts(
    sets: Sequence[CropSet],
    regressor: Regressor,
    model: MorphableModel,
    views: Sequence[tuple[FacePart, bool]],
    options: LookOptions,
) -> list[PartCrops]:
    """Look at rendered faces once, in crops as inexact as a tracker's, and cut the parts where that look puts them.

    Args:
        sets: with coefficients of ``model``.
        regressor: the first look.
        model: of both.
        views: parts, each with whether it is the other side in the mirror.
        options: which pictures.

    Returns:
        One for each view, in the order of the pictures.
    """
    side = max(crops.images.shape[1] for crops in sets)
    drawn = TrainingBatches(sets, model_symmetry(model), CropRule(side), options.augmentation, options.seed)
    decoder = landmark_decoder(model)
    shrink = resize_similarity(side, regressor.input_size)
    rows = np.arange(0, len(drawn), options.every)
    out: list[list[PartCrops]] = [[] for _ in views]
    for start in range(0, len(rows), options.batch):
        numbers = rows[start : start + options.batch]
        some = drawn.batch(numbers.tolist(), options.epoch)
        found = _look(regressor, some["image"], shrink, side)
        truth = Coefficients.from_flat(some["flat"], model.n_shape)
        looked = _Looked(some["image"], found, truth, numbers)
        for parts, (part, mirrored) in zip(out, views, strict=True):
            parts.append(_cut(part, mirrored, looked, decoder))
    return [join(parts) for parts in out]


def _look(regressor: Regressor, images: Image, shrink: Doubles, side: int) -> Coefficients:
    """What the first look says of square pictures, in their own pixels."""
    small = np.stack([cut(image, shrink, regressor.input_size) for image in images])
    return regressor(small)[0].transform(resize_similarity(regressor.input_size, side))


@dataclass(frozen=True, eq=False)
class _Looked:
    """Pictures ``(N, S, S, 3)``, what a first look found in them, what is true, and their numbers ``(N,)``."""

    images: Image
    found: Coefficients
    truth: Coefficients
    numbers: Indices


def _cut(part: FacePart, mirrored: bool, looked: _Looked, decoder: Decoder) -> PartCrops:
    images, found, truth, numbers = looked.images, looked.found, looked.truth, looked.numbers
    columns = part.columns(decoder.model.expression_names, mirrored)
    resting = decoder(found.shape, 0 * found.expression)
    wide = dataclasses.replace(part, width=part.width + 2 * MARGIN, height=part.height + 2 * MARGIN)
    affines = wide.affines(resting, found, mirrored)
    openings = [part.opening(decoder(c.shape, c.expression), mirrored) for c in (truth, found)]
    return PartCrops(
        np.stack([wide.cut(image, affine) for image, affine in zip(images, affines, strict=True)]),
        part.context(found, columns, resting, mirrored).astype(np.float32),
        truth.expression[:, columns].astype(np.float32),
        np.stack(openings, 1).astype(np.float32),
        part.weight(found.rotation, mirrored).astype(np.float32),
        numbers,
    )
