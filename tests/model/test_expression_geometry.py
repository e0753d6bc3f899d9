"""What expressions of the default model do to lids, lips and eyeballs, measured in millimetres on the mesh as it is seen.

The tolerances are what the model holds, a little wider: a change that lets an eyeball through its lid, leaves a shut eye open
or parts lips that should meet fails here.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.model import MorphableModel, load_default_model
from morph.rendering.rasteriser import rasterise

PIXEL = 0.2  # millimetres
EYES = {"Left": range(42, 48), "Right": range(36, 42)}
PEOPLE = [None, 0, 1, 2]  # the mean head, and drawn ones


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(1)


def head(model: MorphableModel, person: int | None = None, **weights: float) -> np.ndarray:
    """``(V, 3)`` millimetres of a head with these weights."""
    raw = np.zeros(model.n_expression, np.float32)
    for name, weight in weights.items():
        raw[model.expression_names.index(name)] = weight
    shape = np.zeros(model.n_shape) if person is None else np.random.default_rng(person).normal(size=model.n_shape)
    return model.mean + model.shape_basis @ (model.shape_std * shape).astype(np.float32) + model.expression_basis @ raw


def region(model: MorphableModel, name: str) -> np.ndarray:
    """Vertices of a region."""
    return np.unique(model.triangles[model.regions == model.region_names.index(name)])


class Seen(NamedTuple):
    """A part of the head from the front: the region of each pixel (-1 of none), its depth, and triangles."""

    region: np.ndarray
    depth: np.ndarray
    triangle: np.ndarray


def look(model: MorphableModel, vertices: np.ndarray, middle: np.ndarray, size: tuple[float, float]) -> Seen:
    """``size`` millimetres, width and height, about a point."""
    x = (vertices[:, 0] - middle[0] + size[0] / 2) / PIXEL
    y = (middle[1] + size[1] / 2 - vertices[:, 1]) / PIXEL
    points = np.column_stack([x, y, vertices[:, 2]])
    seen = rasterise(points, model.triangles, int(size[1] / PIXEL), int(size[0] / PIXEL))
    return Seen(np.where(seen.covered, model.regions[seen.triangle_id], -1), seen.depth, seen.triangle_id)


class Eye(NamedTuple):
    """What is seen of an eyeball: square millimetres, pieces of over a tenth of one, and how far lid edges lie before it."""

    area: float
    pieces: int
    edges: np.ndarray


def eye(model: MorphableModel, side: str = "Left", person: int | None = None, **weights: float) -> Eye:
    rest = head(model, person)[model.landmarks[list(EYES[side])]].mean(0)
    seen = look(model, head(model, person, **weights), rest, (40, 30))
    ball = seen.region == model.region_names.index(f"{side.lower()}_eye")
    steps = []
    for way in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        lid = np.roll(seen.region == model.region_names.index("skin"), way, (0, 1)) & ball
        steps.append((np.roll(seen.depth, way, (0, 1)) - seen.depth)[lid])
    parts = cv2.connectedComponentsWithStats(ball.astype(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    square = PIXEL * PIXEL
    return Eye(ball.sum() * square, int((parts * square > 0.1).sum()), np.concatenate(steps))


@pytest.mark.parametrize("side", ["Left", "Right"])
@pytest.mark.parametrize("gaze", [None, "In", "Out", "Up", "Down"])
def test_lids_lie_on_the_eyeball_over_the_whole_blink_wherever_it_looks(
    model: MorphableModel, side: str, gaze: str | None
) -> None:
    looks = {} if gaze is None else {f"eyeLook{gaze}{side}": 1.0}
    areas = []
    for blink in (0.0, 0.25, 0.5, 0.75, 1.0):
        seen = eye(model, side, **{f"eyeBlink{side}": blink}, **looks)
        areas.append(seen.area)
        assert seen.pieces <= 1 or seen.area < 20, blink  # nowhere through the lid; the last slit may have two ends
        if len(seen.edges):
            assert seen.edges.min() > -0.4, blink  # millimetres, a pixel's slope; the edge is never behind the ball
            assert np.median(seen.edges) < 1.2, blink  # a lid is thicker than the gap below it
    assert all(now < 0.8 * before or before == 0 for before, now in itertools.pairwise(areas))
    assert areas[-1] == 0  # shut


@pytest.mark.parametrize("person", PEOPLE)
def test_half_a_blink_shuts_the_eye_by_half_whoever_it_is(model: MorphableModel, person: int | None) -> None:
    opened, half, shut = (eye(model, person=person, eyeBlinkLeft=blink) for blink in (0.0, 0.5, 1.0))
    assert 0.4 < half.area / opened.area < 0.6
    assert shut.area < 0.05
    assert half.pieces == 1


@pytest.mark.parametrize(
    ("weights", "least", "most"),
    [
        ({"eyeWideLeft": 1.0}, 1.2, 1.6),
        ({"eyeSquintLeft": 1.0}, 0.5, 0.75),
        ({"eyeSquintLeft": 1.0, "eyeBlinkLeft": 1.0}, 0.0, 0.0),
        ({"cheekSquintLeft": 1.0}, 0.75, 1.0),
        ({"eyeBlinkRight": 1.0}, 1.0, 1.0),
    ],
)
def test_what_else_moves_the_lids(model: MorphableModel, weights: dict[str, float], least: float, most: float) -> None:
    seen = eye(model, **weights)
    assert least <= seen.area / eye(model).area <= most
    assert seen.pieces <= 1
    assert seen.edges.min(initial=0.0) > -0.3


def gap(model: MorphableModel, person: int | None = None, **weights: float) -> float:
    """Square millimetres of teeth, tongue and the inside of the mouth that are seen from the front."""
    middle = head(model, person, **weights)[model.landmarks[[62, 66]]].mean(0)
    seen = look(model, head(model, person, **weights), middle, (70, 60))
    inside = (model.vertex_masks["inner_mouth"][model.triangles] > 0.5).all(1)
    inside |= np.isin(model.regions, [model.region_names.index(name) for name in ("upper_teeth", "lower_teeth", "tongue")])
    return float(inside[seen.triangle[seen.triangle >= 0]].sum() * PIXEL * PIXEL)


@pytest.mark.parametrize("person", PEOPLE)
def test_lips_meet_for_p_b_and_m(model: MorphableModel, person: int | None) -> None:
    """ARKit's mouthClose undoes what jawOpen does to the lips, weight for weight: no wider than they are at rest."""
    rest = gap(model, person)
    assert rest < 8  # over 50 mm of lips
    for jaw in (0.2, 0.4, 0.7, 1.0):
        assert gap(model, person, jawOpen=jaw, mouthClose=jaw) < rest + 0.5, jaw
    assert gap(model, person, jawOpen=0.3) > 150


@pytest.mark.parametrize("weights", [{"mouthPucker": 1.0}, {"mouthRollLower": 1.0, "mouthRollUpper": 1.0}])
def test_lips_stay_shut(model: MorphableModel, weights: dict[str, float]) -> None:
    assert gap(model, **weights) < 12


@pytest.mark.parametrize(
    ("side", "way", "axis", "degrees"),
    [
        ("Left", "Out", 1, 30),
        ("Left", "In", 1, -30),
        ("Right", "Out", 1, -30),
        ("Right", "In", 1, 30),
        *((side, way, 0, turn) for side in ("Left", "Right") for way, turn in (("Up", -25), ("Down", 30))),
    ],
)
def test_eyeballs_turn_about_their_middle(model: MorphableModel, side: str, way: str, axis: int, degrees: int) -> None:
    rows = region(model, f"{side.lower()}_eye")
    rest = head(model)[rows]
    for weight in (0.5, 1.0):
        moved = head(model, **{f"eyeLook{way}{side}": weight})[rows]
        turn, _ = Rotation.align_vectors(moved - moved.mean(0), rest - rest.mean(0))
        wanted: Any = np.zeros(3)
        wanted[axis] = weight * degrees
        assert np.degrees(turn.as_rotvec()) == pytest.approx(wanted, abs=1.0)
        assert np.linalg.norm(moved.mean(0) - rest.mean(0)) < 0.1
        left = moved - moved.mean(0) - turn.apply(rest - rest.mean(0))
        assert np.linalg.norm(left, axis=1).max() < 0.7  # a straight way between two places cuts the corner
    other = region(model, "left_eye" if side == "Right" else "right_eye")
    assert np.abs(head(model, **{f"eyeLook{way}{side}": 1.0})[other] - head(model)[other]).max() < 1e-6


def test_lids_follow_eyes_that_look_up_and_down(model: MorphableModel) -> None:
    for side, lid in (("Left", 43), ("Right", 37)):
        rest = head(model)[model.landmarks[lid], 1]
        up, down = (head(model, **{f"eyeLook{way}{side}": 1.0})[model.landmarks[lid], 1] - rest for way in ("Up", "Down"))
        assert 0.8 < up < 2.5
        assert -5 < down < -2.5
