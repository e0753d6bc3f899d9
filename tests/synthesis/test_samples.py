"""Samples of a final pixel share their light only where they see one smooth piece of surface."""

from __future__ import annotations

import numpy as np
import pytest

from morph.rendering import Fragments, interpolate, rasterise
from morph.synthesis.surfaces.samples import (
    Samples,
    Sharing,
    VertexTable,
    depth_reach,
    interpolate_samples,
    share_samples,
    single_samples,
    spread,
)

SIZE, NEARNESS = 8, 1000.0
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)


def scene(slope: float = 0.0) -> tuple[np.ndarray, Fragments]:
    """Two squares side by side that meet at x = 3.5; the left one recedes downwards by ``slope`` mm a pixel."""

    def corners(left: float, right: float) -> list[list[float]]:
        return [[x, y, NEARNESS / (600 + slope * y)] for x, y in ((left, -1), (left, 9), (right, 9), (right, -1))]

    points = np.array([*corners(-1, 3.5), *corners(3.5, 9)], np.float32)
    return points, rasterise(points, TRIANGLES, SIZE, SIZE)


def share(
    slope: float = 0.0, kind: tuple[int, int] = (1, 1), below: tuple[float, float] = (-1, -1), plain: bool = True
) -> Samples:
    _, fragments = scene(slope)
    assert fragments.covered.all()
    depths = np.repeat(np.array(below, np.float32), 4)
    kinds = np.repeat(np.array(kind, np.uint8), 2)
    return share_samples(fragments, Sharing(TRIANGLES, kinds, depths, plain, depth_reach(NEARNESS, 1.0)))


def test_a_flat_surface_is_shaded_once_a_pixel() -> None:
    samples = share()
    assert len(samples.first) == SIZE * SIZE // 4
    np.testing.assert_array_equal(samples.last - samples.first, SIZE + 1)
    assert set(samples.first.tolist()) == {y * SIZE + x for y in range(0, SIZE, 2) for x in range(0, SIZE, 2)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"slope": 10.0}, 64),  # steeper than three samples within a pixel
        ({"kind": (0, 0)}, 64),
        ({"kind": (0, 1)}, 8 + 32),
        ({"below": (1.0, 1.0), "plain": False}, 64),
        ({"below": (1.0, -1.0), "plain": False}, 8 + 32),
        ({"below": (1.0, 1.0)}, 16),
    ],
)
def test_what_is_shaded_sample_by_sample(options: dict[str, object], expected: int) -> None:
    samples = share(**options)  # type: ignore[arg-type]
    assert len(samples.first) == expected
    assert samples.weight.sum() == SIZE * SIZE
    np.testing.assert_array_equal(samples.weight == 1, samples.first == samples.last)


def test_kinds_and_the_edge_of_the_clothes_are_not_mixed() -> None:
    points = np.array(
        [[-1, -1, 2], [-1, 9, 2], [2, 9, 2], [2, -1, 2], [2, -1, 2], [2, 9, 2], [9, 9, 2], [9, -1, 2]], np.float32
    )
    points[[2, 3, 4, 5], 0] = 2.5  # inside the second column of pixels
    fragments = rasterise(points, TRIANGLES, SIZE, SIZE)
    for kind, below in (((1, 2), (-1, -1)), ((1, 1), (1, -1))):
        kinds, depths = np.repeat(np.array(kind, np.uint8), 2), np.repeat(np.array(below, np.float32), 4)
        samples = share_samples(fragments, Sharing(TRIANGLES, kinds, depths, True, depth_reach(NEARNESS, 1.0)))
        alone = samples.first[samples.weight == 1]
        assert set((alone % SIZE).tolist()) == {2, 3}
        assert len(alone) == 2 * SIZE


def test_empty_pixels_are_left_out() -> None:
    fragments = rasterise(np.array([[0, 0, 1], [0, 5, 1], [5, 0, 1]], np.float32), np.array([[0, 1, 2]]), 8, 8)
    one = np.array([[0, 1, 2]], np.int32)
    samples = share_samples(fragments, Sharing(one, np.ones(1, np.uint8), np.zeros(3, np.float32), True, depth_reach(1, 1)))
    assert samples.weight.sum() == fragments.covered.sum() == len(single_samples(fragments).first)


def test_interpolation_is_the_mean_of_two_corners() -> None:
    rng = np.random.default_rng(0)
    _, fragments = scene(1.0)
    normals, places, table = (rng.normal(0, 1, (8, n)).astype(np.float32) for n in (3, 3, 5))
    every = interpolate(fragments, TRIANGLES, np.concatenate([normals, places, table], 1)).reshape(-1, 11)
    for samples in (share(1.0), single_samples(fragments)):
        got = interpolate_samples(fragments, samples, VertexTable(TRIANGLES, normals, places, table))
        np.testing.assert_allclose(got, (every[samples.first] + every[samples.last]) / 2, atol=1e-5)


def test_light_reaches_every_sample() -> None:
    samples = share(kind=(0, 1))
    light = np.random.default_rng(1).random((len(samples.first), 3), np.float32)
    image = np.full((SIZE, SIZE, 3), -1, np.float32)
    spread(samples, light, image)
    expected = np.full((SIZE * SIZE, 3), -1, np.float32)
    for first, last, value in zip(samples.first, samples.last, light, strict=True):
        rows, columns = np.unravel_index([first, last], (SIZE, SIZE))
        expected.reshape(SIZE, SIZE, 3)[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1] = value
    np.testing.assert_array_equal(image.reshape(-1, 3), expected)
    assert image.min() >= 0
