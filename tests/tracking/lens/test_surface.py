import numpy as np
import pytest
from turning_head import TurningHead

from morph.model import Lens, load_default_model
from morph.tracking.lens.surface import Sights, Window, follow
from morph.tracking.smoothing.flow_pose import rigid_vertices


@pytest.fixture(scope="module")
def head() -> TurningHead:
    return TurningHead(load_default_model(0), Lens(700.0, 320, 320), 24.0, count=7)


def test_points_are_found_to_a_fraction_of_a_pixel_though_the_track_is_beside_them(head: TurningHead) -> None:
    model = head.model
    order = [3, 0, 1, 2, 4, 5, 6]  # the middle first
    windows = [Window(head.frame(row).image[..., 0], np.array([0, 0])) for row in order]
    rng = np.random.default_rng(1)
    beside = [head.pixels(row) + (row != 3) * np.array([*rng.uniform(-2, 2, 2), 0]) for row in order]
    sights = follow(model, windows, beside, rigid_vertices(model), 0.08)
    true = np.stack([np.einsum("nk,nkc->nc", sights.shares, head.pixels(row)[sights.corners][..., :2]) for row in order])
    away = np.linalg.norm(sights.seen - true, axis=2)
    assert len(sights.corners) > 60
    assert sights.good.mean() > 0.6
    assert np.median(away[sights.good]) < 0.2
    assert sights.seen[0] == pytest.approx(true[0], abs=0.05)


def test_points_of_two_views_go_together_in_the_order_of_the_frames(head: TurningHead) -> None:
    model = head.model
    frames = [Window(head.frame(row).image[..., 0], np.array([0, 0])) for row in range(7)]
    places = [head.pixels(row) for row in range(7)]
    parts = []
    for view in (2, 4):
        order = [view, *(row for row in range(7) if row != view)]
        seen = follow(model, [frames[row] for row in order], [places[row] for row in order], rigid_vertices(model), 0.03)
        parts.append(seen.of_frames(np.argsort(order), np.arange(7) < 6))
    both = Sights.together(parts)
    true = np.stack([np.einsum("nk,nkc->nc", both.shares, place[both.corners][..., :2]) for place in places])
    assert len(both.corners) == sum(len(part.corners) for part in parts) > 80
    assert not both.good[6].any()
    assert np.median(np.linalg.norm(both.seen - true, axis=2)[both.good]) < 0.2


def test_what_turns_away_is_not_found(head: TurningHead) -> None:
    model = head.model
    far = TurningHead(model, head.lens, 150.0, count=3)
    windows = [Window(far.frame(row).image[..., 0], np.array([0, 0])) for row in (1, 0, 2)]
    sights = follow(model, windows, [far.pixels(row) for row in (1, 0, 2)], rigid_vertices(model), 0.08)
    assert not len(sights.corners)
