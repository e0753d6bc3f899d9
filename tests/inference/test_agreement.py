"""Expressions of one network that keep the landmarks of another."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from morph.inference.agreement import LandmarkAgreement
from morph.model import Coefficients, Decoder, landmark_decoder, load_default_model


@pytest.fixture(scope="module")
def landmarks() -> Decoder:
    return landmark_decoder(load_default_model(0))


@pytest.fixture(scope="module")
def seen(landmarks: Decoder) -> Coefficients:
    rng = np.random.default_rng(2)
    model = landmarks.model
    expression = rng.uniform(0, 0.5, (20, model.n_expression)) / model.expression_std
    return Coefficients(
        rng.normal(size=(20, model.n_shape)).astype(np.float32),
        expression.astype(np.float32),
        np.tile(np.eye(3, dtype=np.float32), (20, 1, 1)),
        np.ones(20, np.float32),
        np.zeros((20, 2), np.float32),
    )


def distance(landmarks: Decoder, seen: Coefficients, shape: np.ndarray, expression: np.ndarray) -> float:
    offset = landmarks(shape, expression) - landmarks(seen.shape, seen.expression)
    return float(np.linalg.norm(offset - offset.mean(1, keepdims=True), axis=-1).mean())


def test_what_agrees_stays(landmarks: Decoder, seen: Coefficients) -> None:
    kept = LandmarkAgreement(landmarks)(seen.expression, seen, seen.shape)
    np.testing.assert_allclose(kept, seen.expression, atol=1e-4)


def test_landmarks_come_nearer_and_weights_that_move_none_stay(landmarks: Decoder, seen: Coefficients) -> None:
    model = landmarks.model
    wrong = (seen.expression + np.random.default_rng(3).normal(0, 0.5, seen.expression.shape)).astype(np.float32)
    shape = (seen.shape + 0.2).astype(np.float32)
    agreed = LandmarkAgreement(landmarks)(wrong, seen, shape)
    before, after = (distance(landmarks, seen, shape, values) for values in (wrong, agreed))
    assert after < 0.9 * before
    for name in ("tongueOut", "eyeLookInLeft"):
        column = model.expression_names.index(name)
        moved = np.abs(agreed - wrong)[:, column] * model.expression_std[column]
        assert moved.max() < 0.02
    turned = dataclasses.replace(seen, translation=seen.translation + 50)
    assert np.array_equal(LandmarkAgreement(landmarks)(wrong, turned, shape), agreed)  # pose does not matter
