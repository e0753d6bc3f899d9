"""Trackers count weights from a person's resting face; meshes and coefficients stay as they are."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest

from morph.cli.demo import demo_files
from morph.errors import MorphError
from morph.frames import open_source, read_picture
from morph.model import Coefficients, Decoder, load_default_model
from morph.tracking import Face, Tracker
from morph.tracking.calibration import Calibrator, frame_of, picture_of

PORTRAIT, CLIP = demo_files()[:2]
MODEL = load_default_model(0)
NAMES = MODEL.expression_names
SMILE = NAMES.index("mouthSmileLeft")


def face(index: int, smile: float = 0.4, number: int = 0) -> Face:
    raw = np.zeros(len(NAMES))
    raw[SMILE] = smile
    pose = Coefficients(np.zeros(MODEL.n_shape), raw / MODEL.expression_std, np.eye(3), 1.0, np.zeros(2))
    return Face(index, index / 25, number, np.zeros(4), 0.95, pose, np.zeros((68, 2)), Decoder(MODEL))


def calibrator(neutral: str | int, gains: str = "none") -> Calibrator:
    return Calibrator(NAMES, MODEL.expression_std, neutral, gains)


def test_words_frames_and_pictures_are_told_apart() -> None:
    assert [frame_of(one) for one in ("none", "auto", "12", 7, "12.jpg", Path("a"))] == [None, None, 12, 7, None, None]
    assert [picture_of(one) for one in ("none", "auto", "12", 7, "12.jpg", Path("a"))] == [None] * 4 + ["12.jpg", "a"]


def test_without_calibration_faces_are_the_same_objects() -> None:
    faces = [face(0)]
    assert calibrator("none").see(faces) is faces
    assert calibrator("none").of(faces) == {}


def test_a_frame_is_the_resting_face_from_there_on_and_of_the_whole_track() -> None:
    faces = [face(index, 0.1 * index) for index in range(6)]
    online = calibrator("3")
    seen = [online.see([one])[0].blendshapes["mouthSmileLeft"] for one in faces]
    assert seen == pytest.approx([0.0, 0.1, 0.2, 0.0, 0.1, 0.2])
    whole = calibrator(3).of(faces)[0]
    assert whole.weights(0.1 * np.arange(6)[:, None] * np.eye(len(NAMES))[SMILE])[:, SMILE] == pytest.approx(
        [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2]
    )


def test_people_have_resting_faces_of_their_own() -> None:
    faces = [face(index, (0.2, 0.6)[number], number) for index in range(60) for number in (0, 1)]
    found = calibrator("auto").of(faces)
    assert [found[number].rest[SMILE] for number in (0, 1)] == pytest.approx([0.2, 0.6])
    online = calibrator("auto")
    for index in range(60):
        both = online.see(faces[2 * index : 2 * index + 2])
    assert max(one.blendshapes["mouthSmileLeft"] for one in both) < 0.01


def test_somebody_who_is_not_in_the_frame_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "morph"):
        found = calibrator(2).of([face(2, 0.5), face(3, 0.5, 1)])
    assert (found[0].rest[SMILE], found[1].rest[SMILE]) == (pytest.approx(0.5), 0.0)
    assert "face 1 is not in frame 2" in caplog.text


def test_now_waits_for_a_face_and_words_switch() -> None:
    live = calibrator("none")
    live.switch("now")
    assert live.see([]) == []
    assert live.see([face(0, 0.4)])[0].blendshapes["mouthSmileLeft"] == pytest.approx(0.0)
    assert live.see([face(1, 0.7)])[0].blendshapes["mouthSmileLeft"] == pytest.approx(0.3)
    live.switch("none")
    assert live.see([face(2, 0.7)])[0].blendshapes["mouthSmileLeft"] == pytest.approx(0.7)
    live.switch("auto")
    for index in range(3, 100):
        seen = live.see([face(index, 0.7)])
    assert seen[0].blendshapes["mouthSmileLeft"] < 0.01
    with pytest.raises(MorphError, match="auto"):
        live.switch("often")


def test_gains_alone_stretch_from_the_models_neutral_face() -> None:
    faces = [face(index, 0.5 * (index % 2)) for index in range(100)]
    found = calibrator("none", "auto").of(faces)[0]
    assert (found.rest[SMILE], found.reach[SMILE]) == (0.0, pytest.approx(0.5))


def test_mesh_and_coefficients_of_a_tracker_do_not_depend_on_it() -> None:
    plain, auto = (Tracker(level=0, neutral=neutral) for neutral in ("none", "auto"))
    frames = [frame for frame, _ in zip(open_source(CLIP), range(30), strict=False)]
    seen = [[tracker.process(frame.image, frame.time, frame.index)[0] for frame in frames] for tracker in (plain, auto)]
    for one, other in zip(*seen, strict=True):
        assert np.array_equal(one.coefficients.flatten(), other.coefficients.flatten())
        assert np.array_equal(one.vertices, other.vertices)
    assert seen[0][-1].blendshapes != seen[1][-1].blendshapes


def test_a_picture_of_the_person_at_rest() -> None:
    smiling = Tracker(level=0, neutral=PORTRAIT)
    face = smiling.process(read_picture(PORTRAIT))[0]
    assert Tracker(level=0).process(read_picture(PORTRAIT))[0].blendshapes["mouthSmileLeft"] > 0.2
    away = {name: weight for name, weight in face.blendshapes.items() if not name.startswith("eyeLook")}
    assert max(away.values()) < 1e-6
    assert dataclasses.replace(face, resting=None).blendshapes["mouthSmileLeft"] > 0.2


def test_a_picture_that_does_not_do_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MorphError, match="no picture"):
        Tracker(level=0, neutral=tmp_path / "none.jpg")
    import cv2

    cv2.imwrite(str(tmp_path / "grey.png"), np.full((96, 128, 3), 127, np.uint8))
    with pytest.raises(MorphError, match=r"no face was found in .*grey\.png"):
        Tracker(level=0, neutral=tmp_path / "grey.png")
