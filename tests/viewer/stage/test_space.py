"""Heads and props before a lens: where a true camera would see them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from morph.model import Coefficients, Decoder, Lens, MorphableModel, fit_scaled_orthographic, load_default_model
from morph.track_folder.read import Track
from viewer.props import Wearer, Wearing, find_prop
from viewer.props.fitted_prop import WornItem
from viewer.stage.space import Space
from viewer.stage.track_scene import TrackScene

SIZE = (1920, 1080)
WIDE = Lens.from_mm(24.0, SIZE)


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load_default_model(0)


@pytest.fixture(scope="module")
def truth(model: MorphableModel) -> list[tuple[np.ndarray, np.ndarray]]:
    """Turn and place, in millimetres, of a head near the right edge of a 24 mm picture."""
    turns = Rotation.from_euler("yx", [[-20, 3], [5, -4], [25, 6]], degrees=True).as_matrix()
    return [(turn, np.array([330.0 + 10 * k, 60.0, -600.0 - 20 * k])) for k, turn in enumerate(turns)]


@pytest.fixture(scope="module")
def track(model: MorphableModel, truth: list[tuple[np.ndarray, np.ndarray]]) -> Track:
    """What a scaled orthographic tracker makes of that: the pose that fits the points best."""
    shape = 0.5 * np.random.default_rng(1).normal(size=(1, model.n_shape)).repeat(3, 0).astype(np.float32)
    still = np.zeros((3, model.n_expression), np.float32)
    face = Decoder(model, model.landmarks)(shape[0], still[0]).astype(np.float64)
    seen = [fit_scaled_orthographic(face, WIDE.project(face @ turn.T + place)) for turn, place in truth]
    pose = [np.stack([getattr(one, name) for one in seen]).astype(np.float32) for name in ("rotation", "scale", "translation")]
    frame = np.arange(3)
    return Track(frame, frame / 25, np.zeros(3, np.int64), Coefficients(shape, still, *pose), size=SIZE, folder=Path("made"))


def _away(found: np.ndarray, wanted: np.ndarray, face: float) -> float:
    return float(100 * np.linalg.norm(found - wanted, axis=1).mean() / face)


def test_glasses_near_the_edge_of_a_24_mm_lens(
    model: MorphableModel, track: Track, truth: list[tuple[np.ndarray, np.ndarray]]
) -> None:
    """Every vertex where the true camera sees it, to two per cent of the face on average; a quarter more without the lens."""
    glasses = find_prop("glasses")
    assert glasses is not None
    stage = TrackScene(track, model, glasses)
    shape, expression = track.coefficients.shape[0], track.coefficients.expression[0]
    (item,) = (item for item in Wearing(glasses, model).items if isinstance(item, WornItem))
    own = np.concatenate([item.place(Wearer(shape, expression, shape))(piece.vertices) for piece in item.item.pieces])
    marks = Decoder(model, model.landmarks)(shape, expression).astype(np.float64)
    for row, (turn, place) in enumerate(truth):
        wanted, face = WIDE.project(own @ turn.T + place), WIDE.project(marks @ turn.T + place)
        size = float(np.sqrt(np.ptp(face, axis=0).prod()))
        errors = []
        for space in (Space(track, model, WIDE), None):
            stage.space = space
            _, *prop = stage.picture_scene(row, *SIZE).parts
            found = np.concatenate([part.vertices[:, :2] * [1, -1] for part in prop])
            errors.append(_away(found, wanted, size))
        assert errors[0] < 2
        assert errors[1] > 1.25 * errors[0]


def test_heads_lie_where_they_were_tracked(model: MorphableModel, track: Track) -> None:
    """Landmarks to half a per cent of the face, at every zoom and corner; depth grows to the viewer in pixels."""
    stage = TrackScene(track, model)
    assert stage.space is not None
    assert stage.space.lens == Lens.assume(SIZE)
    for row in range(3):
        points = stage.head.decoder.project(track.coefficients[row])[model.landmarks]
        (head,) = stage.picture_scene(row, 960, 540, 0.5, corner=(7.0, 3.0)).parts
        found = head.vertices[model.landmarks]
        wanted = (points[:, :2] + 0.5) * 0.5 - 0.5 + [7, 3]
        assert _away(found[:, :2] * [1, -1], wanted, float(np.sqrt(np.ptp(wanted, axis=0).prod()))) < 0.6
        depth = np.corrcoef(found[:, 2], points[:, 2])[0, 1]
        assert depth > 0.9
        assert np.ptp(found[:, 2]) == pytest.approx(np.ptp(points[:, 2]) * 0.5, rel=0.15)


def test_depth_in_millimetres_is_before_the_heads_origin(model: MorphableModel, track: Track) -> None:
    space = Space(track, model, WIDE)
    placed = space.placed(1)
    part = TrackScene(track, model).picture_scene(1, *SIZE).parts[0]
    vertices = model.mean[:40] @ np.asarray(placed.linear, np.float32).T + placed.shift.astype(np.float32)
    import dataclasses

    part = dataclasses.replace(part, vertices=vertices, albedo=part.albedo[:40], normals=None)
    seen = space.pictured(part, 2.0, (0.0, 0.0)).vertices
    np.testing.assert_allclose(space.before_origin(1, seen[:, 2], 2.0), vertices[:, 2] - placed.shift[2], atol=0.05)


def test_what_is_behind_the_camera_is_no_error(model: MorphableModel, track: Track) -> None:
    import dataclasses

    part = TrackScene(track, model).picture_scene(0, *SIZE).parts[0]
    behind = dataclasses.replace(part, vertices=np.abs(part.vertices))
    assert np.isfinite(Space(track, model, WIDE).pictured(behind, 1.0, (0.0, 0.0)).vertices).all()
