"""Crops of eyes and mouth: where they lie, what mirrors and turns do to them, and how they fade."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from morph.crop.parts import EYE, MOUTH, FacePart
from morph.errors import MorphError
from morph.model import Coefficients, Decoder, MorphableModel, landmark_decoder, load_default_model
from morph.model.coefficients import model_symmetry
from morph.model.rotation import euler_to_matrix

WIDTH, HEIGHT = 300, 260
VIEWS = [(EYE, False), (EYE, True), (MOUTH, False)]


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


@pytest.fixture(scope="module")
def landmarks(model: MorphableModel) -> Decoder:
    return landmark_decoder(model)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    rough = np.random.default_rng(0).integers(0, 256, (20, 23, 3), np.uint8)
    return cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def head(model: MorphableModel, angles: tuple[float, float, float], scale: float = 1.1) -> Coefficients:
    """One face, as a batch; angles are pitch, yaw and roll in degrees."""
    rng = np.random.default_rng(1)
    return Coefficients(
        rng.normal(size=(1, model.n_shape)),
        rng.uniform(0, 1, (1, model.n_expression)),
        euler_to_matrix(np.radians([angles])),
        np.array([scale]),
        np.array([[140.0, 130.0]]),
    )


def crop_of(part: FacePart, mirrored: bool, picture: np.ndarray, face: Coefficients, landmarks: Decoder) -> np.ndarray:
    resting = landmarks(face.shape, 0 * face.expression)
    return part.cut(picture, part.affines(resting, face, mirrored)[0]).astype(int)


@pytest.mark.parametrize("angles", [(0, 0, 0), (10, 25, -35), (-20, -30, 120)])
def test_mirrored_eye_is_the_eye_of_the_mirrored_picture(
    model: MorphableModel, landmarks: Decoder, picture: np.ndarray, angles: tuple[float, float, float]
) -> None:
    face = head(model, angles)
    mirrored = face.mirror(model_symmetry(model), WIDTH)
    here = crop_of(EYE, True, picture, face, landmarks)
    there = crop_of(EYE, False, np.ascontiguousarray(picture[:, ::-1]), mirrored, landmarks)
    assert here.shape == (EYE.height, EYE.width, 3)
    assert here.std() > 20
    assert np.abs(here - there).max() <= 3
    contexts = [
        EYE.context(c, EYE.columns(model.expression_names, side), landmarks(c.shape, 0 * c.expression), side)
        for c, side in ((face, True), (mirrored, False))
    ]
    np.testing.assert_allclose(*contexts, atol=1e-4)


@pytest.mark.parametrize(("part", "mirrored"), VIEWS)
def test_a_turned_and_larger_picture_gives_the_same_crop(
    model: MorphableModel, landmarks: Decoder, picture: np.ndarray, part: FacePart, mirrored: bool
) -> None:
    face, angle, zoom = head(model, (5, 10, 15)), np.radians(70), 1.4
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    way = np.concatenate([linear, [[330.0], [60.0]]], 1)
    larger = cv2.warpAffine(picture, way, (800, 800))
    here, there = (
        crop_of(part, mirrored, image, c, landmarks) for image, c in ((picture, face), (larger, face.transform(way[None])))
    )
    assert np.abs(here - there).mean() < 3
    assert np.abs(here - here[::-1]).mean() > 10  # the pictures do tell crops apart


@pytest.mark.parametrize(("part", "mirrored"), VIEWS)
@pytest.mark.parametrize("roll", [0, 50, 170])
def test_crops_stand_upright_about_their_part(
    model: MorphableModel, landmarks: Decoder, part: FacePart, mirrored: bool, roll: float
) -> None:
    face = head(model, (0, 0, roll))
    resting = landmarks(face.shape, 0 * face.expression)
    affine = part.affines(resting, face, mirrored)[0]
    rows = {True: (36, 39, 17, 21), False: (42, 45, 22, 26)}[mirrored] if part is EYE else (48, 54, 33, 33)
    seen = face.camera.project(resting)[0, rows, :2] @ affine[:, :2].T + affine[:, 2]
    assert (seen > 0).all()
    assert (seen < [part.width, part.height]).all()
    assert seen[2:, 1].max() < seen[:2, 1].min() - 3  # the brow over the eye, the nose over the mouth
    distance = np.linalg.norm(resting[0, rows[0]] - resting[0, rows[1]])
    assert np.linalg.norm(seen[0] - seen[1]) == pytest.approx(part.resolution * distance, rel=0.15)


@pytest.mark.parametrize(("part", "mirrored"), VIEWS)
def test_weights_fade_without_a_jump(part: FacePart, mirrored: bool) -> None:
    yaw = np.arange(-100, 100, 0.25)
    weight = part.weight(euler_to_matrix(np.radians(np.stack([0 * yaw, yaw, 0 * yaw], 1))), mirrored)
    assert np.abs(np.diff(weight)).max() < 0.03
    assert weight[np.abs(yaw) < 40].min() > 0.95
    if part is EYE:
        assert min(weight[yaw > 61].max(), weight[yaw < -61].max()) == 0
        other = part.weight(euler_to_matrix(np.radians(np.stack([0 * yaw, -yaw, 0 * yaw], 1))), not mirrored)
        np.testing.assert_allclose(weight, other, atol=1e-9)
    else:
        assert weight[np.abs(yaw) > 81].max() == 0


def test_far_eye_is_the_one_that_turns_away(landmarks: Decoder, model: MorphableModel) -> None:
    face = head(model, (0, 70, 0))
    resting = landmarks(face.shape, 0 * face.expression)
    depth = face.camera.project(resting)[0, :, 2]
    left_is_near = depth[42:48].mean() > depth[36:42].mean()
    weights = {mirrored: float(EYE.weight(face.rotation, mirrored)[0]) for mirrored in (False, True)}
    assert weights[not left_is_near] > 0.5
    assert weights[bool(left_is_near)] == 0


def test_models_with_other_expressions_are_refused() -> None:
    with pytest.raises(MorphError, match="no expression 'eyeBlinkLeft'"):
        EYE.columns(("jawOpen",), False)


def test_sides_change_their_names() -> None:
    assert EYE.names(True)[0] == "eyeBlinkRight"
    assert "browInnerUp" in EYE.names(True)
    assert EYE.names(False) == EYE.expressions
