import io

import cv2
import numpy as np
import pytest
from clips import portrait
from heif_files import coded_by_hevc, heif, jpeg, size_box, tiled

from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.heif import read_heif

PICTURE = cv2.GaussianBlur(portrait(128, 96), (0, 0), 2)


def tiles_of(picture: np.ndarray, side: int) -> list[np.ndarray]:
    rows = [picture[y : y + side] for y in range(0, picture.shape[0], side)]
    return [row[:, x : x + side] for row in rows for x in range(0, picture.shape[1], side)]


def off(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b).mean())


def test_a_tiled_heic_is_the_whole_picture(tmp_path):
    coded = [coded_by_hevc(tile, tmp_path) for tile in tiles_of(PICTURE, 64 if PICTURE.shape[0] % 64 == 0 else 32)]
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(tiled([data for data, _ in coded], b"hvc1", [coded[0][1]], 4, (128, 96)))
    (frame,) = open_source(path)
    assert off(frame.image, PICTURE) < 3


def test_tiles_may_stand_over_the_edges():
    larger = cv2.copyMakeBorder(PICTURE, 0, 32, 0, 32, cv2.BORDER_CONSTANT, value=(255, 0, 255))
    file = tiled([jpeg(tile) for tile in tiles_of(larger, 32)], b"jpeg", [size_box(32, 32)], 5, (128, 96))
    assert off(read_heif(file), PICTURE) < 6


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirror", [None, 0, 1])
def test_turned_and_mirrored_pictures_come_out_upright(turns, mirror):
    """``irot`` counts quarter turns anticlockwise; ``imir`` 0 swaps top and bottom, 1 left and right."""
    boxes = [b"\0\0\0\x09irot" + bytes((turns,))]
    want = np.rot90(PICTURE, turns)
    if mirror is not None:
        boxes.append(b"\0\0\0\x09imir" + bytes((mirror,)))
        want = want[:, ::-1] if mirror else want[::-1]
    file = heif([(b"jpeg", jpeg(PICTURE))], boxes, [list(range(1, len(boxes) + 1))])
    assert off(read_heif(file), want) < 3


def test_the_part_that_is_meant_to_be_seen():
    numbers = (40, 1, 20, 1, 10, 1, -5 & 0xFFFFFFFF, 1)  # width, height, and how far its middle is off, as fractions
    clap = b"\0\0\0\x28clap" + b"".join(number.to_bytes(4, "big") for number in numbers)
    file = heif([(b"jpeg", jpeg(PICTURE))], [clap], [[1]])
    assert off(read_heif(file), PICTURE[96 // 2 - 10 - 5 : 96 // 2 + 10 - 5, 64 - 20 + 10 : 64 + 20 + 10]) < 3


@pytest.mark.skipif(not cv2.haveImageWriter("x.avif"), reason="this OpenCV writes no AVIF")
def test_avif(tmp_path):
    good, data = cv2.imencode(".avif", PICTURE[..., ::-1], [cv2.IMWRITE_AVIF_QUALITY, 95])
    assert good
    assert off(read_heif(data.tobytes()), PICTURE) < 4


def test_thumbnails_and_other_items_are_not_the_picture():
    small = cv2.resize(255 - PICTURE, (32, 24))
    file = heif([(b"jpeg", jpeg(PICTURE)), (b"jpeg", jpeg(small))], [size_box(128, 96)], [[1], []])
    assert off(read_heif(file), PICTURE) < 3


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_cut_off_files_are_one_line(tmp_path, share):
    whole = tiled([jpeg(tile) for tile in tiles_of(PICTURE, 32)], b"jpeg", [size_box(32, 32)], 4, (128, 96))
    (tmp_path / "a.heic").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MorphError) as caught:
        list(open_source(tmp_path / "a.heic"))
    assert "\n" not in str(caught.value)


def test_a_grid_that_lacks_tiles_is_refused():
    file = tiled([jpeg(tile) for tile in tiles_of(PICTURE, 32)][:8], b"jpeg", [size_box(32, 32)], 4, (128, 96))
    with pytest.raises(MorphError, match="damaged"):
        read_heif(file)


def test_changed_bytes_are_a_picture_or_one_line():
    """300 seeded mutations of a small tiled file."""
    said: list[str] = []
    rng = np.random.default_rng(0)
    whole = tiled([jpeg(tile) for tile in tiles_of(PICTURE[:32, :64], 32)], b"jpeg", [size_box(32, 32)], 2, (64, 32))
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(0, 700, rng.integers(1, 4)):
            data[place] = rng.integers(256)
        try:
            assert read_heif(io.BytesIO(data).getvalue()).shape[2] == 3
        except MorphError as error:
            said.append(str(error))
    assert not [line for line in said if "\n" in line]
