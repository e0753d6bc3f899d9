import av
import cv2
import numpy as np
import pytest
from clips import sounding_clip

from morph.errors import MorphError
from morph.export.video import VideoWriter
from morph.track_folder.read import load_track
from viewer.draw.software import SoftwareRenderer
from viewer.output.picture import write_picture
from viewer.output.preview import Preview, draw_frame, write_preview
from viewer.props import find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene

RED = np.full((120, 160, 3), (200, 20, 20), np.uint8)


@pytest.fixture
def stage(write_track, coarse_model):
    return TrackScene(load_track(write_track([0, 1, 3])), coarse_model)


@pytest.fixture
def footage(tmp_path):
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 30.0) as writer:
        for number in range(5):
            writer.write(RED, number / 30.0)
    return str(path)


def frames_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)], stream


def test_picture_of_the_middle_frame(stage, tmp_path):
    out = tmp_path / "a.png"
    assert write_preview(stage, SoftwareRenderer(), Preview(size=(96, 72)), out) == 1
    picture = cv2.imread(str(out))
    assert picture.shape == (72, 96, 3)
    expected = draw_frame(stage, SoftwareRenderer(), Preview(size=(96, 72)), 1)
    np.testing.assert_array_equal(picture[..., ::-1], expected)


def test_walking_round_shows_another_side(stage):
    front, side = (draw_frame(stage, SoftwareRenderer(), Preview(size=(96, 72), yaw=yaw), 0) for yaw in (0, 90))
    assert front.shape == (72, 96, 3)
    skin = [(picture[..., 0].astype(int) - picture[..., 2] > 25) for picture in (front, side)]
    assert all(mask.sum() > 300 for mask in skin)
    assert (skin[0] != skin[1]).sum() > 100


def test_clip_has_every_frame_and_the_rate(stage, tmp_path):
    out = tmp_path / "a.mp4"
    assert write_preview(stage, SoftwareRenderer(), Preview(size=(97, 72)), out) == 4  # 0 to 3, although 2 has no face
    pictures, stream = frames_of(out)
    assert len(pictures) == 4
    assert pictures[0].shape == (72, 98, 3)  # H.264 has no odd width
    assert stream.codec_context.name == "h264"
    assert float(stream.average_rate) == pytest.approx(30.0)
    assert np.ptp(pictures[2].astype(int)[:, 40], axis=0).max() < 60  # the backdrop alone
    assert np.ptp(pictures[1].astype(int)[:, 40], axis=0).max() > 80


def test_over_footage_covers_the_face_only(stage, tmp_path, footage):
    out = tmp_path / "a.mp4"
    assert write_preview(stage, SoftwareRenderer(), Preview(footage=footage), out) == 5
    pictures, _ = frames_of(out)
    changed = np.abs(pictures[0].astype(int) - RED).max(axis=-1) > 40
    marks = stage.head.decoder.project(stage.track.coefficients[0])[stage.model.landmarks]
    inside = np.rint(marks[27:48, :2]).astype(int)
    assert changed[inside[:, 1], inside[:, 0]].all()
    assert not changed[:8, :8].any()
    assert (np.abs(pictures[2].astype(int) - RED).max(axis=-1) > 40).sum() == 0  # no face, nothing drawn


def test_prop_over_footage_leaves_the_face(write_track, coarse_model, footage):
    stage = TrackScene(load_track(write_track([0])), coarse_model, find_prop("glasses"))
    picture = draw_frame(stage, SoftwareRenderer(2), Preview(look=DisplayStyle(head=False)), 0, RED)
    changed = np.abs(picture.astype(int) - RED).max(axis=-1) > 40
    marks = stage.head.decoder.project(stage.track.coefficients[0])[coarse_model.landmarks]
    chin, bridge = (np.rint(marks[k, :2]).astype(int) for k in (8, 27))
    assert not changed[chin[1] - 3, chin[0]]
    assert changed[bridge[1] - 4 : bridge[1] + 5, bridge[0]].any()
    assert 40 < changed.sum() < 1500


def test_beside_footage_and_resized(stage, tmp_path, footage):
    out = tmp_path / "a.png"
    write_preview(stage, SoftwareRenderer(), Preview(size=(80, 80), footage=footage, layout="beside"), out, frame=1)
    picture = cv2.imread(str(out))[..., ::-1]
    assert picture.shape == (60, 160, 3)
    assert np.abs(picture[:, :80].astype(int) - (200, 20, 20)).max() < 12
    assert np.abs(picture[:, 80:].astype(int) - (200, 20, 20)).min(axis=(0, 1)).max() > 12


def test_over_footage_its_sound_is_kept(stage, tmp_path):
    clip = sounding_clip(tmp_path / "late.mkv", start=40.0)
    preview = Preview(footage=str(clip), look=DisplayStyle(head=False))
    assert write_preview(stage, SoftwareRenderer(), preview, tmp_path / "over.mp4") == 50
    with av.open(str(tmp_path / "over.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert sum(frame.samples for frame in container.decode(audio=0)) / 48000 == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    ("out", "frame", "says"),
    [
        ("a.gif", None, "name it .png"),
        ("a.mp4", 1, "`frame=` picks one"),
        ("a.png", 2, "frame 2 has no face; .* 0 to 3"),
        ("no/a.png", 1, "cannot write"),
    ],
)
def test_mistakes(stage, tmp_path, out, frame, says):
    with pytest.raises(MorphError, match=says):
        write_preview(stage, SoftwareRenderer(), Preview(size=(32, 24)), tmp_path / out, frame)
    assert not list(tmp_path.glob("*.png")) + list(tmp_path.glob("*.mp4"))


def test_footage_mistakes(stage, tmp_path, footage):
    with pytest.raises(MorphError, match="no frame 9; its last is 4"):
        write_preview(stage, SoftwareRenderer(), Preview(footage=footage), tmp_path / "a.png", 9)
    with pytest.raises(MorphError, match="no file"):
        write_preview(stage, SoftwareRenderer(), Preview(footage=str(tmp_path / "gone.mp4")), tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


def test_pictures_are_written_whole(tmp_path):
    write_picture(tmp_path / "a.png", RED)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], RED)
    with pytest.raises(MorphError, match=r"\.mp4"):
        write_picture(tmp_path / "a.bmp", RED)
