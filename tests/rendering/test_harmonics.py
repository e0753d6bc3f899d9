import numpy as np
import pytest

from morph.errors import MorphError
from morph.rendering.harmonics import harmonic_basis, irradiance, shading, solve_light


def sphere(count=4000):
    """Unit vectors spread evenly (a Fibonacci lattice)."""
    index = np.arange(count) + 0.5
    height, angle = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
    return np.stack([np.sqrt(1 - height**2) * np.cos(angle), height, np.sqrt(1 - height**2) * np.sin(angle)], axis=1)


def half(count=3000):
    """Those that face the viewer."""
    normals = sphere(count)
    return normals[normals[:, 2] > 0.1]


def test_basis_is_orthonormal():
    basis = harmonic_basis(sphere())
    np.testing.assert_allclose(4 * np.pi * basis.T @ basis / len(basis), np.eye(9), atol=5e-3)


def test_basis_keeps_the_shape_and_says_what_is_wrong():
    assert harmonic_basis(np.zeros((4, 5, 3))).shape == (4, 5, 9)
    with pytest.raises(MorphError, match=r"\(\.\.\., 3\), got \(4, 2\)"):
        harmonic_basis(np.zeros((4, 2)))


def test_white_sky_and_a_lamp():
    sky = np.zeros((9, 1))
    sky[0] = 2 * np.sqrt(np.pi)
    np.testing.assert_allclose(irradiance(sky, harmonic_basis(sphere())), 1.0, atol=1e-5)
    direction = np.array([0.6, 0.0, 0.8])
    lamp = np.pi * harmonic_basis(direction)[:, None]  # a lamp whose matt reflection is the cosine
    normals = sphere()
    cosine = np.maximum(normals @ direction, 0)
    got = irradiance(lamp, harmonic_basis(normals))[:, 0]
    assert np.abs(got - cosine).max() < 0.1
    assert np.sum((got - cosine) ** 2) < 0.02 * np.sum(cosine**2)


def test_light_comes_back_from_one_colour():
    rng = np.random.default_rng(1)
    light = np.vstack([[3.0, 2.5, 2.0], 0.4 * rng.normal(size=(8, 3))])
    basis = harmonic_basis(half())
    colours = irradiance(light, basis)
    found = solve_light(basis, colours, np.ones(len(basis)))
    assert np.abs(irradiance(found, basis) - colours).max() < 0.04 * colours.mean()


def test_other_colours_do_not_mislead():
    normals = half()
    basis = harmonic_basis(normals)
    lamp = np.vstack([[[2.0]], np.zeros((8, 1))]) + 1.2 * harmonic_basis([0.8, 0.0, 0.6])[:, None]
    colours = irradiance(lamp, basis)
    spoilt = colours.copy()
    dark = (normals[:, 0] < -0.2) & (normals[:, 1] > 0.2)  # a fringe on one side
    spoilt[dark] *= 0.15
    assert 0.1 < dark.mean() < 0.3
    plain = np.linalg.lstsq(basis, spoilt, rcond=None)[0]
    robust = irradiance(solve_light(basis, spoilt, np.ones(len(basis))), basis)
    wrong, plainly_wrong = (np.abs(a - colours)[~dark].mean() for a in (robust, basis @ plain))
    assert wrong < 0.02 * colours.mean()
    assert wrong < 0.3 * plainly_wrong


def test_shading_has_mean_one_and_stays_positive():
    basis = harmonic_basis(half())
    weights = np.ones(len(basis))
    lamp = harmonic_basis([0.98, 0.0, 0.2])[:, None] * np.array([1.0, 0.8, 0.6])
    dark = shading(lamp, basis, weights)
    assert dark.min() >= 0.2
    assert dark.max() > 1.5
    gentle = np.vstack([np.full((1, 3), 4.0), np.zeros((8, 3))]) + 0.3 * lamp
    np.testing.assert_allclose(shading(gentle, basis, weights).mean(axis=0), 1.0, atol=1e-3)


def test_too_few_places():
    with pytest.raises(MorphError, match="at least nine places"):
        solve_light(np.ones((20, 9)), np.ones((20, 3)), np.r_[np.ones(8), np.zeros(12)])
