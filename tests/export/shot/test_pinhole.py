"""A scaled orthographic track before a pinhole camera keeps its pixels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.export.performance import Performance
from morph.export.shot.pinhole import before_pinhole, seen_by_pinhole
from morph.export.shot.shot import shot_of
from morph.model import Coefficients, Lens, MorphableModel, load_default_model

SIZE = (1280, 720)
CENTRE = (np.array(SIZE) - 1) / 2
LENS = Lens.assume(SIZE)


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


def _track(model: MorphableModel, count: int = 9) -> Coefficients:
    """A person who comes 2.2 times nearer, turns, talks and walks to the edge of the picture."""
    rng, share = np.random.default_rng(2), np.linspace(0, 1, count)
    turns = np.column_stack([40 * np.sin(4 * share), 8 * np.cos(5 * share), 6 * share])
    return Coefficients(
        np.tile(0.7 * rng.normal(size=model.n_shape), (count, 1)).astype(np.float32),
        np.abs(rng.normal(0, 0.4, (count, model.n_expression))).astype(np.float32),
        Rotation.from_euler("yxz", turns, degrees=True).as_matrix().astype(np.float32),
        (1.2 * 2.2**share).astype(np.float32),
        np.column_stack([640 + 200 * share, 360 - 60 * share]).astype(np.float32),
    )


def _performance(model: MorphableModel, pose: Coefficients) -> Performance:
    frame = np.arange(len(pose.scale))
    scale = pose.scale.astype(np.float64)
    shift = (pose.translation - CENTRE) * [1, -1] / scale[:, None]
    turns = Rotation.from_matrix(pose.rotation.astype(np.float64)).as_matrix()
    weights = pose.expression.astype(np.float64) * model.expression_std
    place = np.column_stack([shift, np.zeros(len(frame))])
    shape = pose.shape.mean(0).astype(np.float64)
    return Performance(model, 0, frame, frame / 25, shape, weights, turns, place, scale, SIZE)


def _away(performance: Performance, pose: Coefficients) -> np.ndarray:
    """``(T, 68)`` how far the landmarks are from the track's, in per cent of the face."""
    shot, marks, model = shot_of(performance), performance.model.landmarks, performance.model
    out = []
    for row in range(len(performance)):
        head = model.mean + model.shape_basis @ (model.shape_std * pose.shape[row])
        head = head + model.expression_basis @ (model.expression_std * pose.expression[row])
        wanted = pose[row].camera.project(head[marks].astype(np.float32))[:, :2]
        found = shot.project(performance.neutral_vertices(row)[marks].astype(np.float64), row)
        out.append(100 * np.linalg.norm(found - wanted, axis=1) / np.sqrt(np.ptp(wanted, axis=0).prod()))
    return np.array(out)


def test_landmarks_stay_on_their_pixels(model: MorphableModel) -> None:
    """The mean within half a per cent of the face, though no camera made this track; the closed form is twice as far off."""
    pose = _track(model)
    plain = _performance(model, pose)
    found = before_pinhole(plain, pose, LENS)
    away, before = _away(found, pose), _away(plain, pose)
    assert away.mean() < 0.5
    assert away.max() < 3
    assert before.mean() > 2 * away.mean()
    assert np.sqrt(np.mean((found.weights - plain.weights) ** 2)) < 0.1


def test_a_face_that_grows_comes_nearer(model: MorphableModel) -> None:
    pose = _track(model)
    found = before_pinhole(_performance(model, pose), pose, LENS)
    distance = np.linalg.norm(found.translation, axis=1)
    assert distance[0] / distance[-1] == pytest.approx(2.2, rel=0.08)
    assert (np.diff(distance) < 0).all()
    assert found.lens == LENS
    assert shot_of(found).focal[0] == pytest.approx(1280 * 50 / 36)


def test_a_given_lens_gives_the_distance(model: MorphableModel) -> None:
    """Twice the focal length is twice as far."""
    pose = _track(model)
    near, far = (seen_by_pinhole(model, pose, Lens(focal, *SIZE)) for focal in (1500.0, 3000.0))
    np.testing.assert_allclose(far.position[:, 2] / near.position[:, 2], 2, rtol=0.08)


def test_lost_frames_and_still_heads_keep_the_lens(model: MorphableModel) -> None:
    pose = _track(model)
    found = before_pinhole(_performance(model, pose), pose, LENS)
    gap = dataclasses.replace(found, frame=np.array([0, 1, 2, 3, 4, 5, 6, 8, 9]))
    assert len(shot_of(gap.every_frame()).focal) == 10
    still = shot_of(found.still())
    np.testing.assert_array_equal(still.head.translation, 0)
    assert not still.camera.moves


def test_a_larger_head_is_farther_and_seen_alike(model: MorphableModel) -> None:
    pose = _track(model)
    plain = _performance(model, pose)
    one, large = (before_pinhole(plain, pose, LENS, metric) for metric in (1.0, 1.1))
    np.testing.assert_allclose(large.translation, 1.1 * one.translation)
    np.testing.assert_allclose(large.base, 1.1 * one.base, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(_away(large, pose), _away(one, pose), atol=0.01)


def test_a_principal_point_aside_and_distortion_are_kept(model: MorphableModel) -> None:
    """The pinhole sees the pixels without the distortion; an axis aside is the shot's."""
    pose = _track(model)
    lens = Lens(1800.0, *SIZE, principal=(600.0, 380.0), k1=-0.1)
    found = before_pinhole(_performance(model, pose), pose, lens)
    shot, marks, row = shot_of(found), model.landmarks, 4
    np.testing.assert_array_equal(shot.centre, [600, 380])
    head = model.mean + model.shape_basis @ (model.shape_std * pose.shape[row])
    head = head + model.expression_basis @ (model.expression_std * pose.expression[row])
    wanted = lens.straightened(pose[row].camera.project(head[marks].astype(np.float32))[:, :2])
    seen = shot.project(found.neutral_vertices(row)[marks].astype(np.float64), row)
    size = np.sqrt(np.ptp(wanted, axis=0).prod())
    assert np.linalg.norm(seen - wanted, axis=1).mean() < 0.006 * size
