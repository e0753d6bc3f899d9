import dataclasses

import numpy as np
import pytest

pytest.importorskip("onnx")

from clips import portrait, write_clip
from standins import frontal, sheet_model, write_weights

from morph import Tracker
from morph.errors import MorphError
from morph.tracking.detection.boxes import overlap
from morph.tracking.detection.detector import Detections

RNG = np.random.default_rng(0)
SCENE = RNG.integers(0, 256, (240, 320, 3), np.uint8)  # noise: every place looks unlike every other


class Script:
    """A detector that says what it is told; counts how often it is asked."""

    def __init__(self, *boxes, score=0.9):
        self.boxes, self.score, self.asked = boxes, score, 0

    def detect(self, image):
        self.asked += 1
        n = len(self.boxes)
        return Detections(
            np.float32(self.boxes).reshape(-1, 4), np.full(n, self.score, np.float32), np.zeros((n, 5, 2), np.float32)
        )


@pytest.fixture(scope="module")
def model():
    return sheet_model()


@pytest.fixture(scope="module")
def weights(model, tmp_path_factory):
    return write_weights(tmp_path_factory.mktemp("weights") / "toy.onnx", model)


def test_the_portrait_gives_one_face_with_mesh_and_landmarks_in_place(model, weights, tmp_path):
    (face,) = Tracker(weights, model).process(portrait(400, 300))
    assert (face.frame, face.time, face.id) == (0, 0.0, 0)
    assert face.box.reshape(2, 2).mean(0) == pytest.approx([166, 128], abs=5)
    assert np.ptp(face.box.reshape(2, 2), axis=0).max() == pytest.approx(92, abs=6)
    assert face.vertices.shape == face.image_vertices.shape == (576, 3)
    assert face.vertices == pytest.approx(model.mean, abs=1e-4)
    assert face.landmarks == pytest.approx(face.image_vertices[model.landmarks, :2], abs=0.01)
    assert face.score > 0.8
    assert face.blendshapes == {"jawOpen": 0.0, "eyeBlinkLeft": 0.0}


def test_blendshapes_are_raw_weights_between_0_and_1(model, tmp_path):
    answer = dataclasses.replace(frontal(model, 64), expression=np.float32([1.5, -2.0]))
    tracker = Tracker(write_weights(tmp_path / "w.onnx", model, answer=answer), model, Script([100, 80, 180, 180]))
    (face,) = tracker.process(SCENE)
    assert face.blendshapes == pytest.approx({"jawOpen": 0.75, "eyeBlinkLeft": 0.0})


def test_posed_vertices_project_onto_the_picture(model, weights):
    (face,) = Tracker(weights, model, Script([60, 40, 140, 140])).process(SCENE)
    posed, scale = face.posed_vertices(320, 240), face.coefficients.scale
    assert posed[:, 0] * scale + 159.5 == pytest.approx(face.image_vertices[:, 0], abs=1e-3)
    assert 119.5 - posed[:, 1] * scale == pytest.approx(face.image_vertices[:, 1], abs=1e-3)
    assert np.linalg.norm(posed[0] - posed[99]) == pytest.approx(np.linalg.norm(face.vertices[0] - face.vertices[99]), rel=1e-5)


def test_the_detector_rests_while_a_face_is_followed(model, weights):
    script = Script([100, 80, 180, 180])
    tracker = Tracker(weights, model, script, detect_every=5)
    faces = [tracker.process(SCENE) for _ in range(11)]
    assert script.asked == 3  # frames 0, 5 and 10
    assert all(len(found) == 1 and found[0].id == 0 for found in faces)
    assert faces[10][0].box == pytest.approx(faces[0][0].box, abs=0.1)  # the crop of the crop is the crop


def test_a_sudden_other_picture_wakes_the_detector(model, weights):
    script = Script([100, 80, 180, 180])
    tracker = Tracker(weights, model, script)
    tracker.process(SCENE)
    script.boxes = ()
    assert tracker.process(SCENE)
    assert script.asked == 1
    assert tracker.process(RNG.integers(0, 256, SCENE.shape, np.uint8)) == []
    assert script.asked == 1 + 4  # about the picture as it is, and turned by quarters


def test_a_face_that_the_network_denies_is_none(model, tmp_path):
    tracker = Tracker(write_weights(tmp_path / "w.onnx", model, error=0.5), model, Script([100, 80, 180, 180]))
    assert tracker.process(SCENE) == []


def test_the_detector_is_asked_more_often_about_a_doubtful_face(model, tmp_path):
    script = Script([100, 80, 180, 180])
    tracker = Tracker(write_weights(tmp_path / "w.onnx", model, error=0.15), model, script)
    assert [len(tracker.process(SCENE)) for _ in range(11)] == [1] * 11
    assert script.asked == 3  # frames 0, 5 and 10


def test_numbers_that_are_not_finite_are_no_face(model, tmp_path):
    answer = dataclasses.replace(frontal(model, 64), translation=np.float32([np.nan, 3.0]))
    tracker = Tracker(write_weights(tmp_path / "w.onnx", model, answer=answer), model, Script([100, 80, 180, 180]))
    assert tracker.process(SCENE) == []
    assert tracker.process(SCENE) == []


def test_a_weak_detection_keeps_a_face_but_does_not_begin_one(model, weights):
    script = Script([100, 80, 180, 180], score=0.3)
    tracker = Tracker(weights, model, script, detect_every=1)
    assert tracker.process(SCENE) == []
    script.score = 0.9
    assert len(tracker.process(SCENE)) == 1
    script.score = 0.3
    assert len(tracker.process(SCENE)) == 1


def test_two_faces_keep_their_numbers_when_their_order_changes(model, weights):
    left, right = [20, 60, 100, 160], [200, 50, 290, 160]
    script = Script(left, right)
    tracker = Tracker(weights, model, script, max_faces=2, detect_every=1)
    first = {face.id: face.box for face in tracker.process(SCENE)}
    assert set(first) == {0, 1}
    script.boxes = (right, left)
    second = {face.id: face.box for face in tracker.process(SCENE)}
    assert all(overlap(first[id], second[id])[0, 0] > 0.9 for id in (0, 1))


def test_only_the_largest_faces_are_followed(model, weights):
    script = Script([20, 60, 60, 110], [200, 50, 290, 160], [120, 60, 180, 130])
    faces = Tracker(weights, model, script, max_faces=2).process(SCENE)
    assert sorted(round(face.box[0] / 100) for face in faces) == [1, 2]


def test_a_face_that_comes_back_has_its_number_where_it_looks_alike(model, weights):
    script = Script([100, 80, 180, 180])
    tracker = Tracker(weights, model, script, detect_every=1)

    def number(time, *boxes, image=SCENE):
        script.boxes = boxes
        return [face.id for face in tracker.process(image, time)]

    assert number(0.0, [100, 80, 180, 180]) == [0]
    assert number(0.1) == []
    assert number(0.9, [104, 82, 184, 182]) == [0]
    assert number(1.0) == []
    assert number(3.0, [200, 80, 280, 180]) == [0]
    assert number(3.1) == []
    assert number(6.0, [100, 80, 180, 180], image=SCENE // 2) == [1]
    assert number(6.1) == []
    assert number(34.0, [100, 80, 180, 180]) == [2]  # too late


def test_two_tracks_on_one_face_become_one(model, weights):
    script = Script([100, 80, 180, 180], [140, 80, 220, 180])
    tracker = Tracker(weights, model, script, max_faces=2, detect_every=1)
    assert len(tracker.process(SCENE)) == 2
    script.boxes = ([100, 80, 180, 180], [108, 80, 188, 180])
    assert [face.id for face in Tracker(weights, model, script, max_faces=2).process(SCENE)] == [0]


def test_a_clip_whose_middle_has_no_face(model, weights, tmp_path):
    empty = np.full((240, 320, 3), 127, np.uint8)
    frames = [portrait(shift=2 * i) for i in range(10)] + [empty] * 8 + [portrait(shift=20)] * 6
    path = write_clip(tmp_path / "a.mp4", frames)
    faces = list(Tracker(weights, model).track(path))
    assert [face.frame for face in faces] == [*range(10), *range(18, 24)]
    assert {face.id for face in faces} == {0}
    assert faces[-1].time == pytest.approx(23 / 25, abs=1e-3)


def test_two_people_in_a_clip(model, weights, tmp_path):
    frames = [np.concatenate([portrait(shift=2 * i), portrait(shift=30 - 2 * i)[:, ::-1]], axis=1) for i in range(16)]
    faces = list(Tracker(weights, model, max_faces=3).track(write_clip(tmp_path / "a.mp4", frames)))
    assert len(faces) == 32
    for person in (0, 1):
        centres = [(face.box[0] + face.box[2]) / 2 for face in faces if face.id == person]
        assert len(centres) == 16
        assert np.ptp(centres) < 60  # each stays on its side


def test_unrelated_pictures_are_looked_at_afresh_and_everybody_is_somebody_else(model, weights, tmp_path):
    import cv2

    for i, name in enumerate(("anna", "bert", "curt")):
        cv2.imwrite(str(tmp_path / f"{name}.png"), portrait(400 - 60 * i, 300 - 45 * i)[..., ::-1])
    faces = list(Tracker(weights, model).track(tmp_path))
    assert [(face.frame, face.id) for face in faces] == [(0, 0), (1, 1), (2, 2)]


def test_two_passes_are_the_middle_of_a_look_and_one_in_the_mirror(model, tmp_path):
    """A network that always sees the face too far right sees it too far left in the mirror, from the crop it asked for."""
    answer = frontal(model, 64)
    answer = dataclasses.replace(answer, translation=answer.translation + np.float32([4.0, 0.0]))
    weights = write_weights(tmp_path / "w.onnx", model, answer=answer)
    scripts = [Script([100, 80, 180, 180]) for _ in range(2)]
    trackers = [Tracker(weights, model, script, passes=n, smoothing=None) for n, script in enumerate(scripts, 1)]
    (once,), (twice,) = (tracker.process(SCENE) for tracker in trackers)
    off = 4.0 * float(np.ptp(once.landmarks, axis=0).max()) * np.sqrt(2) / 64  # of one look, in pixels of the picture
    assert once.landmarks[:, 0] - twice.landmarks[:, 0] == pytest.approx(off / 2, abs=0.05)
    assert once.landmarks[:, 1] == pytest.approx(twice.landmarks[:, 1], abs=0.05)
    assert twice.landmarks == pytest.approx(twice.image_vertices[model.landmarks, :2], abs=0.01)


def test_ten_faces_keep_their_numbers(model, weights):
    places = [[20 + 60 * column, 20 + 110 * row, 60 + 60 * column, 70 + 110 * row] for row in range(2) for column in range(5)]
    script = Script(*places)
    tracker = Tracker(weights, model, script, max_faces=10, detect_every=2)
    first = {face.id: face.box for face in tracker.process(SCENE)}
    assert sorted(first) == list(range(10))
    for turn in range(1, 6):
        script.boxes = places[turn:] + places[:turn]
        now = {face.id: face.box for face in tracker.process(SCENE)}
        assert all(overlap(first[number], now[number])[0, 0] > 0.8 for number in range(10)), turn


def test_after_a_minute_without_a_face_one_is_found_at_once_and_is_somebody_else(model, weights):
    script = Script([100, 80, 180, 180])
    tracker = Tracker(weights, model, script, detect_every=15)
    assert [face.id for face in tracker.process(SCENE, 0.0)] == [0]
    script.boxes = ()
    empty = np.full_like(SCENE, 127)
    asked = script.asked
    assert not any(tracker.process(empty, 1 + i / 5) for i in range(300))  # a minute of five frames a second
    assert script.asked - asked == 300 + 3 * 20  # each frame as it is, every fifteenth turned by quarters too
    script.boxes = ([100, 80, 180, 180],)
    assert [face.id for face in tracker.process(SCENE, 61.0)] == [1]


@pytest.mark.parametrize("picture", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((9, 0, 3), np.uint8)])
def test_things_that_are_no_pictures(model, weights, picture):
    with pytest.raises(MorphError, match=r"\(H, W, 3\) uint8"):
        Tracker(weights, model, Script()).process(picture)


def test_bad_arguments(model, weights):
    with pytest.raises(MorphError, match="max_faces"):
        Tracker(weights, model, Script(), max_faces=0)
    with pytest.raises(MorphError, match="trained for the model"):
        Tracker(weights, sheet_model("other"), Script())
