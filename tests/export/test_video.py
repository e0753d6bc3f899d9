import av
import numpy as np
import pytest
from clips import portrait

from morph.export import VideoWriter


def test_times_sizes_and_pictures_come_back(tmp_path):
    times = [0.0, 0.04, 0.1, 0.5, 0.51]
    with VideoWriter(tmp_path / "a.mp4", 25) as video:
        for i, time in enumerate(times):
            video.write(portrait(161, 121, shift=3 * i), time)
        assert not (tmp_path / "a.mp4").exists()
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        frames = list(container.decode(stream))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-3)
    read = frames[2].to_ndarray(format="rgb24")
    assert read.shape == (122, 162, 3)  # even, as yuv420p needs it
    assert np.abs(read[:121, :161].astype(float) - portrait(161, 121, shift=6)).mean() < 6


def test_the_index_stands_at_the_front(tmp_path):
    with VideoWriter(tmp_path / "a.mp4") as video:
        video.write(portrait(64, 48), 0.0)
    data = (tmp_path / "a.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_an_error_leaves_no_file(tmp_path):
    def interrupted():
        with VideoWriter(tmp_path / "a.mp4") as video:
            video.write(portrait(64, 48), 0.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_no_frames_no_file(tmp_path):
    with VideoWriter(tmp_path / "a.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_another_size_is_scaled(tmp_path):
    with VideoWriter(tmp_path / "a.mp4") as video:
        video.write(portrait(64, 48), 0.0)
        video.write(portrait(128, 96), 0.1)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [frame.width for frame in container.decode(video=0)] == [64, 64]


@pytest.mark.parametrize("height", [96, 1080])
def test_colours_are_those_of_bt709_and_the_file_says_so(tmp_path, height):
    colours = np.array([(235, 40, 40), (40, 200, 60), (40, 60, 220), (200, 130, 100)], np.uint8)
    with VideoWriter(tmp_path / "a.mp4", quality=10) as video:
        video.write(np.repeat(np.repeat(colours[None], height, 0), 32, 1), 0.0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        (frame,) = container.decode(video=0)
    planes = frame.to_ndarray()
    luma = planes[:height, 16::32][height // 2]
    want = 16 + 219 * (colours / 255 @ [0.2126, 0.7152, 0.0722])
    assert luma == pytest.approx(want, abs=2)
    shown = frame.to_ndarray(format="rgb24")[height // 2, 16::32].astype(int)
    assert np.abs(shown - colours).max() <= 5


def test_a_clip_begins_with_its_first_frame(tmp_path):
    with VideoWriter(tmp_path / "a.mp4") as video:
        for time in (40.0, 40.04, 40.1):
            video.write(portrait(64, 48), time)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [frame.time for frame in container.decode(video=0)] == pytest.approx([0, 0.04, 0.1], abs=1e-3)
