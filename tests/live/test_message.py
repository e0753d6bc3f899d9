import dataclasses

import numpy as np
import pytest
from live_faces import message_of, posed_face, turned, winking
from scipy.spatial.transform import Rotation
from standins import sheet_model

from morph.live.message import eye_turns, face_message
from morph.model import load_default_model
from morph.model.rest_pose import rest_turn
from morph.model.rotation import euler_to_matrix


@pytest.fixture(scope="module")
def model():
    return sheet_model()


def test_the_default_model_sends_arkits_52_weights():
    default = load_default_model(0)
    message = face_message(posed_face(default, jawOpen=0.5, eyeBlinkLeft=1.5, tongueOut=-0.2), 320, 240)
    assert len(message["weights"]) == 52
    assert message["weights"]["jawOpen"] == pytest.approx(0.5, abs=1e-6)
    assert (message["weights"]["eyeBlinkLeft"], message["weights"]["tongueOut"]) == (1.0, 0.0)
    assert set(message["weights"]) >= {"browInnerUp", "mouthSmileRight", "noseSneerLeft", "eyeLookInRight", "cheekPuff"}


@pytest.mark.parametrize(
    ("axis", "nose", "crown", "angle"),
    [
        ("yaw", [np.sin(0.5), 0, np.cos(0.5)], [0, 1, 0], 0.5),  # x points to the subject's left
        ("pitch", [0, np.sin(0.3), np.cos(0.3)], [0, np.cos(0.3), -np.sin(0.3)], 0.3),
        ("roll", [0, 0, 1], [-np.sin(0.2), np.cos(0.2), 0], 0.2),
    ],
)
def test_signs_of_the_angles(model, axis, nose, crown, angle):
    turn = turned(nose, crown) @ rest_turn(model).T
    message = face_message(posed_face(model, turn), 320, 240)["head"]
    angles = message["euler_degrees"]
    assert angles.pop(axis) == pytest.approx(np.degrees(angle), abs=1e-3)
    assert list(angles.values()) == pytest.approx([0, 0], abs=1e-3)


def test_rotation_quaternion_and_place(model):
    turn = euler_to_matrix([0.2, -0.4, 0.1])
    head = face_message(posed_face(model, turn, (20.0, 10.0)), 320, 240)["head"]
    assert np.abs(np.array(head["rotation"]) - turn).max() < 2e-6
    x, y, z, w = head["quaternion_xyzw"]
    vector = np.array([0.3, -0.5, 0.8])
    turned = vector + 2 * np.cross([x, y, z], np.cross([x, y, z], vector) + w * vector)
    assert turned == pytest.approx(turn @ vector, abs=1e-5)
    assert w > 0
    assert head["translation_millimetres"] == pytest.approx([40.0, -20.0, 0.0], abs=1e-3)  # right and down by 20 and 10 pixels
    assert head["pixels_per_millimetre"] == 0.5


def test_the_head_stands_where_the_mesh_does(model):
    given = posed_face(model, euler_to_matrix([0.2, -0.4, 0.1]), (31.0, -8.0), jawOpen=0.4)
    head = face_message(given, 320, 240)["head"]
    posed = given.vertices @ np.array(head["rotation"]).T + head["translation_millimetres"]
    assert np.abs(posed - given.posed_vertices(320, 240)).max() < 2e-3


def test_metres_become_millimetres(model):
    small = dataclasses.replace(model, unit="m")
    head = face_message(posed_face(small, place=(20.0, 10.0)), 320, 240)["head"]
    assert head["translation_millimetres"] == pytest.approx([40000.0, -20000.0, 0.0])
    assert head["pixels_per_millimetre"] == pytest.approx(0.0005)


def test_eyes_turn_as_the_meshs_eyeballs_do():
    model = load_default_model(0)
    given = winking()
    weights = given.coefficients.expression * model.expression_std
    for turn, name in zip(eye_turns(model, weights), ("left_eye", "right_eye"), strict=True):
        rows = np.unique(model.triangles[model.regions == model.region_names.index(name)])
        rest = model.mean[rows] - model.mean[rows].mean(0)
        moved = given.vertices[rows] - given.vertices[rows].mean(0)
        assert turn == pytest.approx(Rotation.align_vectors(moved, rest)[0].as_matrix(), abs=1e-3)
        assert turn[0, 2] > 0.1  # what looked ahead looks to the subject's left


def test_eyes_of_a_model_without_eyeballs_are_still():
    assert message_of(posed_face(sheet_model(), jawOpen=0.4))["faces"][0]["eyes"] == {
        "left": [0, 0, 0, 1],
        "right": [0, 0, 0, 1],
    }
