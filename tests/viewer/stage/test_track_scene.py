import numpy as np
import pytest

from morph.errors import MorphError
from morph.model import Decoder
from morph.track_folder.read import load_track
from viewer.props import find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene


def test_heads_lie_where_the_tracker_put_them(write_track, coarse_model):
    track = load_track(write_track([0, 1]))
    scene = TrackScene(track, coarse_model).picture_scene(1, 160, 120)
    expected = Decoder(coarse_model).project(track.coefficients[1])
    np.testing.assert_allclose(scene.camera.project(scene.parts[0].vertices), expected, atol=1e-3)


def test_zoom_keeps_the_corners_of_pixels(write_track, coarse_model):
    track = load_track(write_track([0]))
    stage = TrackScene(track, coarse_model)
    small, large = (stage.picture_scene(0, 160 * z, 120 * z, z).parts[0].vertices for z in (1, 2))
    here, there = small[:, :2] * [1, -1] + 0.5, large[:, :2] * [1, -1] + 0.5
    np.testing.assert_allclose(there, 2 * here, atol=1e-3)


def test_heads_alone_keep_their_size_and_turn(write_track, coarse_model):
    track = load_track(write_track([0, 1]))
    stage = TrackScene(track, coarse_model)
    scene = stage.model_scene(1, stage.orbit(0, 0, 64, 64), 64, 64)
    row = track.coefficients[1]
    expected = Decoder(coarse_model)(row.shape, row.expression) @ np.asarray(row.rotation, np.float32).T
    np.testing.assert_allclose(scene.parts[0].vertices, expected, atol=1e-3)


def test_a_group_stands_side_by_side_and_in_view(write_track, coarse_model):
    stage = TrackScene(load_track(write_track([0], people=2)), coarse_model)
    camera = stage.orbit(0, 0, 200, 100)
    scene = stage.model_scene(0, camera, 200, 100)
    middles = [part.vertices[coarse_model.landmarks].mean(axis=0) for part in scene.parts]
    assert len(middles) == 2
    assert middles[1][0] - middles[0][0] == pytest.approx(160 / 3 / 0.35, abs=15)
    for part in scene.parts:
        pixels = camera.project(part.vertices[coarse_model.landmarks])
        assert (pixels[:, :2] > 0).all()
        assert (pixels[:, :2] < [200, 100]).all()


def test_empty_frames_have_no_head(write_track, coarse_model):
    stage = TrackScene(load_track(write_track([0, 2])), coarse_model)
    assert stage.picture_scene(1, 160, 120).parts == ()


def test_hidden_heads_still_hide(write_track, coarse_model):
    stage = TrackScene(load_track(write_track([0])), coarse_model, find_prop("glasses"))
    head, *prop = stage.picture_scene(0, 160, 120, look=DisplayStyle(head=False)).parts
    assert head.holdout
    assert len(prop) == 7
    stage.wear(None)
    assert len(stage.picture_scene(0, 160, 120).parts) == 1


def test_eyes_lips_and_folds_have_their_colours(write_track, coarse_model):
    head = TrackScene(load_track(write_track([0])), coarse_model).head
    marks = coarse_model.landmarks
    forehead, lip = head.albedo[marks[27]], head.albedo[marks[57]]
    assert lip[0] - lip[1] > forehead[0] - forehead[1]  # redder
    inside = coarse_model.vertex_masks["inner_mouth"] > 0.9
    assert head.occlusion[inside].mean() < 0.35
    assert head.occlusion[marks[30]] > 0.8


def test_track_of_another_model(write_track, coarse_model):
    track = load_track(write_track([0], model_identity=np.array("ffff")))
    with pytest.raises(MorphError, match="`model=`"):
        TrackScene(track, coarse_model)
