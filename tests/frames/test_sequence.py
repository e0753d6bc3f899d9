from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.frames import open_source
from morph.frames.sequence import picture_names, sequence_numbers, stored_size


def write(folder: Path, *names: str, size: tuple[int, int] = (8, 8)) -> None:
    for name in names:
        suffix = Path(name).suffix.lower()
        (folder / name).write_bytes(cv2.imencode(suffix, np.zeros((*size, 3), np.uint8))[1].tobytes())


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["shot.v003.1001.jpg", "shot.v003.1002.jpg"], [1001, 1002]),
        (["img (1).png", "img (2).png", "img (10).png"], [1, 2, 10]),
        (["0001_left.png", "0002_left.png"], [1, 2]),
        (["f9.PNG", "f10.png"], [9, 10]),
        (["f009.png", "f10.png", "F0011.png"], [9, 10, 11]),
        (["1.png", "2.png"], [1, 2]),
        (["frame-001.png", "frame-002.png"], [1, 2]),
        (["shot.-002.png", "shot.-001.png", "shot.0000.png", "shot.0001.png"], [-2, -1, 0, 1]),
        (["take2_0007_v1.png", "take2_0009_v1.png"], [7, 9]),
        (["f0000.png", "f0005.png", "f0010.png"], [0, 5, 10]),
        (["20240101.png", "20240102.png"], [20240101, 20240102]),
    ],
)
def test_numbered_sequences(tmp_path, names, numbers):
    write(tmp_path, *names)
    source = open_source(tmp_path)
    assert source.kind == "sequence"
    assert source.numbers == numbers
    assert [frame.index for frame in source] == numbers
    assert [frame.time for frame in source] == pytest.approx([(number - numbers[0]) / 25 for number in numbers])
    assert source.missing == tuple(sorted(set(range(numbers[0], numbers[-1])) - set(numbers)))


@pytest.mark.parametrize(
    "names",
    [
        ["anna.jpg", "bert.jpg"],
        ["a1.jpg", "b2.jpg"],
        ["0001_left.png", "0001_right.png", "0002_left.png", "0002_right.png"],
        ["s1_t1.png", "s1_t2.png", "s2_t1.png"],
        ["f1.png", "f01.png"],
        ["f1.png", "f2.jpg"],
        ["IMG_20240101_120000.jpg", "IMG_20240305_174523.jpg"],
        ["1700000000.jpg", "1700086400.jpg"],
        ["x1.png"],
    ],
)
def test_unrelated_pictures(tmp_path, names):
    write(tmp_path, *names)
    source = open_source(tmp_path)
    assert source.kind == "pictures"
    assert [frame.index for frame in source] == list(range(len(names)))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_numbered_pictures_of_unlike_sizes_are_unrelated(tmp_path, suffix):
    write(tmp_path, f"person1{suffix}", size=(8, 8))
    write(tmp_path, f"person2{suffix}", size=(8, 12))
    assert open_source(tmp_path).kind == "pictures"


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_size_from_the_first_bytes(tmp_path, suffix):
    write(tmp_path, f"a{suffix}", size=(30, 70))
    assert stored_size(tmp_path / f"a{suffix}") == (70, 30)
    (tmp_path / "cut.jpg").write_bytes((tmp_path / f"a{suffix}").read_bytes()[:20])
    assert stored_size(tmp_path / "cut.jpg") is None


def test_names_that_no_other_picture_has():
    files = [Path(name) for name in ("a.jpg", "a.png", "A.tif", "b.jpg", "a.jpg.png", "e\u0301.png", "\u00e9.jpg")]
    names = picture_names(files)
    assert names[:4] == ["a.jpg", "a.png", "A.tif", "b"]
    assert len({name.casefold() for name in names}) == len(files)
    assert names[5:] == ["e\u0301.png", "\u00e9.jpg"]


def test_one_picture_is_no_sequence():
    assert sequence_numbers([Path("a1.png")]) is None


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["f1.png", "f2.png", "f3.png", "poster.png"], "(f#.png)"),
        ([f"{k}_{side}.png" for k in (1, 2, 3) for side in ("left", "right")], "(#_left.png, #_right.png)"),
        (["anna.png", "bert.png", "f1.png", "f2.png"], None),
    ],
)
def test_a_sequence_among_other_pictures_is_said(tmp_path, caplog, names, said):
    write(tmp_path, *names)
    source = open_source(tmp_path)
    assert source.kind == "pictures"
    assert source.left_out == ()
    assert [said in line for line in caplog.messages] == ([True] if said else [])
