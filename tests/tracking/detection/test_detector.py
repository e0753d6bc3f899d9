import cv2
import numpy as np
import pytest
from clips import portrait

from morph.errors import MorphError
from morph.tracking.detection.detector import CenterFaceDetector, decode, letterbox


@pytest.fixture(scope="module")
def detector():
    return CenterFaceDetector()


def test_the_portrait_has_one_face_where_it_is(detector):
    found = detector.detect(portrait(400, 300))
    assert len(found) == 1
    assert found.scores[0] > 0.8
    assert found.boxes[0] == pytest.approx([124, 61, 208, 176], abs=5)
    left, right, nose, *mouth = found.five_points[0]
    assert left[0] < nose[0] < right[0]
    assert left[1] < nose[1] < min(corner[1] for corner in mouth)


@pytest.mark.parametrize("size", [(90, 68), (1600, 1200), (300, 900)])
def test_any_size_gives_the_same_place(detector, size):
    picture = portrait(400, 300)
    if size == (300, 900):  # portrait format
        tall = np.zeros((900, 400, 3), np.uint8)
        tall[300:600] = picture
        found = detector.detect(tall).boxes[0] - [0, 300, 0, 300]
    else:
        scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if size[0] < 400 else cv2.INTER_LINEAR)
        found = (detector.detect(scaled).boxes[0] + 0.5) * 400 / size[0] - 0.5
    assert found == pytest.approx([124, 61, 208, 176], abs=12)


def test_a_small_face_is_found_by_the_second_look():
    wide = np.full((720, 1280, 3), 90, np.uint8)
    wide[300:345, 600:660] = portrait(60, 45)  # a face of 12 pixels; 3 at the first size
    assert not len(CenterFaceDetector(sizes=(320,)).detect(wide))
    found = CenterFaceDetector(sizes=(320, 1280)).detect(wide)
    assert len(found) == 1
    assert np.all((found.boxes[0] > [600, 300, 600, 300]) & (found.boxes[0] < [660, 345, 660, 345]))


@pytest.mark.parametrize("shape", [(3, 5, 3), (1, 1, 3), (240, 2, 3)])
def test_pictures_without_a_face(detector, shape):
    assert len(detector.detect(np.zeros(shape, np.uint8))) == 0


@pytest.mark.parametrize("picture", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)])
def test_things_that_are_no_pictures(detector, picture):
    with pytest.raises(MorphError, match=r"\(H, W, 3\) uint8"):
        detector.detect(picture)


def test_letterbox_keeps_the_aspect_and_pads_to_32():
    padded, scale = letterbox(np.full((720, 1280, 3), 7, np.uint8), 320)
    assert padded.shape == (192, 320, 3)
    assert scale == 0.25
    assert (padded[:180] == 7).all()
    assert not padded[180:].any()


def test_decode_known_cell():
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[2, 5] = 0.9
    log_size, offset = np.zeros((2, 8, 8), np.float32), np.zeros((2, 8, 8), np.float32)
    log_size[:, 2, 5] = np.log([4.0, 2.0])  # 16 high, 8 wide
    points = np.zeros((10, 8, 8), np.float32)
    points[0, 2, 5], points[1, 2, 5] = 0.25, 0.5  # first point: a quarter down, half across
    found = decode(heatmap, log_size, offset, points, 0.5)
    assert found.boxes[0] == pytest.approx([22 - 4 - 0.5, 10 - 8 - 0.5, 22 + 4 - 0.5, 10 + 8 - 0.5])
    assert found.five_points[0, 0] == pytest.approx([21.5, 5.5])


def test_bad_arguments(tmp_path):
    with pytest.raises(MorphError, match="threshold"):
        CenterFaceDetector(threshold=1.5)
    with pytest.raises(MorphError, match="no weights file"):
        CenterFaceDetector(tmp_path / "nothing.onnx")
