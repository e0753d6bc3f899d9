import av
import cv2
import numpy as np
import pytest
from clips import portrait

from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.animation import count_pictures
from morph.frames.formats import format_of

FRAMES = [cv2.GaussianBlur(portrait(64, 48, shift=4 * k), (0, 0), 1.5) for k in range(4)]


def write_webp(path, frames, times=(40, 80, 40, 40), **options) -> None:
    animation = cv2.Animation()
    animation.frames = [
        np.dstack([frame[..., 2::-1], frame[..., 3:] if frame.shape[2] == 4 else frame[..., :1] * 0 + 255]) for frame in frames
    ]
    animation.durations = np.array(times)
    good, data = cv2.imencodeanimation(".webp", animation, [cv2.IMWRITE_WEBP_QUALITY, options.get("quality", 101)])
    assert good
    path.write_bytes(data.tobytes())


def write_by_ffmpeg(path, codec, kind) -> None:
    with av.open(str(path), "w", format="apng" if codec == "apng" else "gif") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, kind
        for picture in FRAMES:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def off(a, b) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b).mean())


@pytest.mark.parametrize("quality", [101, 90])
def test_an_animated_webp_is_a_clip(tmp_path, quality):
    write_webp(tmp_path / "a.webp", FRAMES, quality=quality)
    source = open_source(tmp_path / "a.webp")
    frames = list(source)
    assert (source.kind, source.count, source.rate) == ("clip", 4, pytest.approx(20))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.12, 0.16])
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    for frame, want in zip(frames, FRAMES, strict=True):
        assert off(frame.image, want) < (0.5 if quality > 100 else 6)
    assert source.left_out == ()


def test_transparent_frames_lie_on_those_before(tmp_path):
    frames = []
    for k in range(4):
        frame = np.zeros((40, 60, 4), np.uint8)
        frame[5 + k : 20 + k, 6 * k : 6 * k + 20] = (200, 30 * k, 50, 255 if k % 2 else 128)
        frames.append(frame)
    write_webp(tmp_path / "a.webp", frames)
    for frame, want in zip(open_source(tmp_path / "a.webp"), frames, strict=True):
        assert off(frame.image, want[..., :3].astype(int) * want[..., 3:] // 255) < 1


@pytest.mark.parametrize(
    ("name", "codec", "kind"), [("a.png", "apng", "rgb24"), ("a.apng", "apng", "rgb24"), ("a.gif", "gif", "rgb8")]
)
def test_animated_png_and_gif_are_clips(tmp_path, name, codec, kind):
    write_by_ffmpeg(tmp_path / name, codec, kind)
    data = (tmp_path / name).read_bytes()
    assert count_pictures(data, format_of(data)) == 4
    source = open_source(tmp_path / name)
    assert source.kind == "clip"
    frames = list(source)
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12])
    assert off(frames[3].image, FRAMES[3]) < (1 if codec == "apng" else 25)


def test_in_a_folder_their_first_frame_is_read_and_the_rest_named(tmp_path):
    write_webp(tmp_path / "b.webp", FRAMES)
    write_by_ffmpeg(tmp_path / "c.gif", "gif", "rgb8")
    source = open_source(tmp_path)
    first, second = source
    assert off(first.image, FRAMES[0]) < 0.5
    assert off(second.image, FRAMES[0]) < 25
    assert source.left_out == ("b.webp: 3 frames after the first", "c.gif: 3 frames after the first")


def test_a_still_gif_is_a_picture(tmp_path):
    (tmp_path / "a.gif").write_bytes(cv2.imencode(".gif", FRAMES[0][..., ::-1])[1].tobytes())
    source = open_source(tmp_path / "a.gif")
    assert source.kind == "picture"
    assert off(next(iter(source)).image, FRAMES[0]) < 25


def test_damaged_frames_are_counted_and_changed_bytes_are_one_line(tmp_path):
    write_webp(tmp_path / "a.webp", FRAMES)
    said: list[str] = []
    whole, rng = (tmp_path / "a.webp").read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(12, len(data), 4):
            data[place] = rng.integers(256)
        (tmp_path / "b.webp").write_bytes(data)
        try:
            source = open_source(tmp_path / "b.webp")
            assert len(list(source)) + source.damaged >= 1
        except MorphError as error:
            said.append(str(error))
    assert not [line for line in said if "\n" in line]
