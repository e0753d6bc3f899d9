"""What is given as a picture and is none is answered by how to make one of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from morph import Tracker
from morph.errors import MorphError
from morph.frames.picture import check_picture

PICTURE = np.zeros((4, 5, 3), np.uint8)


def pil_picture() -> Any:
    """A picture of PIL."""
    return pytest.importorskip("PIL.Image", reason="Pillow is not installed").new("RGB", (5, 4))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: None, "got None, which cv2.imread gives for a file that it cannot read"),
        (pil_picture, r"got Image; convert it with np\.asarray\(picture\.convert\('RGB'\)\)"),
        (lambda: PICTURE / 255, r"got \(4, 5, 3\) float64; scale its values to 0\.\.255"),
        (lambda: PICTURE.astype(np.uint16), r"got \(4, 5, 3\) uint16; scale its values"),
        (lambda: PICTURE[..., 0], r"got \(4, 5\) uint8; a grey picture becomes one with cv2"),
        (lambda: np.zeros((4, 5, 4), np.uint8), "leave its alpha channel out"),
        (lambda: PICTURE[None], "give one picture at a time"),
        (lambda: PICTURE.transpose(2, 0, 1), "channels come last"),
        (lambda: PICTURE[:0], "it is empty"),
        (lambda: PICTURE.tolist(), "got list; pass it through np.asarray"),
        (lambda: "face.jpg", "got str; read the file first, or use Tracker.track"),
        (lambda: Path("face.jpg"), "Path; read the file first"),
    ],
)
def test_what_is_no_picture_is_one_line(made: Any, words: str) -> None:
    with pytest.raises(MorphError, match=rf"a picture must be an array \(H, W, 3\) uint8 RGB, .*{words}") as caught:
        Tracker.process(Tracker.__new__(Tracker), made())  # is asked before anything else
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "view", [PICTURE[:, ::-1], PICTURE[..., ::-1], np.broadcast_to(PICTURE[:1], (4, 5, 3)), PICTURE[:1, :1]]
)
def test_views_are_pictures(view: np.ndarray) -> None:
    assert check_picture(view) is view


def test_a_tracker_takes_views_of_pictures_that_cannot_be_written() -> None:
    tracker = Tracker(level=0, experts="none", expressions="none", identity="none")
    still = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
    still.flags.writeable = False
    for view in (still, still[:, ::-1], still[..., ::-1], still[:1, :1], still[::7, ::5]):
        assert tracker.process(view) == []


@pytest.mark.parametrize("source", [None, 1.5, ["a.png", "b.png"], PICTURE])
def test_what_cannot_be_tracked_is_one_line(source: Any) -> None:
    with pytest.raises(MorphError, match=r"cannot track .*; give a file, a folder, a camera's number"):
        next(Tracker.track(Tracker.__new__(Tracker), source))
