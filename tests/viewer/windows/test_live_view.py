import av
import cv2
import numpy as np
import pytest
from clips import portrait
from standins import frontal

from morph.errors import MorphError
from morph.frames import Frame
from morph.model import Decoder
from morph.tracking import Face
from viewer.props import find_prop
from viewer.windows.live_picture import REMEMBERED, LivePicture
from viewer.windows.live_view import KEYS, LiveView, key_help


@pytest.fixture
def view(coarse_model, tmp_path):
    said = []
    view = LiveView(coarse_model, 25.0, folder=tmp_path, say=said.append)
    view.said = said
    yield view
    view.close()


def frame(index: int, time: float | None = None) -> Frame:
    return Frame(index, index / 25 if time is None else time, portrait(160, 160), "")


def face(model, number: int = 0) -> Face:
    """A frontal face in the middle of a picture of 160 x 160."""
    pose = frontal(model, 160)
    landmarks = Decoder(model, model.landmarks).project(pose)[..., :2]
    return Face(0, 0.0, number, np.r_[landmarks.min(0), landmarks.max(0)], 0.9, pose, landmarks, Decoder(model))


def changed(picture) -> np.ndarray:
    return np.abs(picture.astype(int) - portrait(160, 160)).max(-1) > 20


def test_meshes_props_and_nothing(view, coarse_model):
    mesh = changed(view.show(frame(0), [face(coarse_model)]))
    assert mesh[40:120, 40:120].mean() > 0.5
    assert view.press("m")
    assert not changed(view.show(frame(1), [face(coarse_model)])).any()
    while view.prop != "glasses":
        assert view.press("p")
    glasses = changed(view.show(frame(2), [face(coarse_model)]))
    assert 0.005 < glasses.mean() < 0.15  # they alone: heads hide and are not seen
    assert glasses[55:75, 50:110].mean() > 0.2  # before the eyes
    assert not glasses[120:].any()
    assert not changed(view.show(frame(3), [])).any()


def test_footage_is_never_drawn_into(view, coarse_model):
    given = frame(0)
    before = given.image.copy()
    view.show(given, [face(coarse_model)])
    view.press("p")
    view.show(given, [face(coarse_model)])
    assert (given.image == before).all()


def test_props_come_round_and_start_where_told(coarse_model, tmp_path):
    view = LiveView(coarse_model, prop="glasses", folder=tmp_path)
    assert view.prop == "glasses"
    for _ in view.props:
        view.press("p")
    assert view.prop == "glasses"
    assert "none" in view.props
    with pytest.raises(MorphError, match="no prop monocle-of-nobody"):
        LiveView(coarse_model, prop="monocle-of-nobody", folder=tmp_path)


def test_a_snapshot_is_the_next_picture_and_none_is_overwritten(view, coarse_model, tmp_path):
    assert view.press("s")
    shown = view.show(frame(0), [face(coarse_model)])
    view.show(frame(1), [])
    assert (cv2.imread(str(tmp_path / "live.png"))[..., ::-1] == shown).all()
    view.press("s")
    view.show(frame(2), [])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["live-2.png", "live.png"]
    assert view.said == [f"saved {tmp_path / 'live.png'}", f"saved {tmp_path / 'live-2.png'}"]


def test_a_recording_holds_what_was_shown_at_the_times_of_the_frames(view, coarse_model, tmp_path):
    view.show(frame(0), [])
    assert view.press("r")
    assert view.recording
    assert "recording" in view.title(3, 1)
    times = [5.0, 5.04, 5.20, 5.24]
    shown = [view.show(frame(i, time), [face(coarse_model)] * (i % 2)) for i, time in enumerate(times)]
    assert not (tmp_path / "live.mp4").exists()  # whole or absent
    view.press("r")
    assert not view.recording
    with av.open(str(tmp_path / "live.mp4")) as container:
        frames = list(container.decode(video=0))
    assert [entry.time for entry in frames] == pytest.approx([0, 0.04, 0.20, 0.24], abs=1e-3)
    for entry, picture in zip(frames, shown, strict=True):
        assert np.abs(entry.to_ndarray(format="rgb24").astype(int) - picture).mean() < 6
    assert view.said == [f"recorded {tmp_path / 'live.mp4'}"]


def test_closing_ends_a_recording_and_an_empty_one_leaves_nothing(coarse_model, tmp_path):
    said = []
    view = LiveView(coarse_model, folder=tmp_path / "new", say=said.append)
    view.press("r")
    view.show(frame(0), [])
    view.close()
    assert (tmp_path / "new" / "live.mp4").stat().st_size > 500
    view.press("r")
    view.close()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["live.mp4"]
    assert said[-1] == "nothing was recorded: no frame came"


def test_keys_say_how_the_resting_face_is_taken(view):
    assert view.press("n")  # nobody listens yet
    words = []
    view.calibrate = words.append
    assert all(view.press(key) for key in "nanaa")
    assert words == ["now", "auto", "now", "auto", "none"]
    assert view.said[-1] == "no resting face"


def test_other_keys_mean_nothing_and_all_are_explained(view):
    assert not view.press("x")
    assert not view.quit
    assert view.press("q")
    assert view.quit
    assert all(key in key_help() for key in KEYS)
    assert view.title(12, 3) == "morph live: frame 12, 3 dropped, none"


def test_hours_of_people_do_not_fill_the_memory(coarse_model):
    picture = LivePicture(coarse_model)
    picture.wear(find_prop("glasses"))
    for number in range(REMEMBERED + 9):
        picture.draw(np.zeros((16, 16, 3), np.uint8), [face(coarse_model, number)])
    assert len(picture._typical) == REMEMBERED


def test_a_folder_that_cannot_be_written(coarse_model, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(MorphError, match="cannot write"):
        LiveView(coarse_model, folder=tmp_path / "file")
