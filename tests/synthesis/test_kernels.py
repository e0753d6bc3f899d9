"""Compiled loops against plain NumPy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from morph.synthesis.around.backgrounds import PanoramaView, _look
from morph.synthesis.around.occluders import _limb
from morph.synthesis.arrays.angles import cross
from morph.synthesis.arrays.compositing import lay_over, weigh
from morph.synthesis.hair.drawing import StrandBatch, draw_hair
from morph.synthesis.hair.strands import StrandCanvas, Stroke
from morph.synthesis.light.lighting import ShadowMap
from morph.synthesis.recipe import even_light
from morph.synthesis.surfaces.samples import Samples
from morph.synthesis.surfaces.surfaces import StrandLight, creases, strand_lighting

STROKE = Stroke(np.float32(0.7), np.float32(0.9), np.float32(0.996))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_cross(rng: np.random.Generator) -> None:
    a, b = rng.normal(0, 1, (2, 3))
    np.testing.assert_allclose(cross(a, b.tolist()), np.cross(a, b), atol=1e-15)


def test_layers_are_put_over_each_other(rng: np.random.Generator) -> None:
    image, background = rng.random((2, 5, 7, 3), np.float32)
    cover, gain = rng.random((5, 7), np.float32), rng.random(3, np.float32)
    cover[1, 2] = 1
    weighed = image.copy()
    weigh(weighed, cover)
    np.testing.assert_allclose(weighed, image * cover[..., None], rtol=1e-6)
    expected = weighed * gain + (1 - cover[..., None]) * background
    np.testing.assert_allclose(lay_over(weighed, gain, cover, background), expected, rtol=1e-5)


@pytest.mark.parametrize("step", [1, 2])
def test_creases(rng: np.random.Generator, step: int) -> None:
    distance = 600 + cv2.GaussianBlur(rng.normal(0, 30, (24, 32)).astype(np.float32), (0, 0), 3)
    seen = np.ones((24, 32), bool)
    seen[:, 26:] = False
    depth = np.where(seen, 1000 / distance, -np.inf).astype(np.float32)
    places = np.flatnonzero(seen).astype(np.int32)
    got = creases(depth, Samples(places, places, np.ones_like(places)), 1000, 6.0, step)
    filled, weight = (cv2.GaussianBlur(x.astype(np.float32), (0, 0), 4.8) for x in (np.where(seen, distance, 0), seen))
    expected = np.clip(1 - np.clip((distance - filled / np.maximum(weight, 1e-3)) / 6, -0.12, 0.55), 0.4, 1.08)[seen]
    assert np.ptp(expected) > 0.2
    np.testing.assert_allclose(got, expected, atol=1e-3 if step == 1 else 0.15)
    assert np.abs(got - expected).mean() < 0.02


def test_shadow_maps_project_like_a_matrix(rng: np.random.Generator) -> None:
    key = np.array([0.6, 0.0, 0.8], np.float32)
    shadow, points = ShadowMap(key, np.ones(3, np.float32), 50.0, 100), rng.normal(0, 20, (9, 3)).astype(np.float32)
    side = np.cross([0.05, 1.0, 0.03], key)
    side /= np.linalg.norm(side)
    expected = (points - 1) @ np.stack([side, -np.cross(key, side), key], 1)
    expected[:, :2] += 49.5
    np.testing.assert_allclose(shadow.project(points), expected, atol=1e-4)


def test_half_a_panorama_looks_between_the_pixels() -> None:
    aim, turn, size = np.array([0.1, -0.05], np.float32), np.eye(3, dtype=np.float32), 32
    span = np.float32(0.4)
    found = []
    for step in (1, 2):
        column, row = np.empty((2, size // step, size // step), np.float32)
        _look(PanoramaView(span, np.float32(2 * span / (size - 1)), step, aim, turn), (128, 256), column, row)
        found.append(np.stack([column, row]))
    mean = found[0].reshape(2, size // 2, 2, size // 2, 2).mean((2, 4))
    np.testing.assert_allclose(found[1], mean, atol=0.02)


def test_limbs_are_rounded_cones() -> None:
    nodes, radii = np.array([[-3.0, 5.0], [12.0, 20.0]]), np.array([4.0, 7.0])
    height = np.zeros((40, 40), np.float32)
    _limb(height, nodes, radii)
    y, x = np.mgrid[0:40, 0:40]
    d = nodes[1] - nodes[0]
    t = np.clip(((x - nodes[0, 0]) * d[0] + (y - nodes[0, 1]) * d[1]) / (d @ d), 0, 1)
    q = np.hypot(x - nodes[0, 0] - t * d[0], y - nodes[0, 1] - t * d[1]) / (radii[0] + (radii[1] - radii[0]) * t)
    np.testing.assert_allclose(height, np.sqrt(np.clip(1 - q * q, 0, 1)), atol=1e-3)
    assert height.max() > 0.9


def lock(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, StrandLight]:
    """Strands of five nodes in the camera frame, their pixels and their light."""
    points = np.empty((n, 5, 3), np.float32)
    points[..., 0] = rng.uniform(2, 30, (n, 1)) + rng.uniform(-8, 8, (n, 5)).cumsum(1)
    points[..., 1] = rng.uniform(2, 30, (n, 1)) + rng.uniform(0, 8, (n, 5)).cumsum(1)
    points[..., 2] = 1.5 + 0.002 * np.arange(n)[:, None]
    at = np.stack([points[..., 0], -points[..., 1], -1000 / points[..., 2]], -1).astype(np.float32)
    shadow = ShadowMap(np.array([0, 0, 1], np.float32), np.array([0, 0, -600], np.float32), 200.0)
    return at, points, strand_lighting(np.array([0.3, 0.2, 0.1]), even_light(), shadow, 1.0)


def blank() -> StrandCanvas:
    return StrandCanvas(np.full((32, 32, 3), 0.5, np.float32), *np.zeros((3, 32, 32), np.float32))


def test_near_strands_first_is_far_strands_last(rng: np.random.Generator) -> None:
    n = 40
    at, points, light = lock(rng, n)
    shade, deep = rng.uniform(0.5, 2, n).astype(np.float32), rng.random((n, 5), np.float32)
    order = np.arange(n)[::-1].copy()
    together = blank()
    draw_hair(StrandBatch(order, at, points, shade, deep), light, STROKE, together)
    image, clear, front = np.full((32, 32, 3), 0.5), np.ones((32, 32)), np.zeros((32, 32))
    for i in range(n):  # each alone over black, laid over those that are farther
        one = blank()
        one.image[:] = 0
        draw_hair(StrandBatch(np.array([i]), at, points, shade, deep), light, STROKE, one)
        image = one.image + (1 - one.cover[..., None]) * image
        clear *= 1 - one.cover
        front = np.where(one.cover > 0, np.maximum(front, one.cover_depth), front)
    assert clear.min() < 0.05
    np.testing.assert_allclose(together.image, image, atol=0.01)
    np.testing.assert_allclose(together.cover, 1 - clear, atol=0.01)
    drawn = together.cover > 0
    assert (np.abs(together.cover_depth - front)[drawn] < 1e-4).mean() > 0.98


def test_hair_behind_a_surface_or_outside_is_not_drawn(rng: np.random.Generator) -> None:
    at, points, light = lock(rng, 5)
    one, deep = np.ones(5, np.float32), np.ones((5, 5), np.float32)
    for shift, depth in ((0, 9.0), (500, 0.0), (-500, 0.0)):
        canvas = blank()
        canvas.depth[:] = depth
        moved = points + np.array([shift, 0, 0], np.float32)
        draw_hair(StrandBatch(np.arange(5), at, moved, one, deep), light, STROKE, canvas)
        assert not canvas.cover.any()
        assert (canvas.image == 0.5).all()
