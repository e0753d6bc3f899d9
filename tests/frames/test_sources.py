import struct

import av
import cv2
import numpy as np
import pytest
from clips import portrait, write_clip

from morph.errors import MorphError
from morph.frames.sources import natural_key, open_source, read_picture, upright


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


def test_a_turned_clip_comes_out_upright(tmp_path):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255  # a mark at the top left of what is stored
    path = write_clip(tmp_path / "a.mp4", [picture] * 2)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # the matrix of the track header: a quarter turn clockwise when shown
    data[at : at + 36] = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 48 << 16, 0, 1 << 30)
    path.write_bytes(data)
    image = next(iter(open_source(path))).image
    assert image.shape == (64, 48, 3)
    assert image[:16, -16:].mean() > 200 > 50 > image[:16, :16].mean()


def test_upright_known_value():
    image = np.array([[[1], [2]], [[3], [4]]], np.uint8)
    assert upright(image, 90)[..., 0].tolist() == [[2, 4], [1, 3]]
    assert upright(image, 0) is image


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


def test_missing_file_and_missing_camera(tmp_path, capfd):
    with pytest.raises(MorphError, match="no file"):
        open_source(tmp_path / "nothing.mp4")
    with pytest.raises(MorphError, match="no camera 97"):
        open_source(97)
    with pytest.raises(MorphError, match="no camera 98"):
        open_source("98")
    assert capfd.readouterr().err == ""


def test_text_called_jpg(tmp_path):
    (tmp_path / "x.jpg").write_text("hello")
    with pytest.raises(MorphError, match="not a picture"):
        list(open_source(tmp_path / "x.jpg"))


@pytest.mark.parametrize("kind", ["grey", "alpha", "deep", "deep grey", "colour"])
def test_every_kind_of_png_becomes_8_bit_rgb(tmp_path, kind):
    rgb = portrait(64, 48)
    stored = {
        "grey": rgb[..., 1],
        "alpha": np.dstack([rgb[..., ::-1], np.full((48, 64), 255, np.uint8)]),
        "deep": rgb[..., ::-1].astype(np.uint16) * 257,
        "deep grey": rgb[..., 1].astype(np.uint16) * 257,
        "colour": rgb[..., ::-1],
    }[kind]
    cv2.imwrite(str(tmp_path / "x.png"), stored)
    image = read_picture(tmp_path / "x.png")
    assert image.shape == (48, 64, 3)
    assert image.dtype == np.uint8
    want = np.repeat(rgb[..., 1:2], 3, 2) if "grey" in kind else rgb
    assert np.abs(image.astype(int) - want).max() <= 1


def test_a_folder_of_numbered_pictures_is_a_sequence_in_the_order_people_count(tmp_path):
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"shot_{number}.png"), np.full((8, 8, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    source = open_source(tmp_path)
    frames = list(source)
    assert source.kind == "sequence"
    assert [frame.image[0, 0, 0] for frame in frames] == [1, 2, 10]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.08])


def test_a_folder_of_unlike_names_is_a_heap_and_bad_files_are_counted(tmp_path):
    for name in ("anna", "bert"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "curt.png").write_text("no picture")
    source = open_source(tmp_path)
    assert source.kind == "pictures"
    assert [frame.name for frame in source] == ["anna", "bert"]
    assert source.damaged == 1


def test_empty_folder(tmp_path):
    with pytest.raises(MorphError, match="holds no pictures"):
        open_source(tmp_path)


def test_natural_key(tmp_path):
    names = ["b2.png", "b10.png", "a3.png", "b1.png"]
    assert [path.name for path in sorted((tmp_path / name for name in names), key=natural_key)] == [
        "a3.png",
        "b1.png",
        "b2.png",
        "b10.png",
    ]
