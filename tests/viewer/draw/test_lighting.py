import numpy as np
import pytest

from morph.rendering.harmonics import harmonic_basis
from viewer.draw.lighting import Lighting, Material, Surface, light_vertices, studio_light

UP = np.array([[0.0, 1.0, 0.0]], np.float32)
GREY = np.array([[0.5, 0.5, 0.5, 1.0]], np.float32)
ORIGIN = np.zeros((1, 3), np.float32)
MATT = Material(roughness=1.0, reflectance=0.0)


def lamp(direction, colour):
    return Lighting(
        np.zeros(3, np.float32), np.zeros(3, np.float32), np.array([direction], np.float32), np.array([colour], np.float32)
    )


def test_matt_surface_under_one_lamp():
    light = lamp((0, 0.6, 0.8), (0.5, 0.5, 0.5))
    lit = light_vertices(Surface(ORIGIN, UP, GREY, np.ones(1, np.float32), MATT), light)
    assert lit[0, :3] == pytest.approx([0.5 * (0.5 * 0.6) ** (1 / 2.2)] * 3, rel=1e-4)  # linear light times cosine
    assert lit[0, 3] == 1.0


def test_sky_and_ground_mix_with_the_normal():
    light = Lighting(
        np.full(3, 0.8, np.float32), np.full(3, 0.2, np.float32), np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
    )
    normals = np.array([[0, 1, 0], [0, -1, 0], [1, 0, 0]], np.float32)
    white = np.ones((3, 4), np.float32)
    lit = light_vertices(Surface(np.zeros((3, 3), np.float32), normals, white, np.ones(3, np.float32), MATT), light)
    assert lit[:, 0] == pytest.approx(np.array([0.8, 0.2, 0.5]) ** (1 / 2.2), rel=1e-4)


def test_occlusion_darkens_and_softness_lights_the_far_side():
    light = studio_light()
    open_, shut = (
        light_vertices(Surface(ORIGIN, UP, GREY, np.full(1, share, np.float32), MATT), light)[0, 0] for share in (1.0, 0.2)
    )
    assert shut < 0.75 * open_
    away = lamp((0, -0.1, np.sqrt(0.99)), (1, 1, 1))
    hard = light_vertices(Surface(ORIGIN, UP, GREY, np.ones(1, np.float32), MATT), away)
    soft = light_vertices(Surface(ORIGIN, UP, GREY, np.ones(1, np.float32), Material(1.0, 0.0, (0.4, 0.2, 0.1))), away)
    assert hard[0, :3] == pytest.approx([0, 0, 0])
    assert soft[0, 0] > soft[0, 1] > 0


def test_alpha_multiplies_colour_but_not_reflections():
    light = lamp((0, 0, 1), (1, 1, 1))
    facing = np.array([[0, 0, 1]], np.float32)
    black_glass = np.array([[0, 0, 0, 0.1]], np.float32)
    lit = light_vertices(Surface(ORIGIN, facing, black_glass, np.ones(1, np.float32), Material(0.2, 0.04)), light)
    assert lit[0, 0] == pytest.approx(1.0)  # the lamp itself, mirrored
    assert lit[0, 3] == pytest.approx(1.0)
    dull = light_vertices(
        Surface(ORIGIN, facing, np.array([[0.5, 0.5, 0.5, 0.25]], np.float32), np.ones(1, np.float32), MATT), light
    )
    assert dull[0] == pytest.approx([0.125, 0.125, 0.125, 0.25], rel=1e-4)


def test_highlight_follows_a_near_eye():
    light = lamp((0.6, 0.0, 0.8), (1, 1, 1))
    facing = np.array([[0, 0, 1]], np.float32)
    black = np.array([[0, 0, 0, 1]], np.float32)
    glossy = Material(0.2, 0.04)
    mirror, aside = (
        light_vertices(Surface(ORIGIN, facing, black, np.ones(1, np.float32), glossy), light, eye)[0, 0]
        for eye in ((-60.0, 0.0, 80.0), (60.0, 0.0, 80.0))
    )
    assert mirror > 4 * aside


def under(harmonics, directions=(), colours=(), matt=True):
    none = np.zeros(3, np.float32)
    lamps = (np.array(values, np.float32).reshape(-1, 3) for values in (directions, colours))
    return Lighting(none, none, *lamps, harmonics=np.asarray(harmonics, np.float32), matt=matt)


def test_harmonics_light_as_the_basis_says():
    rng = np.random.default_rng(2)
    harmonics = np.vstack([[2.0, 1.8, 1.6], 0.15 * rng.normal(size=(8, 3))])
    normals = rng.normal(size=(50, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    white = np.ones((50, 4), np.float32)
    lit = light_vertices(
        Surface(np.zeros((50, 3), np.float32), normals, white, np.ones(50, np.float32), MATT), under(harmonics)
    )
    np.testing.assert_allclose(lit[:, :3] ** 2.2, harmonic_basis(normals) @ harmonics, rtol=2e-3)


def test_harmonics_never_darken_below_a_share_of_their_mean():
    harmonics = np.zeros((9, 3))
    harmonics[0], harmonics[3] = 1.0, 5.0  # from the right, and less than nothing on the left
    left = np.array([[-1, 0, 0]], np.float32)
    lit = light_vertices(Surface(ORIGIN, left, np.ones((1, 4), np.float32), np.ones(1, np.float32), MATT), under(harmonics))
    assert lit[0, :3] == pytest.approx([(0.05 * 0.282095) ** (1 / 2.2)] * 3, rel=1e-3)


def test_lamp_that_only_shines():
    light = under(np.zeros((9, 3)), [(0, 0, 1)], [(1, 1, 1)], matt=False)
    facing = np.array([[0, 0, 1]], np.float32)
    matt, glossy = (
        light_vertices(Surface(ORIGIN, facing, GREY, np.ones(1, np.float32), m), light) for m in (MATT, Material(0.2, 0.04))
    )
    assert matt[0, :3] == pytest.approx([0, 0, 0], abs=1e-6)
    assert glossy[0, 0] > 0.5
