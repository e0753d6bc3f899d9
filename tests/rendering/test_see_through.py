"""A mesh that is blended into a picture is the one that the rasteriser draws."""

from __future__ import annotations

import numpy as np

from morph.model import load_default_model
from morph.rendering import interpolate, rasterise
from morph.rendering.see_through import blend

COLOUR = np.array([0.4, 0.7, 0.9, 0.5], np.float32)


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    model = load_default_model(0)
    turn = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]], np.float32)
    points = (model.mean @ turn.T) * np.array([1, -1, 1], np.float32) * 0.6 + np.array([60, 75, 0], np.float32)
    light = (0.3 + 0.7 * np.random.default_rng(0).random(len(points))).astype(np.float32)
    image = np.random.default_rng(1).integers(0, 256, (150, 120, 3), dtype=np.uint8)
    return points.astype(np.float32), model.triangles.astype(np.int32), light, image


def test_each_pixel_sees_the_nearest_triangle_and_its_light() -> None:
    points, triangles, light, image = scene()
    drawn = image.copy()
    blend(drawn, points, triangles, light, COLOUR)
    fragments = rasterise(points, triangles, *image.shape[:2])
    shade = interpolate(fragments, triangles, light[:, None])
    wanted = np.where(fragments.covered[..., None], 0.5 * 255 * np.minimum(shade * COLOUR[:3], 1) + 0.5 * image, image)
    apart = np.abs(drawn - wanted).max(-1)
    assert fragments.covered.mean() > 0.3
    assert (apart <= 1).mean() > 0.999  # edges belong to both triangles here, and to one there
    assert np.array_equal(drawn[~fragments.covered][:50], image[~fragments.covered][:50])


def test_what_faces_away_or_lies_outside_is_not_drawn() -> None:
    image = np.full((50, 50, 3), 9, np.uint8)
    square = np.array([[10, 10, 0], [10, 40, 0], [40, 40, 0], [40, 10, 0]], np.float32)
    facing = np.array([[0, 2, 1], [0, 3, 2]], np.int32)  # y points down
    changed = []
    for points, triangles in (
        (square, facing),
        (square, np.ascontiguousarray(facing[:, ::-1])),
        (square + np.float32(99), facing),
    ):
        drawn = image.copy()
        blend(drawn, points, triangles, np.ones(4, np.float32), COLOUR)
        changed.append(int((drawn != image).any(-1).sum()))
    assert sorted(changed[:2]) == [0, 31 * 31]
    assert changed[2] == 0
