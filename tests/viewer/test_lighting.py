import numpy as np
import pytest

from viewer.lighting import Lighting, Material, light_vertices, studio_light

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
    lit = light_vertices(ORIGIN, UP, GREY, np.ones(1, np.float32), MATT, light)
    assert lit[0, :3] == pytest.approx([0.5 * (0.5 * 0.6) ** (1 / 2.2)] * 3, rel=1e-4)  # linear light times cosine
    assert lit[0, 3] == 1.0


def test_sky_and_ground_mix_with_the_normal():
    light = Lighting(
        np.full(3, 0.8, np.float32), np.full(3, 0.2, np.float32), np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
    )
    normals = np.array([[0, 1, 0], [0, -1, 0], [1, 0, 0]], np.float32)
    white = np.ones((3, 4), np.float32)
    lit = light_vertices(np.zeros((3, 3), np.float32), normals, white, np.ones(3, np.float32), MATT, light)
    assert lit[:, 0] == pytest.approx(np.array([0.8, 0.2, 0.5]) ** (1 / 2.2), rel=1e-4)


def test_occlusion_darkens_and_softness_lights_the_far_side():
    light = studio_light()
    open_, shut = (light_vertices(ORIGIN, UP, GREY, np.full(1, share, np.float32), MATT, light)[0, 0] for share in (1.0, 0.2))
    assert shut < 0.75 * open_
    away = lamp((0, -0.1, np.sqrt(0.99)), (1, 1, 1))
    hard = light_vertices(ORIGIN, UP, GREY, np.ones(1, np.float32), MATT, away)
    soft = light_vertices(ORIGIN, UP, GREY, np.ones(1, np.float32), Material(1.0, 0.0, (0.4, 0.2, 0.1)), away)
    assert hard[0, :3] == pytest.approx([0, 0, 0])
    assert soft[0, 0] > soft[0, 1] > 0


def test_alpha_multiplies_colour_but_not_reflections():
    light = lamp((0, 0, 1), (1, 1, 1))
    facing = np.array([[0, 0, 1]], np.float32)
    black_glass = np.array([[0, 0, 0, 0.1]], np.float32)
    lit = light_vertices(ORIGIN, facing, black_glass, np.ones(1, np.float32), Material(0.2, 0.04), light)
    assert lit[0, 0] == pytest.approx(1.0)  # the lamp itself, mirrored
    assert lit[0, 3] == pytest.approx(1.0)
    dull = light_vertices(ORIGIN, facing, np.array([[0.5, 0.5, 0.5, 0.25]], np.float32), np.ones(1, np.float32), MATT, light)
    assert dull[0] == pytest.approx([0.125, 0.125, 0.125, 0.25], rel=1e-4)


def test_highlight_follows_a_near_eye():
    light = lamp((0.6, 0.0, 0.8), (1, 1, 1))
    facing = np.array([[0, 0, 1]], np.float32)
    black = np.array([[0, 0, 0, 1]], np.float32)
    glossy = Material(0.2, 0.04)
    mirror, aside = (
        light_vertices(ORIGIN, facing, black, np.ones(1, np.float32), glossy, light, eye)[0, 0]
        for eye in ((-60.0, 0.0, 80.0), (60.0, 0.0, 80.0))
    )
    assert mirror > 4 * aside
