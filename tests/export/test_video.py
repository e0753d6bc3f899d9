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
