"""Held-out renders as a reader sees them: the one way from a set to what is found in it, for every bench on renders."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from morph.arrays import Reals
from morph.crop.face_crop import box_of
from morph.datasets.crops import CropSet
from morph.evaluation.aflw2000.pose import nearest_euler
from morph.evaluation.aflw2000.weights import open_weights
from morph.inference.face_reader import FaceReader, Look
from morph.inference.regressor import default_weights
from morph.model.coefficients import Coefficients, stack
from morph.model.morphable_model import MorphableModel
from morph.stopwatch import Stopwatch
from morph.tracking.options import TrackerOptions


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A set, and what was found in it.

    Attributes:
        crops: the set with its truth.
        model: of the coefficients.
        reader: what looked.
        looks: one a picture.
        weights: file name of the regressor.
    """

    crops: CropSet
    model: MorphableModel
    reader: FaceReader
    looks: list[Look]
    weights: str

    @property
    def found(self) -> Coefficients:
        """Of all pictures."""
        return stack([look.coefficients for look in self.looks])


def read_held_out(folder: str | os.PathLike[str], options: TrackerOptions | None = None) -> HeldOut:
    """Look at all pictures of a crop set with coefficients that the weights did not see in training.

    Args:
        folder: a set of ``morph synth`` with a seed, or picture numbers, of its own.
        options: networks and model of a tracker; weights may be ``.safetensors``, too; None are the defaults.

    Raises:
        MorphError: files missing or damaged, or the set belongs to another model than the weights.
    """
    crops = CropSet.open(folder)
    options = options or TrackerOptions()
    weights = open_weights(options.weights or default_weights())
    model = weights.find_model(options.model)
    crops.check_model(model, folder, "render a set with `morph synth`")
    reader = options.open_reader(model, weights.reading)
    return HeldOut(crops, model, reader, look_at(crops, reader), weights.name)


def look_at(crops: CropSet, reader: FaceReader, batch: int = 64) -> list[Look]:
    """What a reader says of the pictures of a set, in their pixels, from crops about the true landmarks.

    Args:
        crops: the set.
        reader: as a tracker has one.
        batch: faces at a time.
    """
    looks: list[Look] = []
    for start in range(0, len(crops), batch):
        rows = slice(start, start + batch)
        images = list(crops.images[rows])
        boxes = [box_of(points) for points in crops.labels["landmarks"][rows]]
        watch = Stopwatch()
        looks += reader.look_on(images, reader.look_once(images, boxes, [0.0] * len(boxes), watch), watch, every=True)
    return looks


def smaller_euler(rotation: Reals) -> Reals:
    """``(N, 3)`` radians: of the two sets of Euler angles of each rotation ``(N, 3, 3)`` the smaller one."""
    return nearest_euler(rotation, np.zeros((len(rotation), 3)))
