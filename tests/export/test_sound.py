import av
import numpy as np
import pytest
from clips import SOUND_RATE, sounding_clip

from morph.export import VideoWriter
from morph.frames.sources import open_source


def events(path):
    """Seconds from the first picture to the white one and to the tone, and the name of the sound's codec."""
    with av.open(str(path)) as container:
        pictures = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        parts = [(frame.time, np.abs(frame.to_ndarray().astype(float)[0])) for frame in container.decode(stream)]
    loud = max(part.max() for _, part in parts) / 3
    tone = next(time + np.argmax(part > loud) / SOUND_RATE for time, part in parts if part.max() > loud)
    first = pictures[0][0]
    return next(time for time, mean in pictures if mean > 100) - first, tone - first, stream.codec_context.name


def carried(path, out, frames=None):
    source = open_source(path)
    with VideoWriter(out, source.rate, sound=source) as video:
        for frame in source:
            if frames is None or frame.index < frames:
                video.write(frame.image, frame.time)
    return source


@pytest.mark.parametrize(
    ("name", "codec", "kept"),
    [("a.mp4", "aac", "aac"), ("a.mkv", "libopus", "opus"), ("a.mov", "pcm_s16le", "aac"), ("a.ts", "aac", "aac")],
)
@pytest.mark.parametrize("start", [0.0, 40.0])
def test_sound_stays_with_its_pictures(tmp_path, name, codec, kept, start):
    source = carried(sounding_clip(tmp_path / name, codec, start), tmp_path / "out.mp4")
    white, tone, found = events(tmp_path / "out.mp4")
    assert (white, tone) == pytest.approx((1.2, 1.2), abs=0.012)  # half a packet of Opus
    assert found == kept
    assert source.left_out == ()


def test_sound_that_begins_before_the_pictures_loses_its_beginning(tmp_path):
    path = sounding_clip(tmp_path / "a.mkv", late=0.4)
    assert events(path)[:2] == pytest.approx((1.2, 1.2), abs=0.012)
    carried(path, tmp_path / "out.mp4")
    assert events(tmp_path / "out.mp4")[:2] == pytest.approx((1.2, 1.2), abs=0.012)


def test_sound_ends_with_the_pictures(tmp_path):
    carried(sounding_clip(tmp_path / "a.mp4"), tmp_path / "out.mp4", frames=10)
    with av.open(str(tmp_path / "out.mp4")) as container:
        heard = sum(frame.samples for frame in container.decode(audio=0)) / SOUND_RATE
    assert heard == pytest.approx(0.4, abs=0.05)


def test_sound_that_cannot_be_read_is_named_and_the_pictures_are_written(tmp_path):
    source = open_source(sounding_clip(tmp_path / "a.mp4"))
    frames = list(source)
    source.sound = str(tmp_path / "gone.mp4")
    with VideoWriter(tmp_path / "out.mp4", source.rate, sound=source) as video:
        for frame in frames:
            video.write(frame.image, frame.time)
    assert source.left_out == ("sound (No such file or directory)",)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.audio
        assert len(list(container.decode(video=0))) == 50


def test_sound_that_the_file_cannot_hold_is_named_and_the_pictures_are_written(tmp_path, monkeypatch):
    """A codec that MP4 has no place for is only found out when the file is begun."""
    monkeypatch.setattr("morph.export.sound.COPIED", ("pcm_mulaw",))
    source = carried(sounding_clip(tmp_path / "a.avi", "pcm_mulaw"), tmp_path / "out.mp4")
    assert [line.startswith("sound (") for line in source.left_out] == [True]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.audio
        assert len(list(container.decode(video=0))) == 50
