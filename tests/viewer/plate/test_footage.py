import cv2
import numpy as np
import pytest

from morph.errors import MorphError
from morph.export.video import VideoWriter
from viewer.plate.footage import Footage


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 25.0) as writer:
        for number in range(6):
            writer.write(np.full((60, 80, 3), 40 * number, np.uint8), number / 25.0)
    return str(path)


def test_frames_in_any_order_and_size(clip):
    footage = Footage(clip, last=5)
    assert footage.size == (80, 60)
    for number in (5, 0, 3, 3):
        picture = footage.frame(number, 80, 60)
        assert picture.shape == (60, 80, 3)
        assert picture.mean() == pytest.approx(40 * number, abs=6)
    assert footage.frame(2, 40, 30).shape == (30, 40, 3)
    footage.close()


def test_frames_past_the_end_show_the_last(clip):
    footage = Footage(clip, last=2)
    assert footage.frame(5, 8, 6).mean() == pytest.approx(80, abs=6)
    footage.close()


def test_large_frames_are_kept_small(tmp_path):
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), np.zeros((40, 400, 3), np.uint8))
    footage = Footage(str(path), last=0, largest=100)
    assert footage.size == (400, 40)
    assert footage.frame(0, 400, 40).shape == (40, 400, 3)
    footage.close()


def test_unreadable(tmp_path):
    (tmp_path / "a.mp4").write_text("text")
    with pytest.raises(MorphError, match=r"a\.mp4"):
        Footage(str(tmp_path / "a.mp4"), last=0)
