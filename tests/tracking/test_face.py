"""A face as it goes to other threads, processes and files."""

import dataclasses
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from live_faces import posed_face, turned
from standins import sheet_model

from morph import MorphError, Tracker, load_default_model, load_model, open_source, read_picture
from morph.cli.demo import demo_files
from morph.model.open_decoder import open_decoder
from morph.model.rest_pose import rest_turn


@pytest.fixture(scope="module")
def portrait():
    return read_picture(demo_files()[0])


@pytest.fixture(scope="module")
def face(portrait):
    (found,) = Tracker(level=1).process(portrait)
    return found


def test_a_face_pickles_in_kilobytes_with_its_mesh_decoded_or_not(face):
    small = len(pickle.dumps(face))
    assert face.vertices.shape == (16005, 3)
    assert len(pickle.dumps(face)) == small < 4000
    back = pickle.loads(pickle.dumps(face))
    assert back.decoder is pickle.loads(pickle.dumps([face, face]))[1].decoder  # opened once
    assert back.vertices == pytest.approx(face.vertices, abs=1e-5)
    assert back.blendshapes == face.blendshapes


def test_another_process_decodes_the_same_mesh(face, tmp_path):
    (tmp_path / "face").write_bytes(pickle.dumps(face))
    code = "import pickle, sys; print(repr(pickle.load(open(sys.argv[1], 'rb')).vertices.sum()))"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "face"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == repr(face.vertices.sum())


def test_faces_of_a_file_find_it_again_and_say_where_it_changed(face, tmp_path):
    model = dataclasses.replace(load_default_model(0), identity="")
    model.save(tmp_path / "own.npz")
    own = dataclasses.replace(face, decoder=open_decoder(tmp_path / "own.npz"))
    data = pickle.dumps(own)
    assert len(data) < 4000
    assert pickle.loads(data).model.n_vertices == 4054
    dataclasses.replace(model, name="other", mean=model.mean * 2, identity="").save(tmp_path / "own.npz")
    other = pickle.dumps(dataclasses.replace(face, decoder=open_decoder(tmp_path / "own.npz")))
    assert load_model(tmp_path / "own.npz").identity != own.model.identity
    open_decoder.__globals__["_reopen"].cache_clear()
    with pytest.raises(MorphError, match="holds another model by now"):
        pickle.loads(data)
    assert pickle.loads(other).model.name == "other"


def test_a_model_in_memory_travels_whole():
    back = pickle.loads(pickle.dumps(posed_face(sheet_model(), jawOpen=0.5)))
    assert back.vertices == pytest.approx(posed_face(sheet_model(), jawOpen=0.5).vertices)


def test_to_dict_is_plain(face):
    plain = json.loads(json.dumps(face.to_dict()))
    assert plain["blendshapes"] == face.blendshapes
    assert np.array(plain["landmarks"]) == pytest.approx(face.landmarks)
    assert np.array(plain["rotation"]) == pytest.approx(face.coefficients.rotation)
    assert (plain["frame"], plain["id"], len(plain["box"])) == (0, 0, 4)
    assert plain["euler_degrees"] == pytest.approx(face.euler_degrees)


def test_yaw_is_positive_to_the_subjects_left():
    model = load_default_model(0)
    turn = turned([np.sin(0.5), 0, np.cos(0.5)], [0, 1, 0]) @ rest_turn(model).T
    assert posed_face(model, turn).euler_degrees == pytest.approx({"yaw": np.degrees(0.5), "pitch": 0, "roll": 0}, abs=1e-3)


def test_pictures_of_opencv_are_taken_as_they_are(portrait, face):
    (found,) = Tracker(level=1).process(cv2.cvtColor(portrait, cv2.COLOR_RGB2BGR), time=3.5, bgr=True)
    assert found.time == 3.5
    assert np.array_equal(found.landmarks, face.landmarks)


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (None, "got None, which cv2.imread gives"),
        ([[0, 0, 0]], "got list; pass it through np.asarray"),
        (np.zeros((4, 4), np.uint8), "cv2.COLOR_GRAY2RGB"),
        ("face.png", "read the file first"),
    ],
)
@pytest.mark.parametrize("bgr", [False, True])
def test_what_is_no_picture_is_refused_in_one_line(picture, says, bgr):
    with pytest.raises(MorphError, match=says):
        Tracker(level=0).process(picture, bgr=bgr)


def test_trackers_of_two_threads_do_not_disturb_each_other():
    frames = [frame for frame in open_source(demo_files()[1]) if frame.index < 8]

    def track(backwards):
        tracker = Tracker(level=0)
        return [
            face.landmarks
            for index, frame in enumerate(frames[::-1] if backwards else frames)
            for face in tracker.process(frame.image, index / 25)
        ]

    alone = [track(False), track(True)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(track, [False, True]))
    for one, other in zip(alone, together, strict=True):
        assert len(one) == 8
        assert np.array_equal(one, other)
