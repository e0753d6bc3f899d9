import dataclasses

import numpy as np
import pytest
from turning_head import TurningHead

from morph.model import Coefficients, Lens, load_default_model
from morph.tracking.lens.bundle import adjust
from morph.tracking.lens.surface import Sights
from morph.tracking.smoothing.flow_pose import rigid_vertices

ASSUMED = Lens.assume((1280, 720))


def sights_of(head: TurningHead, noise: float) -> tuple[Coefficients, Sights]:
    """Sixty points of the skin where the pinhole sees them, and the scaled orthographic poses."""
    model, count = head.model, len(head.position)
    rows = rigid_vertices(model)[:: len(rigid_vertices(model)) // 60]
    seen = np.stack([head.pixels(row)[rows, :2] for row in range(count)])
    seen = seen + np.random.default_rng(3).normal(0, noise, seen.shape)
    poses = [head.flat(row) for row in range(count)]
    stacked = Coefficients(*(np.stack([getattr(p, f.name) for p in poses]) for f in dataclasses.fields(Coefficients)))
    corners, unit = np.repeat(rows[:, None], 3, 1).astype(np.int32), np.tile([1.0, 0.0, 0.0], (len(rows), 1))
    ways = np.tile(np.eye(2), (*seen.shape[:2], 1, 1))
    return stacked, Sights(corners, unit, seen, np.ones(seen.shape[:2], bool), ways, np.tile(np.eye(2), (len(rows), 1, 1)))


@pytest.mark.parametrize("mm", [28.0, 85.0])
def test_the_focal_length_of_a_turning_head_is_found(mm: float) -> None:
    head = TurningHead(load_default_model(0), Lens.from_mm(mm, ASSUMED.size), 40.0)
    heads, sights = sights_of(head, 0.2)
    found = adjust(head.model, heads, sights, ASSUMED)
    assert found.focal == pytest.approx(head.lens.focal, rel=0.1)
    assert found.spread < 0.08
    assert found.position[:, 2] == pytest.approx(head.position[:, 2], rel=0.1)


def test_a_head_that_hardly_turns_leaves_it_open() -> None:
    spread = {}
    for degrees in (3.0, 40.0):
        head = TurningHead(load_default_model(0), Lens.from_mm(35.0, ASSUMED.size), degrees, away=1200.0)
        spread[degrees] = adjust(head.model, *sights_of(head, 0.3), ASSUMED).spread
    assert spread[3.0] > 3 * spread[40.0]


def test_points_that_belong_to_something_else_do_not_count() -> None:
    head = TurningHead(load_default_model(0), Lens.from_mm(35.0, ASSUMED.size), 40.0)
    heads, sights = sights_of(head, 0.2)
    sights.seen[:, ::8] = sights.seen[:1, ::8]  # a hand before the face, that stays where it is
    assert adjust(head.model, heads, sights, ASSUMED).focal == pytest.approx(head.lens.focal, rel=0.12)
