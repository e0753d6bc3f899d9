"""One person of a track as an animation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from toy import toy_model

from morph.errors import MorphError
from morph.export.performance import Performance
from morph.model import Decoder, MorphableModel, load_default_model
from morph.track_folder.people import performance_of_track
from morph.track_folder.read import load_track
from morph.tracking import Face
from morph.tracking.resting import RestingFace

WriteTrack = Callable[..., Path]


def test_vertices_are_those_of_the_tracked_face(write_track: WriteTrack, performance: Performance) -> None:
    """The same as ``Face.posed_vertices``, whose OBJ files `morph track` writes, to 0.001 mm."""
    track = load_track(write_track("again"))
    rows = np.flatnonzero(track.id == 1)
    decoder = Decoder(performance.model)
    for row, index in enumerate(rows):
        face = Face(0, 0.0, 1, np.zeros(4), 1.0, track.coefficients[index], np.zeros((68, 2)), decoder)
        assert np.abs(performance.vertices(row) - face.posed_vertices(320, 240)).max() < 1e-3


def test_levels_share_vertices(write_track: WriteTrack, performance: Performance) -> None:
    """Subdivision keeps what the motion is and how the weights are called."""
    finer = performance_of_track(load_track(write_track("again")), load_default_model(1))
    np.testing.assert_array_equal(finer.weights, performance.weights)
    assert len(finer.vertices(0)) > 3 * len(performance.vertices(0))


def test_most_seen_face_unless_asked(write_track: WriteTrack, coarse: MorphableModel) -> None:
    track = load_track(write_track())
    assert performance_of_track(track, coarse).id == 1
    assert len(performance_of_track(track, coarse, 0)) == 1


def test_a_resting_face_moves_into_the_base_and_no_vertex_moves(rested: Performance, performance: Performance) -> None:
    assert np.abs(rested.base - performance.base).max() > 1  # millimetres
    assert np.abs(rested.weights - performance.weights).max() > 0.1
    for row in range(len(performance)):
        assert np.abs(rested.vertices(row) - performance.vertices(row)).max() < 1e-3
    assert rested.scores(rested.weights) == pytest.approx(performance.scores(performance.weights))


def test_a_clip_that_loses_the_face_keeps_its_resting_face(rested: Performance) -> None:
    assert np.abs(rested.every_frame().vertices(0) - rested.vertices(0)).max() < 1e-3
    assert rested.still().resting is rested.resting


@pytest.mark.parametrize("changes", [{"reach": np.zeros((1, 52))}, {"resting": np.zeros((1, 3))}, {"resting": None}])
def test_resting_faces_that_cannot_be_are_refused(write_track: WriteTrack, changes: dict[str, np.ndarray | None]) -> None:
    good = {"resting_id": np.array([1]), "resting": np.zeros((1, 52)), "reach": np.ones((1, 52))}
    with pytest.raises(MorphError, match="resting faces cannot be right"):
        load_track(write_track("odd", **(good | changes)))


def test_quaternions_do_not_jump(performance: Performance) -> None:
    """A turn of 300 degrees in steps of 60: neighbours are 30 degrees apart on the sphere of quaternions."""
    turns = performance.quaternions
    np.testing.assert_allclose(Rotation.from_quat(turns).as_matrix(), performance.rotation, atol=1e-12)
    assert np.einsum("ti,ti->t", turns[1:], turns[:-1]).min() > 0
    assert turns[:, 3].min() < 0 < turns[:, 3].max()  # on one side all the way would have been a jump


def test_lost_frames_are_filled(performance: Performance) -> None:
    whole = performance.every_frame()
    assert whole.frame.tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert whole.time[3] == pytest.approx(6 / 30)
    np.testing.assert_allclose(whole.weights[3], (performance.weights[2] + performance.weights[3]) / 2)
    half = Rotation.from_matrix(performance.rotation[2]).inv() * Rotation.from_matrix(whole.rotation[3])
    full = Rotation.from_matrix(performance.rotation[2]).inv() * Rotation.from_matrix(performance.rotation[3])
    assert half.magnitude() == pytest.approx(full.magnitude() / 2)
    np.testing.assert_allclose(whole.vertices(4), performance.vertices(3), atol=1e-4)


def test_still_and_clipped(performance: Performance) -> None:
    np.testing.assert_allclose(performance.still().vertices(2), performance.neutral_vertices(2), atol=1e-5)
    assert performance.weights.min() < 0
    assert performance.clipped().weights.min() == 0


def test_other_unit_becomes_millimetres() -> None:
    """A model in metres at a thousandth of the size is the same head."""
    import dataclasses

    from morph.model import Coefficients

    class Track:
        frame, time, id, size, folder = np.arange(1), np.zeros(1), np.zeros(1, int), (100, 80), Path("track")
        resting: ClassVar[dict[int, RestingFace]] = {}
        coefficients = Coefficients(
            np.ones((1, 4)), np.ones((1, 3)), np.eye(3)[None], np.array([2.0]), np.array([[60.0, 30.0]])
        )

        def check_model(self, model: MorphableModel) -> None:
            pass

    model = toy_model()
    parts = ("mean", "shape_basis", "expression_basis")
    metres = dataclasses.replace(model, unit="m", identity="", **{name: getattr(model, name) / 1000 for name in parts})
    small = Track()
    small.coefficients = dataclasses.replace(small.coefficients, scale=small.coefficients.scale * 1000)
    ours, theirs = performance_of_track(Track(), model), performance_of_track(small, metres)
    np.testing.assert_allclose(theirs.vertices(0), ours.vertices(0), atol=1e-4)
    assert ours.translation[0].tolist() == [(60 - 49.5) / 2, -(30 - 39.5) / 2, 0]


def test_what_cannot_be_exported(write_track: WriteTrack, coarse: MorphableModel) -> None:
    with pytest.raises(MorphError, match="tracked with the model"):
        performance_of_track(load_track(write_track("a", model_identity=np.array("0123"))), coarse)
    with pytest.raises(MorphError, match="has no face 7; `person=` takes one of 0, 1"):
        performance_of_track(load_track(write_track("b")), coarse, 7)
    with pytest.raises(MorphError, match="does not say how large"):
        performance_of_track(load_track(write_track("c", size=None)), coarse)
    with pytest.raises(MorphError, match="times of face 1 do not grow"):
        performance_of_track(load_track(write_track("d", time=np.zeros(7))), coarse)
