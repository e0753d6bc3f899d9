import dataclasses

import numpy as np
import pytest

from morph.model.rotation import euler_to_matrix
from morph.rendering.harmonics import COSINE_LOBE, harmonic_basis
from viewer.draw.scene import Scene, picture_camera
from viewer.draw.software import SoftwareRenderer
from viewer.plate.composite import backdrop, over
from viewer.plate.footage_light import LightEstimator, as_lighting, grey_casts, skin_tone
from viewer.plate.skin import SkinReader, skin_vertices
from viewer.stage.head import Head

SIZE = (200, 200)


def light_of(around, direction, colour):
    """``(9, 3)`` harmonics of light from everywhere and of a lamp."""
    out = np.pi * COSINE_LOBE[:, None] * harmonic_basis(np.array(direction) / np.linalg.norm(direction))[:, None] * colour
    out[0] += np.array(around) / 0.282095
    return out


FRONT = light_of([0.4, 0.4, 0.4], [0, 0.5, 1], [0.4, 0.4, 0.4])
LEFT = light_of([0.2, 0.2, 0.2], [-1, 0.2, 0.5], [0.6, 0.55, 0.5])
RIGHT = light_of([0.2, 0.2, 0.2], [1, 0.2, 0.5], [0.6, 0.55, 0.5])


@pytest.fixture(scope="module")
def head(coarse_model):
    return Head(coarse_model)


@pytest.fixture(scope="module")
def reader(coarse_model, head):
    return SkinReader(coarse_model, head.occlusion)


def film(head, harmonics, yaw=0.0, shift=(100.0, -100.0), scale=0.75):
    """A picture of a head under known light, and its vertices in picture space."""
    model = head.model
    turn = euler_to_matrix(np.radians([0.0, yaw, 0.0])).astype(np.float32)
    vertices = head.vertices(np.zeros(model.n_shape), np.zeros(model.n_expression)) @ turn.T * np.float32(scale)
    vertices += np.array([*shift, 0.0], np.float32)
    scene = Scene((head.part(vertices),), picture_camera(), *SIZE, as_lighting(harmonics))
    return over(SoftwareRenderer(2).render(scene), backdrop(*SIZE)), vertices


@pytest.mark.parametrize(("harmonics", "yaw"), [(FRONT, 0), (FRONT, 35), (LEFT, 0), (RIGHT, 25)])
def test_known_light_comes_back(head, reader, harmonics, yaw):
    picture, vertices = film(head, harmonics, yaw)
    skin = reader(picture, vertices)
    found = LightEstimator().observe({0: skin}, 0.0).harmonics
    basis = harmonic_basis(skin.normals)
    true, got = basis @ harmonics, basis @ found
    scale = got.mean(axis=0) / true.mean(axis=0)  # how light the skin is and how bright the lamp no picture tells apart
    assert np.abs(got / scale - true).mean() < 0.05 * true.mean()
    assert np.abs(got / scale - true).max() < 0.30 * true.mean()
    assert (scale > 0.7).all()
    assert (scale < 1.8).all()


def test_left_stays_left(head, reader):
    found = {}
    for name, harmonics in (("left", LEFT), ("right", RIGHT)):
        picture, vertices = film(head, harmonics)
        found[name] = LightEstimator().observe({0: reader(picture, vertices)}, 0.0)
    assert found["left"].directions[0, 0] < -0.7
    assert found["right"].directions[0, 0] > 0.7
    sides = np.array([[-0.9, 0, 0.436], [0.9, 0, 0.436]])
    left, right = (harmonic_basis(sides) @ found[name].harmonics for name in ("left", "right"))
    assert (left[0] > 2 * left[1]).all()
    assert (right[1] > 2 * right[0]).all()


def test_brighter_and_warmer_light_is_told(head, reader):
    dim, bright, warm = (
        LightEstimator().observe({0: reader(*film(head, light))}, 0.0, casts).harmonics[0]
        for light, casts in ((0.4 * FRONT, (0, 0)), (FRONT, (0, 0)), (FRONT * [1.15, 1, 0.85], (0.2, 0)))
    )
    assert (bright > 1.15 * dim).all()
    assert warm[0] / warm[2] > 1.15 * bright[0] / bright[2]


@pytest.mark.parametrize("value", [0, 255])
def test_black_or_burnt_faces_give_sane_light(head, reader, value):
    _, vertices = film(head, FRONT)
    estimator = LightEstimator()
    light = estimator.observe({0: reader(np.full((200, 200, 3), value, np.uint8), vertices)}, 0.0)
    sent = harmonic_basis(np.eye(3)) @ light.harmonics
    assert np.isfinite(light.harmonics).all()
    assert np.isfinite(light.colours).all()
    assert (sent > 0).all()
    assert (sent < 6).all()
    assert light.directions[0, 1] > 0.3  # from above, as is expected


def test_face_out_of_the_picture_keeps_the_light(head, reader):
    picture, vertices = film(head, LEFT)
    estimator = LightEstimator()
    before = estimator.light
    away = reader(picture, vertices + np.array([900, 0, 0], np.float32))
    assert len(away.colours) == 0
    assert estimator.observe({0: away}, 0.0) is before
    seen = estimator.observe({0: reader(picture, vertices)}, 0.1)
    assert estimator.observe({}, 0.2) is seen
    assert estimator.observe({0: away}, 0.3) is seen


def test_half_hidden_face_stays_sane(head, reader):
    picture, vertices = film(head, RIGHT)
    whole = LightEstimator().observe({0: reader(picture, vertices)}, 0.0)
    hidden = picture.copy()
    hidden[125:] = (30, 60, 30)  # a green scarf over mouth and chin
    part = LightEstimator().observe({0: reader(hidden, vertices)}, 0.0)
    normals = np.array([[0.6, 0, 0.8], [-0.6, 0, 0.8], [0, 0, 1]])
    want, got = (harmonic_basis(normals) @ light.harmonics for light in (whole, part))
    assert np.abs(got / want - 1).max() < 0.35


def test_light_is_smoothed_over_time_but_not_over_cuts(head, reader):
    left, right = (reader(*film(head, light)) for light in (LEFT, RIGHT))
    estimator = LightEstimator()
    estimator.observe({0: left}, 0.0)
    soon = estimator.observe({0: right}, 0.04).directions[0, 0]
    for step in range(2, 60):
        late = estimator.observe({0: right}, 0.04 * step).directions[0, 0]
    assert soon < -0.5
    assert late > 0.7
    estimator.observe({0: right}, 60 * 0.04)
    assert estimator.observe({0: left}, 9.0).directions[0, 0] < -0.7  # a gap
    brighter = reader(*film(head, 2.5 * FRONT))
    assert estimator.observe({0: brighter}, 9.04).directions[0, 0] > -0.3  # another shot


def test_flicker_of_the_plate_is_damped(head, reader):
    rng = np.random.default_rng(3)
    picture, vertices = film(head, FRONT)
    alone, together = [], []
    estimator = LightEstimator()
    for step in range(25):
        noisy = np.clip(picture * (1 + 0.04 * rng.normal()) + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
        skin = reader(noisy, vertices)
        alone.append(LightEstimator().observe({0: skin}, 0.0).harmonics)
        together.append(estimator.observe({0: skin}, step / 25).harmonics)
    alone, together = (np.abs(np.diff(np.array(values)[5:], axis=0)).mean() for values in (alone, together))
    assert together < 0.3 * alone


def test_tone_of_skin():
    pale, dark = np.log([0.55, 0.37, 0.29]), np.log([0.10, 0.055, 0.037])
    assert skin_tone(pale) < 0.25
    assert skin_tone(dark) > 0.55
    assert skin_tone(np.full(3, -9.0)) == 1.0


def test_grey_things_tell_the_white_balance():
    warm = np.full((60, 80, 3), (150, 140, 125), np.uint8)
    assert grey_casts(warm)[0] == pytest.approx(2.2 * np.log(150 / 125) / np.sqrt(2), rel=0.05)
    assert np.abs(grey_casts(np.full((60, 80, 3), 128, np.uint8))).max() < 1e-6
    assert not grey_casts(np.full((60, 80, 3), (200, 30, 30), np.uint8)).any()
    assert not grey_casts(np.zeros((60, 80, 3), np.uint8)).any()


def test_skin_vertices_keep_clear_of_features(coarse_model):
    marks = coarse_model.mean[coarse_model.landmarks]
    skin = coarse_model.mean[skin_vertices(coarse_model)]
    assert 300 < len(skin) <= 1600
    for mark in [*range(17, 27), *range(36, 68)]:
        assert np.linalg.norm(skin[:, :2] - marks[mark, :2], axis=1).min() > 4.0
    for mark in (29, 33 - 3):  # the nose is skin
        assert np.linalg.norm(skin - marks[mark], axis=1).min() < 8.0


def test_models_without_masks_have_skin_between_the_landmarks(coarse_model):
    plain = dataclasses.replace(coarse_model, vertex_masks={})
    rows = skin_vertices(plain)
    face = coarse_model.vertex_masks["face"][rows] > 0.5
    assert len(rows) > 300
    assert face.mean() > 0.85
