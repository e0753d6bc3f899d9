import cv2
import numpy as np
import pytest
from clips import portrait

from morph.errors import MorphError
from morph.frames.sources import natural_key, open_source, read_picture


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
