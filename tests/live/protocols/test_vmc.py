"""VMC against its documentation, read by python-osc."""

import numpy as np
import pytest
from live_faces import message_of, posed_face, turned, winking
from pythonosc.osc_bundle import OscBundle
from standins import sheet_model

from morph.live.protocols.vmc import vmc_datagrams


def read(message):
    return [(entry.address, *entry.params) for part in vmc_datagrams(message) for entry in OscBundle(part)]


def bone(message, name):
    (found,) = [values for address, *values in read(message) if address == "/VMC/Ext/Bone/Pos" and values[0] == name]
    return found


def rotate(turn, vector):
    """What Unity's ``Quaternion * Vector3`` gives; the algebra is the same in a left-handed frame."""
    x, y, z, w = turn
    return np.asarray(vector) + 2 * np.cross([x, y, z], np.cross([x, y, z], vector) + w * np.asarray(vector))


def test_messages_are_those_of_the_documentation_in_order():
    messages = read(message_of(winking()))
    assert messages[0] == ("/VMC/Ext/OK", 1, 3, 0, 1)
    assert messages[1] == ("/VMC/Ext/T", pytest.approx(0.28))
    assert messages[2] == ("/VMC/Ext/Root/Pos", "root", 0, 0, 0, 0, 0, 0, 1)
    assert [entry[:2] for entry in messages[3:6]] == [("/VMC/Ext/Bone/Pos", name) for name in ("Head", "LeftEye", "RightEye")]
    assert [entry[0] for entry in messages[6:]] == ["/VMC/Ext/Blend/Val"] * 52 + ["/VMC/Ext/Blend/Apply"]


def test_a_wink_is_of_the_eye_that_is_shut():
    weights = {
        name: value for address, *rest in read(message_of(winking())) if address.endswith("Val") for name, value in [rest]
    }
    assert (weights["EyeBlinkLeft"], weights["EyeBlinkRight"]) == (1, 0)
    assert (weights["MouthSmileLeft"], weights["MouthSmileRight"]) == (0, pytest.approx(0.7, abs=1e-5))


@pytest.mark.parametrize(
    ("nose", "crown", "unity_nose", "unity_crown"),
    [  # ours: x to the subject's left, z to the viewer; Unity's, of the avatar: x to its right, z forward
        ([0.6, 0, 0.8], [0, 1, 0], [-0.6, 0, 0.8], [0, 1, 0]),  # turned to the subject's left
        ([0, 0.6, 0.8], [0, 0.8, -0.6], [0, 0.6, 0.8], [0, 0.8, -0.6]),  # looks up
        ([0, 0, 1], [-0.6, 0.8, 0], [0, 0, 1], [0.6, 0.8, 0]),  # leans to the subject's right
    ],
)
def test_the_head_turns_in_unitys_frame(nose, crown, unity_nose, unity_crown):
    _, *place_and_turn = bone(message_of(posed_face(sheet_model(), turned(nose, crown))), "Head")
    assert place_and_turn[:3] == [0, 0, 0]
    assert rotate(place_and_turn[3:], [0, 0, 1]) == pytest.approx(unity_nose, abs=1e-5)
    assert rotate(place_and_turn[3:], [0, 1, 0]) == pytest.approx(unity_crown, abs=1e-5)


@pytest.mark.parametrize("name", ["LeftEye", "RightEye"])
def test_eyes_look_where_the_subjects_do(name):
    gaze = rotate(bone(message_of(winking()), name)[4:], [0, 0, 1])
    assert gaze[0] < -0.2  # to the avatar's left
    assert gaze[1] == pytest.approx(0, abs=5e-3)


def test_without_a_face_the_avatar_keeps_still():
    assert read(message_of()) == [("/VMC/Ext/OK", 1, 3, 0, 0), ("/VMC/Ext/T", pytest.approx(0.28))]
