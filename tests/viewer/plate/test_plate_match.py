import dataclasses

import cv2
import numpy as np
import pytest

from morph.track_folder.read import load_track
from viewer.draw.software import SoftwareRenderer
from viewer.output.preview import Preview, draw_frame, write_preview
from viewer.props import find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene

MATCHED = Preview(look=DisplayStyle(head=False), light="auto", finish="matched")
PLAIN = Preview(look=DisplayStyle(head=False))


@pytest.fixture
def stage(write_track, coarse_model):
    return TrackScene(load_track(write_track([0, 1, 2])), coarse_model, find_prop("glasses"))


def filmed(stage, frame, gain=(1.0, 1.0, 1.0), noise=0.0):
    """A picture of the tracked head itself, darker or brighter, with noise."""
    bare = TrackScene(stage.track, stage.model)
    grey = np.full((120, 160, 3), 120, np.uint8)
    picture = draw_frame(bare, SoftwareRenderer(2), Preview(), frame, grey).astype(np.float32) * np.array(gain)
    picture += np.random.default_rng(frame).normal(0, noise, picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def test_frames_come_out_the_same_again(stage):
    plates = [filmed(stage, frame, noise=3.0) for frame in range(3)]
    runs = []
    for _ in range(2):
        match = MATCHED.match(stage)
        runs.append([draw_frame(stage, SoftwareRenderer(2), MATCHED, k, plate, match) for k, plate in enumerate(plates)])
    for first, second in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, second)
    assert (runs[0][0] != plates[0]).any()


def test_prop_is_as_bright_as_the_footage(stage):
    values = []
    for gain in (0.35, 1.0):
        plate = filmed(stage, 0, [gain] * 3)
        picture = draw_frame(stage, SoftwareRenderer(2), MATCHED, 0, plate)
        solid = draw_frame(stage, SoftwareRenderer(2), dataclasses.replace(PLAIN), 0, plate) != plate
        values.append(picture[solid.any(axis=-1)].mean())
    assert values[0] < 0.75 * values[1]


def test_only_prop_and_skin_change(stage):
    plate = filmed(stage, 0)
    changed = (draw_frame(stage, SoftwareRenderer(2), MATCHED, 0, plate) != plate).any(axis=-1)
    bare = TrackScene(stage.track, stage.model)
    head = (draw_frame(bare, SoftwareRenderer(1), Preview(), 0, np.zeros_like(plate)) > 0).any(axis=-1)
    prop = (draw_frame(stage, SoftwareRenderer(2), PLAIN, 0, plate) != plate).any(axis=-1)
    near = cv2.dilate((head | prop).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert changed.any()
    assert not changed[~near].any()
    shaded = changed & ~(cv2.dilate(prop.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    assert shaded.sum() > 10  # the skin beside it
    finished = draw_frame(stage, SoftwareRenderer(2), MATCHED, 0, plate).astype(int)
    assert (finished[shaded] - plate[shaded]).max() <= 0


def test_light_alone_and_finish_alone(stage):
    plate = filmed(stage, 0, [0.4] * 3)
    looks = {
        (light, finish): draw_frame(
            stage, SoftwareRenderer(2), Preview(look=DisplayStyle(head=False), light=light, finish=finish), 0, plate
        )
        for light in ("auto", "studio")
        for finish in ("matched", "plain")
    }
    pictures = list(looks.values())
    for k, one in enumerate(pictures):
        for other in pictures[k + 1 :]:
            assert (one != other).any()
    np.testing.assert_array_equal(looks["studio", "plain"], draw_frame(stage, SoftwareRenderer(2), PLAIN, 0, plate))


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_footage(stage, value):
    picture = draw_frame(stage, SoftwareRenderer(1), MATCHED, 0, np.full((120, 160, 3), value, np.uint8))
    assert picture.shape == (120, 160, 3)


def test_frame_without_a_face_and_frames_in_any_order(stage):
    plate = filmed(stage, 0)
    match = MATCHED.match(stage)
    np.testing.assert_array_equal(draw_frame(stage, SoftwareRenderer(1), MATCHED, 7, plate, match), plate)
    for frame in (2, 0, 1):
        assert (draw_frame(stage, SoftwareRenderer(1), MATCHED, frame, plate, match) != plate).any()


def test_nothing_to_match():
    assert Preview().match(None) is None
    assert dataclasses.replace(MATCHED, layout="beside").match(None) is None
    assert dataclasses.replace(MATCHED, look=DisplayStyle(normals=True)).match(None) is None


def test_motion_blurs_the_prop(write_track, coarse_model):
    plate = np.full((120, 160, 3), 255, np.uint8)
    columns = {}
    for name, step in (("still", 0), ("fast", 12)):
        place = np.stack([70.0 + step * np.arange(3), np.full(3, 60.0)], axis=1)
        turned = np.repeat(np.eye(3)[None], 3, axis=0)
        track = load_track(write_track([0, 1, 2], name=name, translation=place, rotation=turned, expression=np.zeros((3, 52))))
        stage = TrackScene(track, coarse_model, find_prop("glasses"))
        preview = dataclasses.replace(MATCHED, light="studio")
        columns[name] = draw_frame(stage, SoftwareRenderer(2), preview, 1, plate).astype(float).mean(axis=(0, 2))
    slopes = {name: np.abs(np.diff(values)).max() for name, values in columns.items()}
    assert slopes["fast"] < 0.7 * slopes["still"]


def test_picture_of_a_clip_is_the_clips_own_frame(stage, tmp_path):
    plates = [filmed(stage, frame, noise=3.0) for frame in range(3)]
    folder = tmp_path / "footage"
    folder.mkdir()
    for number, plate in enumerate(plates):
        cv2.imwrite(str(folder / f"{number:03d}.png"), plate[..., ::-1])
    preview = dataclasses.replace(MATCHED, footage=str(folder))
    write_preview(stage, SoftwareRenderer(2), preview, tmp_path / "a.png", frame=2)
    match = MATCHED.match(stage)
    for number, plate in enumerate(plates):
        picture = draw_frame(stage, SoftwareRenderer(2), MATCHED, number, plate, match)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], picture)
