import struct
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from av.filter import Graph
from clips import portrait, write_clip, write_stream

from morph.errors import MorphError
from morph.frames.clips.display import STRAIGHT, turn_of
from morph.frames.sources import open_source


def colours(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Frames of one brightness each: 10, 20, 30 ..."""
    return [np.full((height, width, 3), 10 * (i + 1), np.uint8) for i in range(count)]


def test_a_clip_gives_its_frames_in_order_with_the_times_of_the_file(tmp_path):
    times = [0.0, 0.04, 0.05, 0.25, 0.26, 1.0]
    frames = list(open_source(write_clip(tmp_path / "a.mp4", colours(6), times)))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-3)
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.image.mean() for frame in frames] == pytest.approx([10, 20, 30, 40, 50, 60], abs=3)
    assert frames[0].image.shape == (48, 64, 3)


@pytest.mark.parametrize(("height", "width"), [(47, 63), (48, 61), (5, 7), (1080, 2)])
def test_odd_sizes(tmp_path, height, width):
    """Sides that no subsampled chroma divides, and slivers; frames are stored without loss and subsampling."""
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={})
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        for image in (picture, 255 - picture):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    frames = list(open_source(tmp_path / "a.mkv"))
    for frame, want in zip(frames, (picture, 255 - picture), strict=True):
        assert np.abs(frame.image.astype(int) - want).max() <= 1
    assert frames[0].image.flags.c_contiguous


@pytest.mark.parametrize("kind", ["gray", "gray16le", "yuv420p10le", "yuva420p", "rgba64le"])
def test_grey_deep_and_transparent_clips_become_8_bit_rgb(tmp_path, kind):
    """As FFmpeg turns a frame of that kind into RGB."""
    picture = cv2.GaussianBlur(portrait(64, 48), (0, 0), 2)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={})
        stream.width, stream.height, stream.pix_fmt = 64, 48, kind
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=kind)))
        container.mux(stream.encode(None))
    (frame,) = open_source(tmp_path / "a.mkv")
    want = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, 2) if "gray" in kind else picture
    assert frame.image.shape == (48, 64, 3)
    assert frame.image.dtype == np.uint8
    assert np.abs(frame.image.astype(int) - want).mean() < 4


def test_a_clip_can_be_read_twice(tmp_path):
    source = open_source(write_clip(tmp_path / "a.mp4", colours(3)))
    assert len(list(source)) == len(list(source)) == 3


def difference(image: np.ndarray, other: np.ndarray) -> float:
    """Mean over all pixels, of 255."""
    assert image.shape == other.shape
    return float(np.abs(image.astype(int) - other).mean())


def with_matrix(path, a, b, c, d):
    """The same MP4 with this display matrix in the header of its track."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((0, 1, -1, 0), lambda picture: np.rot90(picture, -1)),
        ((0, -1, 1, 0), lambda picture: np.rot90(picture, 1)),
        ((-1, 0, 0, -1), lambda picture: np.rot90(picture, 2)),
        ((-1, 0, 0, 1), lambda picture: picture[:, ::-1]),
        ((1, 0, 0, -1), lambda picture: picture[::-1]),
        ((0, 1, 1, 0), lambda picture: picture.transpose(1, 0, 2)),
    ],
)
def test_a_turned_or_mirrored_clip_comes_out_upright(tmp_path, matrix, shown):
    path = with_matrix(write_clip(tmp_path / "a.mp4", [portrait(64, 48)] * 2), *matrix)
    frame = next(iter(open_source(path)))
    assert difference(frame.image, shown(portrait(64, 48))) < 8
    assert frame.image.flags.c_contiguous


def test_the_display_matrix_is_asked_for_by_name():
    """What iterating over side data gives is not the same in every PyAV: values until 18, keys since 19."""
    matrix = struct.pack("=9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    assert turn_of(SimpleNamespace(side_data={"SEI_UNREGISTERED": b"", "DISPLAYMATRIX": matrix})) == (0, 1, -1, 0)
    assert turn_of(SimpleNamespace(side_data={})) == STRAIGHT


@pytest.mark.parametrize("aspect", [Fraction(2), Fraction(1, 2), Fraction(16, 11)])
def test_pixels_that_are_not_square_are_made_square(tmp_path, aspect):
    """And a clip that was stored lying down is turned after that."""
    picture = portrait(320, 240)
    stored = (round(320 / aspect), 240) if aspect > 1 else (320, round(240 * aspect))
    squeezed = cv2.resize(picture, stored, interpolation=cv2.INTER_AREA)
    path = write_stream(tmp_path / "a.mp4", [squeezed] * 2, "libx264", "yuv420p", sample_aspect_ratio=aspect)
    source = open_source(path)
    assert difference(next(iter(source)).image, picture) < 8
    assert source.left_out == ()
    turned = next(iter(open_source(with_matrix(path, 0, 1, -1, 0)))).image
    assert difference(turned, np.ascontiguousarray(np.rot90(picture, -1))) < 8


def test_a_pixel_shape_that_cannot_be_is_named(tmp_path):
    path = write_stream(tmp_path / "a.mp4", colours(2), "libx264", "yuv420p", sample_aspect_ratio=Fraction(20))
    source = open_source(path)
    assert next(iter(source)).image.shape == (48, 64, 3)
    assert "20 as wide as high" in source.left_out[0]


@pytest.mark.parametrize("start", [40.0, 90000.0, -0.2])
def test_times_begin_at_zero_wherever_the_file_begins(tmp_path, start):
    times = [start + time for time in (0.0, 0.04, 0.1)]
    source = open_source(write_clip(tmp_path / "a.mkv", colours(3), times))
    assert [frame.time for frame in source] == pytest.approx([0.0, 0.04, 0.1], abs=2e-3)
    assert source.start == pytest.approx(max(start, 0.0), abs=2e-3)


def two_streams(path, default):
    """A Matroska clip of a small grey stream and a larger white one."""
    from av.stream import Disposition

    with av.open(str(path), "w") as container:
        streams = [container.add_stream("ffv1", rate=25) for _ in range(2)]
        for stream, size in zip(streams, (32, 64), strict=True):
            stream.width, stream.height, stream.pix_fmt = size, size, "bgr0"
            stream.disposition = Disposition.default if stream.index == default else Disposition(0)
        for stream, value in zip(streams, (90, 250), strict=True):
            image = np.full((stream.height, stream.width, 3), value, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("default", "value"), [(0, 90), (1, 250), (None, 250)])
def test_the_default_stream_is_read_else_the_largest_and_the_others_are_named(tmp_path, caplog, default, value):
    source = open_source(two_streams(tmp_path / "a.mkv", default))
    assert [frame.image.mean() for frame in source] == [value]
    other = "1 (64x64)" if value == 90 else "0 (32x32)"
    assert len(source.left_out) == 1
    assert source.left_out[0].startswith(f"video stream {other};")
    assert source.left_out[0] in caplog.text


def with_cover(path, frames):
    """A clip with a cover picture, which comes first; without frames, sound with a cover."""
    from av.stream import Disposition

    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 320, 320, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        clip = container.add_stream("libx264" if frames else "aac", rate=25 if frames else 48000)
        if frames:
            clip.height, clip.width = frames[0].shape[:2]
            clip.pix_fmt = "yuv420p"
        image = av.VideoFrame.from_ndarray(np.zeros((320, 320, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(image))
        container.mux(cover.encode(None))
        for frame in frames:
            container.mux(clip.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        if not frames:
            quiet = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
            quiet.sample_rate = 48000
            container.mux(clip.encode(quiet))
        container.mux(clip.encode(None))
    return path


def test_a_cover_picture_is_no_clip(tmp_path):
    source = open_source(with_cover(tmp_path / "a.mp4", colours(3)))
    assert [frame.image.shape for frame in source] == [(48, 64, 3)] * 3
    assert source.left_out == ("cover picture or thumbnails",)
    with pytest.raises(MorphError, match="only sound and a cover picture"):
        open_source(with_cover(tmp_path / "b.mp4", []))


def test_a_size_that_changes_is_brought_to_the_first_in_its_own_shape(tmp_path):
    parts = [write_stream(tmp_path / f"{w}.h264", [portrait(w, 120)] * 3, "libx264", "yuv420p") for w in (160, 80)]
    with (tmp_path / "a.h264").open("wb") as joined:
        for part in parts:
            joined.write(part.read_bytes())
    source = open_source(tmp_path / "a.h264")
    frames = list(source)
    assert [frame.image.shape for frame in frames] == [(120, 160, 3)] * 6
    assert difference(frames[2].image, portrait(160, 120)) < 8
    assert difference(frames[3].image[:, 40:120], portrait(80, 120)) < 8
    assert frames[3].image[:, :40].max() == 0
    assert [line for line in source.left_out if "from frame 3 on, 80x120 instead of 160x120" in line]


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_interlaced_pictures_show_the_moment_of_their_first_field(tmp_path, first):
    moments = [portrait(320, 240, shift=4 * i) for i in range(12)]
    woven = []
    for early, late in zip(moments[::2], moments[1::2], strict=True):
        picture = early.copy()
        picture[1 if first == "tff" else 0 :: 2] = late[1 if first == "tff" else 0 :: 2]
        woven.append(picture)
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "10", "x264-params": "interlaced=1"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        flag = Graph()
        source = flag.add_buffer(width=320, height=240, format="yuv420p", time_base=Fraction(1, 25))
        flag.link_nodes(source, flag.add("setfield", first), flag.add("buffersink")).configure()
        for number, picture in enumerate(woven):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            flag.push(frame)
            container.mux(stream.encode(flag.pull()))
        container.mux(stream.encode(None))
    clip = open_source(path)
    frames = list(clip)
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(6)], abs=1e-3)
    assert "every second field" in clip.left_out[0]
    for frame, moment, mixed in zip(frames, moments[::2], woven, strict=True):
        assert difference(frame.image, moment) < 0.6 * difference(mixed, moment)


def test_transparency_is_named(tmp_path):
    for alpha, names in ((255, ()), (90, ("transparency",))):
        frames = [np.dstack([picture, np.full((48, 64), alpha, np.uint8)]) for picture in colours(2)]
        source = open_source(write_stream(tmp_path / "a.mkv", frames, "ffv1", "bgra"))
        assert len(list(source)) == len(list(source)) == 2
        assert source.left_out == names


def test_a_damaged_frame_in_the_middle_does_not_end_the_clip(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (12, 96, 128, 3), np.uint8)
    path = write_clip(tmp_path / "a.mp4", noise, gop=1)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    path.write_bytes(data)
    source = open_source(path)
    frames = list(source)
    assert 8 <= len(frames) <= 12
    assert frames[-1].time > 0.35


def test_a_clip_that_was_cut_off(tmp_path):
    path = write_clip(tmp_path / "a.mp4", np.random.default_rng(0).integers(0, 256, (8, 96, 128, 3), np.uint8))
    (tmp_path / "cut.mp4").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MorphError, match="cut off"):
        open_source(tmp_path / "cut.mp4")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("x.mp4", b"not a clip, but a line of text\n" * 9, "neither"), ("x.mp4", b"", "empty"), ("x.bin", b"\0" * 999, "neither")],
)
def test_files_that_are_no_clips(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MorphError, match=message) as caught:
        open_source(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_colours_that_only_dolby_vision_tells_are_named(tmp_path):
    """Its pictures look like any others of H.264 or HEVC: the tag of the codec alone says what they are."""
    path = write_clip(tmp_path / "a.mp4", colours(2))
    data = path.read_bytes()
    at = data.index(b"stsd")
    path.write_bytes(data[:at] + data[at:].replace(b"avc1", b"dva1", 1))
    source = open_source(path)
    assert len(list(source)) == 2
    assert "Dolby Vision" in source.left_out[0]


def test_a_rate_that_cannot_be_is_not_believed(tmp_path):
    """FFmpeg says 60000 frames a second of DV, where the times say 25."""
    moving = [cv2.resize(portrait(64, 48, shift=k), (720, 576)) for k in range(3)]
    source = open_source(write_stream(tmp_path / "a.dv", moving, "dvvideo", "yuv420p"))
    assert source.rate == 25
    assert [frame.time for frame in source] == pytest.approx([0, 0.04, 0.08], abs=1e-3)
