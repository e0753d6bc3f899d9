"""The one way from pixels to coefficients: many faces at once are the faces one by one, and trackers and benchmarks go it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import PORTRAIT
from standins import sheet_model, write_weights
from toy_crops import crop_set

from morph import Tracker, TrackerOptions
from morph.evaluation.aflw2000.evaluator import Aflw2000Evaluator
from morph.evaluation.renders.held_out import look_at
from morph.inference.face_reader import FaceReader, Look, is_possible
from morph.inference.regressor import Regressor
from morph.model import landmark_decoder, load_default_model
from morph.stopwatch import Stopwatch


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """The portrait, smaller, and mirrored: three pictures of different sizes."""
    picture = np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB))
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return [picture, np.asarray(small), np.ascontiguousarray(picture[:, ::-1])]


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    options = TrackerOptions(level=0, passes=2)
    return options.open_reader(options.open_model())


@pytest.fixture(scope="module")
def boxes(pictures: list[np.ndarray]) -> list[np.ndarray]:
    tracker = Tracker(level=0, smoothing=None)
    found = []
    for picture in pictures:
        tracker.reset()
        found.append(np.asarray(tracker.process(picture)[0].box, np.float64))
    return found


def test_many_faces_at_once_are_the_faces_one_by_one(
    reader: FaceReader, pictures: list[np.ndarray], boxes: list[np.ndarray]
) -> None:
    turns = [0.0, 0.2, 0.0]
    together = reader(pictures, boxes, turns, Stopwatch())
    for row, look in enumerate(together):
        (alone,) = reader(pictures[row : row + 1], boxes[row : row + 1], turns[row : row + 1], Stopwatch())
        assert alone.landmarks == pytest.approx(look.landmarks, abs=1e-2)
        for name in ("shape", "expression", "rotation"):
            one, other = (getattr(found.coefficients, name) for found in (alone, look))
            assert np.abs(one - other).max() < 1e-3, name
        assert look.identified
    apart = np.abs(together[0].coefficients.shape - together[2].coefficients.shape).max()
    assert apart > 0.05  # the mirrored face is another one


def test_an_identity_that_is_known_is_kept_and_the_others_are_read(
    reader: FaceReader, pictures: list[np.ndarray], boxes: list[np.ndarray]
) -> None:
    known, watch = np.full(reader.landmarks.model.n_shape, 0.25, np.float32), Stopwatch()
    looks = reader(pictures, boxes, [0.0] * 3, watch, [None, known, None])
    assert [look.identified for look in looks] == [True, False, True]
    assert (looks[1].coefficients.shape == known).all()
    assert watch.calls["identity"] == 1  # for both at once
    assert (looks[0].coefficients.shape != known).all()


def test_what_can_be_no_face_stays_a_first_look_unless_one_is_known_to_be_there(
    reader: FaceReader, pictures: list[np.ndarray], boxes: list[np.ndarray]
) -> None:
    first = reader.look_once(pictures[:2], boxes[:2], [0.0, 0.0], Stopwatch())
    first[0].error = 0.5
    assert [is_possible(look, picture) for look, picture in zip(first, pictures, strict=False)] == [False, True]
    some, every = (reader.look_on(pictures[:2], first, Stopwatch(), every=all_of_them) for all_of_them in (False, True))
    assert some[0] is first[0]
    assert some[1] is not first[1]
    assert np.abs(every[0].landmarks - first[0].landmarks).max() > 1e-3
    assert every[0].identified


def test_trackers_and_benchmarks_go_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    plain = FaceReader.look_on

    def spy(self: FaceReader, images: Any, looks: list[Look], *more: Any, **words: Any) -> list[Look]:
        seen.append(where)
        return plain(self, images, looks, *more, **words)

    monkeypatch.setattr(FaceReader, "look_on", spy)
    model = load_default_model(0)
    where = "tracker"
    Tracker(level=0).process(np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_COLOR_RGB)))
    where = "renders"
    toy = sheet_model()
    regressor = Regressor(write_weights(tmp_path / "w.onnx", toy))
    look_at(crop_set(3), FaceReader(regressor, landmark_decoder(toy)))
    where = "aflw2000"
    picture = np.zeros((120, 120, 3), np.uint8)

    class Benchmark:
        boxes = np.array([[10.0, 10, 110, 110]])

        def __len__(self) -> int:
            return 1

        def picture(self, row: int) -> np.ndarray:
            return picture

    options = TrackerOptions(level=0, passes=2)
    size = Regressor().input_size
    Aflw2000Evaluator(Benchmark(), model, size).look(options.open_reader(model))  # type: ignore[arg-type]
    assert set(seen) == {"tracker", "renders", "aflw2000"}
