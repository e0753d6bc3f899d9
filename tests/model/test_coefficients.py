"""Coefficients follow the picture: what is decoded after an operation lies where the operation moved the pixels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Coefficients, landmark_decoder, model_symmetry
from morph.model.coefficients import FlatLayout


def test_flatten_layout():
    flat = Coefficients([1.0, 2.0], [3.0], np.eye(3), 1.0, [7.0, 8.0]).flatten()
    np.testing.assert_allclose(flat, [1, 2, 3, 1, 0, 0, 0, 1, 0, 0, 7, 8])


@pytest.mark.parametrize("batch", [(), (4,), (2, 3)])
def test_flatten_round_trip(random_coefficients, sketch_model, batch):
    given = random_coefficients(*batch)
    flat = given.flatten()
    assert flat.shape == (*batch, FlatLayout(sketch_model.n_shape, sketch_model.n_expression).size)
    back = Coefficients.from_flat(flat, sketch_model.n_shape)
    for field in dataclasses.fields(Coefficients):
        np.testing.assert_allclose(getattr(back, field.name), getattr(given, field.name), atol=1e-12)


def test_from_flat_makes_the_rotation_orthonormal():
    flat = np.random.default_rng(0).normal(size=(6, FlatLayout(2, 1).size))
    matrix = Coefficients.from_flat(flat, 2).rotation
    np.testing.assert_allclose(matrix @ np.swapaxes(matrix, 1, 2), np.broadcast_to(np.eye(3), (6, 3, 3)), atol=1e-12)


def test_indexing_takes_part_of_a_batch(random_coefficients):
    given = random_coefficients(5)
    np.testing.assert_array_equal(given[3].rotation, given.rotation[3])
    assert given[1:3].shape.shape == (2, given.shape.shape[1])


def test_wrong_shapes_are_named():
    with pytest.raises(MorphError, match=r"rotation must have shape \(4, 3, 3\) beside shape \(4, 2\), got \(3, 3\)"):
        Coefficients(np.zeros((4, 2)), np.zeros((4, 1)), np.eye(3), np.ones(4), np.zeros((4, 2)))
    with pytest.raises(MorphError, match="10 coefficients are too few for 2 of shape and 9 of pose"):
        Coefficients.from_flat(np.zeros(10), 2)


def similarity(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


@pytest.mark.parametrize("matrix", [similarity(0.4, 1.7, (20, -5)), similarity(-2.8, 0.3, (0, 90)), similarity(0, 1, (-3, 4))])
def test_transform_moves_the_landmarks_like_the_pixels(sketch_model, random_coefficients, matrix):
    decoder, given = landmark_decoder(sketch_model), random_coefficients(8)
    before = decoder.project(given)[..., :2]
    after = decoder.project(given.transform(matrix))[..., :2]
    np.testing.assert_allclose(after, before @ matrix[:, :2].T + matrix[:, 2], atol=1e-3)


def test_transform_takes_one_matrix_a_face_and_composes(sketch_model, random_coefficients):
    given = random_coefficients(3)
    each = np.stack([similarity(a, 1 + a, (a, 2 * a)) for a in (0.1, 0.5, 1.0)])
    together = given.transform(each)
    np.testing.assert_allclose(together[1].flatten(), given[1].transform(each[1]).flatten())
    inverse = np.linalg.inv(np.concatenate([each, np.tile([[[0, 0, 1.0]]], (3, 1, 1))], 1))[:, :2]
    np.testing.assert_allclose(together.transform(inverse).flatten(), given.flatten(), atol=1e-9)


def test_transform_keeps_precision_and_shape_and_expression(random_coefficients):
    given = random_coefficients(2)
    single = Coefficients(*(getattr(given, f.name).astype(np.float32) for f in dataclasses.fields(Coefficients)))
    moved = single.transform(similarity(1, 2, (3, 4)))
    assert moved.flatten().dtype == np.float32
    np.testing.assert_array_equal(moved.shape, single.shape)


@pytest.mark.parametrize(
    "matrix", [[[-1, 0, 0], [0, 1, 0]], [[2, 0, 0], [0, 1, 0]], [[1, 0.5, 0], [0, 1, 0]], [[0, 0, 0], [0, 0, 0]]]
)
def test_transform_refuses_what_is_no_similarity(random_coefficients, matrix):
    with pytest.raises(MorphError, match="similarities only"):
        random_coefficients().transform(matrix)


@pytest.mark.parametrize("stated", [True, False], ids=["symmetry stated", "symmetry solved"])
def test_mirror_moves_the_landmarks_like_a_flipped_picture(sketch_model, random_coefficients, mirror_68, stated):
    model = sketch_model
    if stated:
        model = dataclasses.replace(model, shape_mirror=np.array([1.0, 1, 1, -1, -1, -1]))
    else:
        model = dataclasses.replace(model, vertex_mirror=np.zeros(0, int), expression_names=tuple("abcde"))
    decoder, given, width = landmark_decoder(model), random_coefficients(8), 201
    before = decoder.project(given)
    after = decoder.project(given.mirror(model_symmetry(model), width))
    flipped = np.stack([width - 1 - before[..., 0], before[..., 1], before[..., 2]], axis=-1)[:, mirror_68]
    np.testing.assert_allclose(after, flipped, atol=1e-3)


def test_mirror_twice_is_nothing(sketch_model, random_coefficients):
    given, symmetry = random_coefficients(4), model_symmetry(sketch_model)
    np.testing.assert_allclose(given.mirror(symmetry, 150).mirror(symmetry, 150).flatten(), given.flatten(), atol=1e-5)


def test_symmetry_of_named_expressions_swaps_left_and_right(sketch_model):
    expected = np.eye(5)[[0, 2, 1, 4, 3]]
    np.testing.assert_array_equal(model_symmetry(sketch_model).expression, expected)
    np.testing.assert_allclose(model_symmetry(sketch_model).shape, np.diag([1, 1, 1, -1, -1, -1]), atol=1e-5)


def test_symmetry_of_a_model_without_expressions(sketch_model):
    bare = dataclasses.replace(
        sketch_model,
        expression_basis=np.zeros((sketch_model.n_vertices, 3, 0)),
        expression_std=np.zeros(0),
        expression_names=(),
    )
    assert model_symmetry(bare).expression.shape == (0, 0)
