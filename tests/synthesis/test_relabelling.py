"""Landmarks of other vertices for pictures that are there already."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.model import Decoder
from morph.synthesis import Renderer, SynthesisPlan, relabel_landmarks, render_range
from morph.synthesis.sets.apparent import apparent_shapes, landmark_misfit


@pytest.fixture(scope="module")
def crops(renderer: Renderer) -> CropSet:
    made = render_range(renderer, SynthesisPlan(5, seed=2, size=64), 0, 5)
    return CropSet(made.pop("images"), made, {})


def test_the_same_vertices_give_the_same_landmarks(renderer: Renderer, crops: CropSet) -> None:
    again = relabel_landmarks(crops, renderer.model, chunk=2)
    np.testing.assert_allclose(again.labels["landmarks"], crops.labels["landmarks"], atol=2e-3)
    np.testing.assert_array_equal(again.labels["visibility"], crops.labels["visibility"])
    assert again.images is crops.images
    assert again.meta["landmark_model"] == renderer.model.identity


def test_other_vertices(renderer: Renderer, crops: CropSet) -> None:
    model = renderer.model
    other = dataclasses.replace(model, landmarks=np.roll(model.landmarks, 5))
    again = relabel_landmarks(crops, other).labels["landmarks"]
    np.testing.assert_allclose(again, np.roll(crops.labels["landmarks"], 5, axis=1), atol=2e-3)
    picture = renderer.render((2, 3), 64)
    vertices = Decoder(model)(picture.shape, picture.expression)
    np.testing.assert_allclose(picture.perspective.project(vertices)[other.landmarks, :2], again[3], atol=2e-3)


def test_sets_that_cannot_be_relabelled(renderer: Renderer, crops: CropSet) -> None:
    bare = CropSet(crops.images, {k: v for k, v in crops.labels.items() if k != "camera_focal"}, {})
    with pytest.raises(MorphError, match="has no camera_focal"):
        relabel_landmarks(bare, renderer.model)
    short = CropSet(crops.images, {**crops.labels, "shape": crops.labels["shape"][:, :7]}, {})
    with pytest.raises(MorphError, match="has 7 "):
        relabel_landmarks(short, renderer.model)


def test_apparent_shapes_lie_on_the_picture(renderer: Renderer, crops: CropSet) -> None:
    true, apparent = crops, apparent_shapes(crops, renderer.model, chunk=2)
    assert landmark_misfit(apparent, renderer.model) < 0.75 * landmark_misfit(true, renderer.model)
    moved = np.linalg.norm(apparent.labels["shape"] - true.labels["shape"], axis=1)
    assert (moved > 0.3).all()
    assert (moved < 8).all()
    np.testing.assert_array_equal(apparent.labels["landmarks"], true.labels["landmarks"])
    near, far = np.argsort(true.labels["camera_focal"])[[0, -1]]  # a long lens stands far off
    assert moved[far] < moved[near]
    bare = CropSet(crops.images, {k: v for k, v in crops.labels.items() if k != "camera_focal"}, {})
    with pytest.raises(MorphError, match="has no camera_focal"):
        apparent_shapes(bare, renderer.model)
