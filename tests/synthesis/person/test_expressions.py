"""Expressions as faces make them: every weight is drawn, sides apart, and the eyeballs look where the weights say."""

from __future__ import annotations

import numpy as np
import pytest

from morph.model import load_default_model
from morph.synthesis.person.expressions import LIVELY, correlations, sample_expression
from morph.synthesis.person.people import gaze_of

NAMES = load_default_model(0).expression_names


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """``(N, E)`` weights."""
    rng = np.random.default_rng(5)
    faces = [sample_expression(rng) for _ in range(4000)]
    assert not {name for face in faces for name in face} - set(NAMES)
    return np.array([[face.get(name, 0.0) for name in NAMES] for face in faces])


def test_each_weight_is_large_in_three_of_a_hundred_faces_and_none_leaves_its_range(drawn: np.ndarray) -> None:
    shares = dict(zip(NAMES, (drawn > 0.3).mean(0), strict=True))
    assert min(shares.values()) > 0.03, shares
    assert 0 <= drawn.min() <= drawn.max() <= 1


@pytest.mark.parametrize(
    "stem", ["mouthSmile", "browDown", "mouthStretch", "eyeSquint", "mouthUpperUp", "noseSneer", "eyeBlink"]
)
def test_sides_go_together_without_being_tied(drawn: np.ndarray, stem: str) -> None:
    left, right = (drawn[:, NAMES.index(stem + side)] for side in ("Left", "Right"))
    assert 0.2 < np.corrcoef(left, right)[0, 1] < 0.93
    assert (np.abs(left - right) > 0.3).mean() > 0.02


def test_weights_go_together_as_in_photographs(drawn: np.ndarray) -> None:
    names, matrix = correlations()
    assert np.allclose(matrix, matrix.T)
    pairs = [("mouthSmileLeft", "mouthUpperUpLeft"), ("browInnerUp", "browOuterUpLeft"), ("mouthLowerDownLeft", "jawOpen")]
    for pair in pairs:
        one, other = (drawn[:, NAMES.index(name)] for name in pair)
        assert matrix[names.index(pair[0]), names.index(pair[1])] > 0.3
        assert np.corrcoef(one, other)[0, 1] > 0.15


def test_a_closed_mouth_over_an_open_jaw_never_passes_it(drawn: np.ndarray) -> None:
    close, jaw = (drawn[:, NAMES.index(name)] for name in ("mouthClose", "jawOpen"))
    assert (close <= jaw + 1e-9).all()
    assert (drawn[drawn[:, NAMES.index("tongueOut")] > 0, NAMES.index("jawOpen")] > 0.02).all()


def test_eyeballs_look_where_the_weights_say() -> None:
    """The left eye looks out to the subject's left, which is to the right of a frontal picture."""
    (left, right) = gaze_of({"eyeLookOutLeft": 1.0, "eyeLookInRight": 0.5, "eyeLookUpLeft": 1.0, "eyeLookDownRight": 0.5})
    np.testing.assert_allclose(np.degrees(left), [30, 25])
    np.testing.assert_allclose(np.degrees(right), [15, -15])
    model = load_default_model(0)
    for eye, weights in enumerate([{"eyeLookOutLeft": 1.0}, {"eyeLookInRight": 1.0}]):
        region = model.region_names.index(("left_eye", "right_eye")[eye])
        ball = np.unique(model.triangles[model.regions == region])
        (name,) = weights
        moved = model.expression_basis[ball][:, :, model.expression_names.index(name)]
        front = model.mean[ball, 2].argmax()
        assert np.sign(moved[front, 0]) == np.sign(gaze_of(weights)[eye, 0])


def test_lively_faces_do_more_of_everything(drawn: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    faces = [sample_expression(rng, LIVELY) for _ in range(2000)]
    lively = np.array([[face.get(name, 0.0) for name in NAMES] for face in faces])
    gaze = [i for i, name in enumerate(NAMES) if name.startswith(("eyeLook", "eyeBlink"))]
    more = (lively > 0.3).mean(0) - (drawn > 0.3).mean(0)
    assert np.delete(more, gaze).min() > 0.01
    assert 0 <= lively.min() <= lively.max() <= 1
