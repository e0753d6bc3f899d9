"""Fits of known faces come back; jaw points slide on the outline; the prior holds where points are few."""

from __future__ import annotations

import numpy as np
import pytest

from morph.errors import MorphError
from morph.fitting import fit_landmarks
from morph.fitting.contour import contour_lines
from morph.fitting.options import FitOptions
from morph.model import Coefficients, Decoder, MorphableModel, load_default_model
from morph.model.rotation import angle_between, euler_to_matrix

pytest.importorskip("torch")
CONTOUR_SAMPLES = 40


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


def faces(model: MorphableModel, yaw: list[float], seed: int = 0, spread: float = 0.8) -> Coefficients:
    rng = np.random.default_rng(seed)
    n = len(yaw)
    angles = np.radians(np.stack([rng.uniform(-15, 15, n), np.array(yaw), rng.uniform(-20, 20, n)], axis=1))
    return Coefficients(
        spread * rng.normal(size=(n, model.n_shape)).clip(-2, 2),
        spread * rng.normal(size=(n, model.n_expression)).clip(-2, 2),
        euler_to_matrix(angles),
        rng.uniform(0.5, 0.7, n),
        rng.uniform(50, 70, (n, 2)),
    )


def pixels(model: MorphableModel, true: Coefficients) -> np.ndarray:
    return Decoder(model, model.landmarks).project(true)


def outline(model: MorphableModel, true: Coefficients) -> np.ndarray:
    """What an annotator of pictures marks: jaw points that are turned away lie where the cheek ends in the picture."""
    lines = contour_lines(model, CONTOUR_SAMPLES)
    points = pixels(model, true)[..., :2].copy()
    decode = Decoder(model)
    for i in range(len(points)):
        face = true[i]
        samples = lines.sample(decode(face.shape, face.expression)) @ face.rotation.T
        outward = lines.outward @ face.rotation.T
        best = np.einsum("lki,li->lk", samples[..., :2], outward[:, :2]).argmax(1)
        hidden = outward[:, 2] < 0.1
        there = samples[np.arange(17), best, :2] * face.scale * [1, -1] + face.translation
        points[i, :17][hidden] = there[hidden]
    return points


def test_known_faces_come_back_in_three_dimensions(model: MorphableModel) -> None:
    true = faces(model, [-80, -40, 0, 30, 75])
    fit = fit_landmarks(model, pixels(model, true), options=FitOptions(contour="fixed", noise=0.001, iterations=30))
    assert fit.error.max() < 0.1
    assert np.degrees(angle_between(fit.coefficients.rotation, true.rotation)).max() < 1.0
    np.testing.assert_allclose(fit.coefficients.scale, true.scale, rtol=0.02)
    np.testing.assert_allclose(fit.landmarks, fit.matched)


def test_depth_may_count_from_anywhere(model: MorphableModel) -> None:
    true = faces(model, [10, -50])
    points = pixels(model, true)
    moved = points + np.array([0.0, 0.0, 300.0])
    first, second = (fit_landmarks(model, p, options=FitOptions(contour="fixed")) for p in (points, moved))
    np.testing.assert_allclose(first.coefficients.rotation, second.coefficients.rotation, atol=1e-3)


def test_noise_is_not_fitted(model: MorphableModel) -> None:
    true = faces(model, [0, 25, -45, 60] * 6)
    points = pixels(model, true)[..., :2]
    noisy = points + np.random.default_rng(1).normal(scale=1.0, size=points.shape)
    fit = fit_landmarks(model, noisy, options=FitOptions(contour="fixed"))
    left = np.linalg.norm(fit.landmarks - points, axis=-1).mean()
    assert left < 0.75 * np.linalg.norm(noisy - points, axis=-1).mean()
    z = np.concatenate([fit.coefficients.shape, fit.coefficients.expression], 1)
    assert z.std() < 1.0


def test_an_outlier_hardly_moves_the_face(model: MorphableModel) -> None:
    true = faces(model, [20])
    points = pixels(model, true)[..., :2]
    wrong = points.copy()
    wrong[0, 45] += 60.0
    fit = fit_landmarks(model, wrong, options=FitOptions(contour="fixed"))
    others = np.arange(68) != 45
    assert np.linalg.norm(fit.landmarks - points, axis=-1)[0, others].mean() < 1.5


@pytest.mark.parametrize("yaw", [70.0, -70.0, 45.0])
def test_contour_points_slide_at_large_yaw(model: MorphableModel, yaw: float) -> None:
    true = faces(model, [yaw] * 8, seed=3)
    annotated, wanted = outline(model, true), pixels(model, true)[..., :2]
    assert np.linalg.norm(annotated - wanted, axis=-1)[:, :17].max() > 5.0  # the outline is elsewhere than the jaw line
    left = {}
    for contour in ("move", "fixed"):
        fit = fit_landmarks(model, annotated, options=FitOptions(contour=contour))
        left[contour] = np.linalg.norm(fit.landmarks - wanted, axis=-1).mean()
        if contour == "move":
            assert fit.error.mean() < 1.0
    assert left["move"] < 0.6 * left["fixed"]


def test_ignored_jaw_has_no_say(model: MorphableModel) -> None:
    true = faces(model, [0, 50])
    points = pixels(model, true)[..., :2]
    wild = points.copy()
    wild[:, :17] += 30.0
    first, second = (fit_landmarks(model, p, options=FitOptions(contour="ignore")) for p in (points, wild))
    np.testing.assert_array_equal(first.landmarks, second.landmarks)


def test_five_points_give_a_likely_face(model: MorphableModel) -> None:
    true = faces(model, [0, 30, -30], spread=0.0)
    points = pixels(model, true)[..., :2] + np.random.default_rng(0).normal(scale=1.0, size=(3, 68, 2))
    weights = np.zeros((3, 68))
    weights[:, [36, 45, 30, 48, 54]] = 1.0
    points[weights == 0] = np.nan
    fit = fit_landmarks(model, points, weights)
    assert np.abs(fit.coefficients.shape).max() < 1.0
    assert np.abs(fit.coefficients.expression).max() < 1.0
    assert np.linalg.norm(fit.landmarks - pixels(model, true)[..., :2], axis=-1).mean() < 4.0


def test_no_coefficient_passes_the_limit(model: MorphableModel) -> None:
    true = faces(model, [0] * 4)
    stretched = pixels(model, true)[..., :2] * [1.0, 1.6]
    fit = fit_landmarks(model, stretched, options=FitOptions(noise=0.002, limit=1.5))
    z = np.concatenate([fit.coefficients.shape, fit.coefficients.expression], 1)
    assert 1.49 < np.abs(z).max() <= 1.5 + 1e-5


def test_prior_is_about_its_centre(model: MorphableModel) -> None:
    centre = np.zeros(model.n_shape + model.n_expression)
    centre[0] = 1.5
    weights = np.zeros((1, 68))
    weights[:, [36, 45, 30, 48, 54]] = 1e-6  # next to nothing: the prior decides
    fit = fit_landmarks(model, pixels(model, faces(model, [0.0]))[..., :2], weights, options=FitOptions(centre=centre))
    assert fit.coefficients.shape[0, 0] == pytest.approx(1.5, abs=0.02)
    assert abs(fit.coefficients.shape[0, 1]) < 0.02


def test_chunks_do_not_change_the_result(model: MorphableModel) -> None:
    points = pixels(model, faces(model, [0, 10, 20, 30, 40]))[..., :2]
    whole, parts = fit_landmarks(model, points), fit_landmarks(model, points, options=FitOptions(chunk=2))
    np.testing.assert_allclose(whole.landmarks, parts.landmarks, atol=0.02)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"points": np.zeros((2, 67, 2))}, r"points must have shape \(N, 68, 2\) or \(N, 68, 3\), got \(2, 67, 2\)"),
        ({"weights": np.ones((1, 68))}, r"weights must have shape .*, got \(1, 68\)"),
        ({"weights": -np.ones((2, 68))}, "none negative"),
        ({"points": np.full((2, 68, 2), np.nan)}, "landmarks of face 0 are not finite"),
        ({"weights": np.eye(2, 68)}, "face 0 has fewer than 4 landmarks"),
        ({"contour": "slide"}, "contour must be move, fixed or ignore, not 'slide'"),
        ({"centre": np.zeros(3)}, "centre must have shape"),
    ],
)
def test_wrong_input_is_one_line(model: MorphableModel, change: dict, text: str) -> None:
    given = {"points": np.random.default_rng(0).uniform(20, 100, (2, 68, 2)), "weights": None} | change
    with pytest.raises(MorphError, match=text) as caught:
        fit_landmarks(model, given.pop("points"), given.pop("weights"), FitOptions(**given))
    assert "\n" not in str(caught.value)
