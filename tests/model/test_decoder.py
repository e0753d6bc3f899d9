"""The run-time decoder: the formula, batches, chosen vertices, errors and speed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from morph.errors import MorphError
from morph.model import Decoder, MorphableModel, landmark_decoder


def test_zero_coefficients_give_the_mean(sketch_model):
    np.testing.assert_array_equal(Decoder(sketch_model)(np.zeros(6), np.zeros(5)), sketch_model.mean)


def test_formula(sketch_model):
    rng = np.random.default_rng(0)
    shape, expression = rng.normal(size=6), rng.normal(size=5)
    expected = (
        sketch_model.mean.astype(np.float64)
        + sketch_model.shape_basis.astype(np.float64) @ (sketch_model.shape_std * shape)
        + sketch_model.expression_basis.astype(np.float64) @ (sketch_model.expression_std * expression)
    )
    np.testing.assert_allclose(Decoder(sketch_model)(shape, expression), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 3), (0,)])
def test_batches(sketch_model, batch):
    rng = np.random.default_rng(1)
    shape, expression = rng.normal(size=(*batch, 6)), rng.normal(size=(*batch, 5))
    vertices = Decoder(sketch_model)(shape, expression)
    assert vertices.shape == (*batch, sketch_model.n_vertices, 3)
    assert vertices.dtype == np.float32
    if vertices.size:
        last = tuple(n - 1 for n in batch)
        np.testing.assert_allclose(vertices[last], Decoder(sketch_model)(shape[last], expression[last]), atol=1e-4)


def test_only_the_vertices_that_are_asked_for(sketch_model):
    rng = np.random.default_rng(2)
    shape, expression, wanted = rng.normal(size=6), rng.normal(size=5), np.array([7, 3, 3, 200])
    part = Decoder(sketch_model, wanted)
    assert part.n_vertices == 4
    np.testing.assert_allclose(part(shape, expression), Decoder(sketch_model)(shape, expression)[wanted], atol=1e-4)
    np.testing.assert_allclose(
        landmark_decoder(sketch_model)(shape, expression),
        Decoder(sketch_model)(shape, expression)[sketch_model.landmarks],
        atol=1e-4,
    )


def test_project_is_decode_then_camera(sketch_model, random_coefficients):
    given = random_coefficients(3)
    decoder = Decoder(sketch_model)
    expected = given.camera.project(decoder(given.shape, given.expression))
    np.testing.assert_array_equal(decoder.project(given), expected)


def test_wrong_input_is_named(sketch_model):
    with pytest.raises(MorphError, match=r"shape must have shape \(\.\.\., 6\) for model 'toy', got \(4,\)"):
        Decoder(sketch_model)(np.zeros(4), np.zeros(5))
    with pytest.raises(MorphError, match=r"expression must have shape \(\.\.\., 5\)"):
        Decoder(sketch_model)(np.zeros(6), np.zeros(6))
    with pytest.raises(MorphError, match="batches of different size"):
        Decoder(sketch_model)(np.zeros((2, 6)), np.zeros((3, 5)))
    with pytest.raises(MorphError, match=r"vertices must lie in 0\.\.284, got 3\.\.999"):
        Decoder(sketch_model, [3, 999])
    with pytest.raises(MorphError, match="vertices must be whole numbers"):
        Decoder(sketch_model, [0.5])


def test_decoding_38365_vertices_costs_about_one_pass_over_the_modes(capsys):
    """1.2 ms of processor time on one thread where nothing else runs; asserted beside adding up the modes by NumPy itself."""
    n, rng = 38_365, np.random.default_rng(0)
    model = MorphableModel(
        name="speed",
        unit="mm",
        licence="CC0",
        mean=rng.normal(size=(n, 3)),
        shape_basis=rng.normal(size=(n, 3, 40)).astype(np.float32),
        expression_basis=rng.normal(size=(n, 3, 10)).astype(np.float32),
        shape_std=np.ones(40),
        expression_std=np.ones(10),
        triangles=np.array([[0, 1, 2]]),
        landmarks=np.arange(68),
    )
    decoder, shape, expression = Decoder(model), np.ones(40, np.float32), np.ones(10, np.float32)
    modes = rng.normal(size=(50, 3 * n)).astype(np.float32)
    taken, plain = [], []
    with threadpool_limits(1):
        for _ in range(60):
            start = time.thread_time()
            decoder(shape, expression)
            middle = time.thread_time()
            modes.sum(0)
            taken.append(middle - start)
            plain.append(time.thread_time() - middle)
    with capsys.disabled():
        print(f" [decode of {n} vertices x 50 modes: {1000 * min(taken):.2f} ms, sum {1000 * min(plain):.2f} ms]", end="")
    assert min(taken) < 2.5 * min(plain)
