import struct
import zlib
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from clips import portrait

from morph.errors import MorphError
from morph.frames import open_source, read_picture
from morph.frames.formats import CLIP_SUFFIXES, PICTURE_FORMATS, PICTURE_SUFFIXES, format_of

PICTURE = cv2.GaussianBlur(portrait(64, 48), (0, 0), 1.5)


def off(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b).mean())


def save(path, pixels, *settings) -> None:
    path.write_bytes(cv2.imencode(path.suffix.lower(), pixels, settings)[1].tobytes())


def save_by_ffmpeg(path, codec, kind, picture=PICTURE) -> None:
    encoder = av.CodecContext.create(codec, "w")
    encoder.height, encoder.width, encoder.pix_fmt, encoder.time_base = *picture.shape[:2], kind, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format=kind)
    path.write_bytes(b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]))


def test_system_files_are_no_pictures_and_what_is_left_out_is_named(tmp_path):
    for name in ("a.jpg", "b.JPEG", "c.png", "._a.jpg", ".hidden.png"):
        save(tmp_path / name, np.zeros((8, 8, 3), np.uint8)) if name[1] == "." else (tmp_path / name).write_bytes(b"\0\5\x16\7")
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "clip.mp4", "photo.cr2"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "more").mkdir()
    source = open_source(tmp_path)
    assert [frame.name for frame in source] == ["a", "b", "c"]
    assert source.left_out == ("3 files that are no pictures (clip.mp4, notes.txt, photo.cr2)", "1 folder inside it (more)")


def test_a_folder_of_clips_says_so(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(MorphError, match="but 1 clip; give one of them"):
        open_source(tmp_path)


def test_files_that_cannot_be_read_are_counted_and_say_why(tmp_path):
    save(tmp_path / "a.jpg", PICTURE)
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:700])
    (tmp_path / "c.png").write_bytes(b"")
    source = open_source(tmp_path)
    assert [frame.name for frame in source] == ["a"]
    assert source.damaged == 2
    assert [line.split(": ")[0].rsplit("/", 1)[-1] for line in source.left_out] == [
        "b.jpg is not a picture that can be read",
        "c.png is empty; copy it again",
    ]


def test_pictures_of_one_stem_have_names_of_their_own(tmp_path):
    save(tmp_path / "a.jpg", PICTURE)
    save(tmp_path / "a.png", PICTURE)
    assert [frame.name for frame in open_source(tmp_path)] == ["a.jpg", "a.png"]


def test_every_format_has_one_place():
    suffixes = [suffix for kind in PICTURE_FORMATS for suffix in kind.suffixes]
    assert len(suffixes) == len(set(suffixes)) == len(PICTURE_SUFFIXES)
    assert not PICTURE_SUFFIXES & CLIP_SUFFIXES
    assert format_of(b"BM" + bytes(60)).name == "BMP"
    assert format_of(b"\0\0\0\x18ftypavis\0\0\0\0avifavis") is None
    assert format_of(b"\0\0\0\x18ftypmp42\0\0\0\0isomavc1") is None


@pytest.mark.parametrize("suffix", [".jpg", ".jfif", ".bmp", ".webp", ".tif", ".jp2", ".ppm", ".png"])
def test_formats_that_opencv_writes(tmp_path, suffix):
    stored = cv2.imencode(".jpg" if suffix == ".jfif" else suffix, PICTURE[..., ::-1])[1]
    (tmp_path / f"a{suffix.upper()}").write_bytes(stored.tobytes())
    assert off(read_picture(tmp_path / f"a{suffix.upper()}"), PICTURE) < 8
    (frame,) = open_source(tmp_path)
    assert frame.image.shape == PICTURE.shape


@pytest.mark.parametrize(
    ("suffix", "codec", "kind"),
    [
        (".tga", "targa", "bgr24"),
        (".dpx", "dpx", "gbrp10be"),
        (".sgi", "sgi", "rgb48be"),
        (".qoi", "qoi", "rgb24"),
        (".pam", "pam", "rgb24"),
    ],
)
def test_formats_that_ffmpeg_reads(tmp_path, suffix, codec, kind):
    save_by_ffmpeg(tmp_path / f"a{suffix}", codec, kind)
    assert off(read_picture(tmp_path / f"a{suffix}"), PICTURE) < 1.5
    assert open_source(tmp_path / f"a{suffix}").kind == "picture"


@pytest.mark.parametrize("suffix", [".hdr", ".pfm", ".exr"])
def test_scene_light_is_shown_as_srgb(tmp_path, suffix):
    light = np.where(PICTURE / 255 <= 0.04045, PICTURE / 255 / 12.92, ((PICTURE / 255 + 0.055) / 1.055) ** 2.4)
    light = light.astype(np.float32)
    if suffix == ".exr":
        encoder = av.CodecContext.create("exr", "w")
        encoder.height, encoder.width, encoder.pix_fmt, encoder.time_base = *light.shape[:2], "gbrpf32le", Fraction(1, 25)
        frame = av.VideoFrame.from_ndarray(light, format="gbrpf32le")
        (tmp_path / "a.exr").write_bytes(b"".join(bytes(p) for p in [*encoder.encode(frame), *encoder.encode(None)]))
    else:
        save(tmp_path / f"a{suffix}", light[..., ::-1])
    assert off(read_picture(tmp_path / f"a{suffix}"), PICTURE) < 2


def test_light_brighter_than_white_does_not_make_all_white(tmp_path):
    save(tmp_path / "a.hdr", np.full((8, 8, 3), (2.0, 4.0, 8.0), np.float32))
    assert read_picture(tmp_path / "a.hdr")[0, 0].tolist() == [255, 188, 137]  # 1, 1/2, 1/4 of the brightest, as sRGB


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.float64, np.int32])
def test_deep_tiffs(tmp_path, kind):
    top = {"u": 65535, "f": 1.0, "i": 255}[np.dtype(kind).kind]
    save(tmp_path / "a.tiff", (PICTURE[..., ::-1] / 255 * top).astype(kind))
    assert off(read_picture(tmp_path / "a.tiff"), PICTURE) < 1


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF whose first directory has one more tag (SHORT)."""
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = [data[at + 2 + 12 * k : at + 14 + 12 * k] for k in range(count)]
    entries = [e for e in entries if struct.unpack_from("<H", e)[0] != tag] + [struct.pack("<HHIHH", tag, 3, 1, value, 0)]
    entries.sort(key=lambda e: struct.unpack_from("<H", e)[0])
    rest = data[at + 2 + 12 * count : at + 6 + 12 * count]
    place = len(data) + len(data) % 2
    table = struct.pack("<H", len(entries)) + b"".join(entries) + rest
    return data[:4] + struct.pack("<I", place) + data[8:].ljust(place - 8, b"\0") + table


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, lambda a: a), (2, np.fliplr), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)), (8, np.rot90)],
)
def test_a_turned_tiff_comes_out_upright(tmp_path, orientation, turn):
    stored = cv2.imencode(".tiff", PICTURE[..., ::-1])[1].tobytes()
    (tmp_path / "a.tif").write_bytes(with_tag(stored, 274, orientation))
    assert off(read_picture(tmp_path / "a.tif"), turn(PICTURE)) == 0


def test_pages_after_the_first_are_named_and_thumbnails_are_not_the_picture(tmp_path):
    good, data = cv2.imencodemulti(".tiff", [255 - PICTURE, PICTURE[..., ::-1], PICTURE])
    assert good
    (tmp_path / "a.tiff").write_bytes(data.tobytes())
    source = open_source(tmp_path / "a.tiff")
    assert off(next(iter(source)).image, 255 - PICTURE[..., ::-1]) == 0
    assert source.left_out == ("2 pages after the first",)
    (tmp_path / "a.tiff").write_bytes(with_tag(data.tobytes(), 254, 1))
    source = open_source(tmp_path / "a.tiff")
    assert off(next(iter(source)).image, PICTURE) == 0
    assert source.left_out == ("1 page after the first",)


def test_a_cut_off_jpeg_is_not_half_grey(tmp_path):
    save(tmp_path / "a.jpg", PICTURE)
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-300])
    with pytest.raises(MorphError, match="cut off"):
        read_picture(tmp_path / "a.jpg")


def test_a_png_in_high_dynamic_range(tmp_path):
    """Of a white page (203 cd/m2 in PQ, 0.5806) and a grey of an eighth of its light."""
    values = np.rint(65535 * np.array([0.5806, 0.3680])).astype(np.uint16)
    pixels = np.repeat(values[None, :, None], 3, 2).repeat(4, 0)
    whole = cv2.imencode(".png", pixels)[1].tobytes()
    chunk = b"cICP" + bytes((9, 16, 0, 1))
    whole = whole[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + whole[33:]
    (tmp_path / "a.png").write_bytes(whole)
    white, grey = read_picture(tmp_path / "a.png")[0, :, 1]
    assert 225 < white <= 255
    assert abs(int(grey) - 99) <= 6


@pytest.mark.parametrize("suffix", [".cr2", ".dng", ".CR3", ".nef"])
def test_raw_files_of_cameras_are_refused_by_what_they_are(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(cv2.imencode(".tiff", PICTURE)[1].tobytes())
    with pytest.raises(MorphError, match="develop it first"):
        list(open_source(tmp_path / f"a{suffix}"))


def test_changed_bytes_are_a_picture_or_one_line():
    """150 seeded mutations of each of five formats."""
    from morph.frames.picture import decode_picture

    said: list[str] = []
    rng = np.random.default_rng(0)
    for suffix in (".png", ".tiff", ".webp", ".bmp", ".jpg"):
        whole = cv2.imencode(suffix, PICTURE[:16, :16])[1].tobytes()
        for _ in range(150):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), rng.integers(1, 5)):
                data[place] = rng.integers(256)
            try:
                assert decode_picture(bytes(data)).shape[2] == 3
            except MorphError as error:
                said.append(str(error))
    assert not [line for line in said if "\n" in line]
