import os

import cv2
import numpy as np
import pytest
from clips import portrait, write_clip

from morph.errors import MorphError
from morph.frames import open_source, read_picture
from morph.frames.sequence import natural_key


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
    assert [frame.time for frame in frames] == pytest.approx([0, 0.04, 0.36])
    assert [frame.index for frame in frames] == [1, 2, 10]
    assert source.missing == (3, 4, 5, 6, 7, 8, 9)


def test_a_folder_of_unlike_names_is_a_heap_and_bad_files_are_counted(tmp_path):
    for name in ("anna", "bert"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "curt.png").write_text("no picture")
    source = open_source(tmp_path)
    assert source.kind == "pictures"
    assert [frame.name for frame in source] == ["anna", "bert"]
    assert source.damaged == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("https://example.org/a.mp4", "download it first"),
        ("s3://bucket/a.jpg", "download it first"),
        ("rtsp://camera/1", "record it first"),
        ("file:///tmp/a.jpg", "without file://"),
        ("shots/*.jpg", "give the folder of the pictures, shots"),
        ("shots/frame_%04d.png", "give the folder of the pictures, shots"),
        ("shots/a.####.exr", "give the folder of the pictures, shots"),
        ("", "is empty"),
    ],
)
def test_what_is_no_name_of_a_file_is_refused_by_what_it_is(name, message):
    with pytest.raises(MorphError, match=message):
        open_source(name)


@pytest.mark.parametrize("name", ["a:b.png", "100% %04d.png", "#1 x y.png", "-dash.png", b"caf\xe9.png", "[x]*.png", "é.png"])
def test_odd_names_of_files_are_only_names(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(name)
    (tmp_path / name).write_bytes(cv2.imencode(".png", np.full((8, 8, 3), 7, np.uint8))[1].tobytes())
    for source in (name, tmp_path / name, tmp_path):
        (frame,) = open_source(source)
        assert frame.image.mean() == 7


@pytest.mark.parametrize("name", ["a:b.mp4", "100% %04d.mp4", "#1 x y.mp4", b"caf\xe9.MP4", "clip"])
def test_odd_names_of_clips(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(name)
    write_clip(tmp_path / "x.mp4", [np.full((16, 16, 3), 90, np.uint8)] * 3).rename(name)
    assert len(list(open_source(name))) == 3


@pytest.mark.parametrize(("given", "stored"), [("x.jpg", ".png"), ("x.png", ".jpg"), ("x", ".jpg"), ("x.dat", ".webp")])
def test_what_a_file_holds_tells_what_it_is(tmp_path, given, stored):
    (tmp_path / given).write_bytes(cv2.imencode(stored, portrait(64, 48))[1].tobytes())
    source = open_source(tmp_path / given)
    assert source.kind == "picture"
    assert next(iter(source)).image.shape == (48, 64, 3)


def test_a_clip_called_jpg_is_a_clip(tmp_path):
    write_clip(tmp_path / "x.mp4", [portrait(64, 48)] * 3).rename(tmp_path / "x.jpg")
    assert [frame.index for frame in open_source(tmp_path / "x.jpg")] == [0, 1, 2]


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
