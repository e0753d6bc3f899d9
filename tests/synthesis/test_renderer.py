"""One picture of one seed: the same bytes again, labels that fit its cameras, visibility that makes sense."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from morph.model import landmark_decoder
from morph.model.rotation import rotation_about
from morph.synthesis import Picture, Renderer
from morph.synthesis.camera.viewpoint import Viewpoint
from morph.synthesis.person.people import Person

SIZE = 96
Direct = Callable[[Person, Viewpoint], tuple[Person, Viewpoint]]


def seen_from(*, yaw: float = 0.0, distance: float = 1500.0) -> Direct:
    """Directs the person that was drawn to one place before the camera; ``yaw`` in degrees."""

    def direct(person: Person, view: Viewpoint) -> tuple[Person, Viewpoint]:
        turned = rotation_about(1, np.radians(yaw))
        return person, dataclasses.replace(view, rotation=turned, distance=distance, offset=np.zeros(2))

    return direct


def orthographic_error(renderer: Renderer, picture: Picture) -> float:
    """Mean distance in pixels from the landmarks to those of the scaled orthographic label."""
    head = landmark_decoder(renderer.model)(picture.shape, picture.expression)
    return float(np.linalg.norm(picture.camera.project(head)[:, :2] - picture.landmarks, axis=1).mean())


def test_same_seed_same_bytes(renderer: Renderer) -> None:
    first, again, other = (renderer.render(seed, SIZE) for seed in ((4, 1), (4, 1), (4, 2)))
    assert first.image.shape == (SIZE, SIZE, 3)
    assert first.image.dtype == np.uint8
    for name in ("image", "landmarks", "visibility", "shape", "expression"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    np.testing.assert_array_equal(first.camera.translation, again.camera.translation)
    assert np.abs(first.image.astype(int) - other.image).mean() > 10
    assert not np.allclose(first.shape, other.shape)


def test_the_order_of_seeds_does_not_matter(renderer: Renderer) -> None:
    expected = renderer.render((4, 3), SIZE).image
    renderer.render((4, 4), 64)
    np.testing.assert_array_equal(renderer.render((4, 3), SIZE).image, expected)


def test_landmarks_are_projected_vertices(renderer: Renderer) -> None:
    decode = landmark_decoder(renderer.model)
    for seed in range(6):
        picture = renderer.render((5, seed), SIZE)
        projected = picture.perspective.project(decode(picture.shape, picture.expression))[:, :2]
        np.testing.assert_allclose(picture.landmarks, projected, atol=0.01)


def test_supersampling_keeps_the_labels(renderer: Renderer) -> None:
    plain, fine = renderer.render((5, 0), SIZE), renderer.render((5, 0), SIZE, 2)
    assert fine.image.shape == plain.image.shape
    np.testing.assert_allclose(fine.landmarks, plain.landmarks, atol=0.01)
    np.testing.assert_allclose(fine.perspective.centre, plain.perspective.centre, atol=0.01)


def test_far_cameras_are_nearly_orthographic(renderer: Renderer) -> None:
    near, far = (
        np.mean([orthographic_error(renderer, renderer.render((6, i), SIZE, direct=seen_from(distance=d))) for i in range(4)])
        for d in (300.0, 5000.0)
    )
    assert far < 0.15
    assert near > 5 * far


def test_frontal_face_is_upright(renderer: Renderer) -> None:
    points = renderer.render((6, 1), SIZE, direct=seen_from()).landmarks
    assert points[8, 1] > points[57, 1] > points[33, 1] > points[27, 1]  # chin, lower lip, nose, bridge downwards
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]  # the subject's right eye is on the left
    low, high = points.min(0), points.max(0)
    assert 0.4 * SIZE < (high - low).max() < 0.7 * SIZE


@pytest.mark.parametrize("side", [1, -1])
def test_the_far_half_of_a_profile_is_hidden(renderer: Renderer, side: int) -> None:
    seen = np.mean([renderer.render((7, i), SIZE, direct=seen_from(yaw=80 * side)).visibility for i in range(10)], axis=0)
    right, left = [*range(7), 17, 18, 36, 37, 41], [*range(10, 17), 25, 26, 44, 45, 46]  # away from nose and brow ridge
    near, far = (right, left) if side > 0 else (left, right)
    assert seen[far].mean() < 0.1
    assert seen[near].mean() > 0.5


def test_most_of_a_frontal_face_is_visible(renderer: Renderer) -> None:
    seen = np.mean([renderer.render((7, i), SIZE, direct=seen_from()).visibility[17:] for i in range(10)])
    assert 0.75 < seen <= 1


def test_what_lies_outside_is_not_visible(renderer: Renderer) -> None:
    pictures = [renderer.render((8, i), 64) for i in range(40)]
    outside = np.array([((p.landmarks < -0.5) | (p.landmarks > 63.5)).any(1) for p in pictures])
    visible = np.array([p.visibility for p in pictures])
    assert not (outside & visible).any()
    assert 0.5 < visible.mean() < 0.95


def test_directed_expression_is_the_label(renderer: Renderer) -> None:
    jaw = list(renderer.model.expression_names).index("jawOpen")

    def mouth(weight: float) -> Picture:
        def direct(person: Person, view: Viewpoint) -> tuple[Person, Viewpoint]:
            expression = np.zeros_like(person.expression)
            expression[jaw] = weight / renderer.model.expression_std[jaw]
            return seen_from()(dataclasses.replace(person, expression=expression), view)

        return renderer.render((6, 2), SIZE, direct=direct)

    shut, wide = mouth(0.0), mouth(0.7)
    gaps = [float(picture.landmarks[66, 1] - picture.landmarks[62, 1]) for picture in (shut, wide)]
    assert gaps[0] < 2
    assert gaps[1] > gaps[0] + 5
    np.testing.assert_array_equal(shut.shape, wide.shape)
    assert not shut.expression.any()
