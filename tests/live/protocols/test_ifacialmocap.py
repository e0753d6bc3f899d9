"""iFacialMocap's text against the datagram of its documentation."""

import dataclasses
import re

import numpy as np
import pytest
from live_faces import message_of, posed_face, turned, winking
from scipy.spatial.transform import Rotation
from standins import sheet_model

from morph.live.protocols.ifacialmocap import ifacialmocap_datagrams, spelled
from morph.model import load_default_model
from morph.model.space.lens import Lens

# ifacialmocap.com/for-developer, "The character string sent per frame"
DOCUMENTED = (
    "mouthSmile_R-0|eyeLookOut_L-0|mouthUpperUp_L-11|eyeWide_R-0|mouthClose-8|mouthPucker-4|mouthRollLower-9|eyeBlink_R-7|"
    "eyeLookDown_L-17|cheekSquint_R-11|eyeBlink_L-7|tongueOut-0|jawRight-0|eyeLookIn_R-6|cheekSquint_L-11|mouthDimple_L-10|"
    "mouthPress_L-4|eyeSquint_L-11|mouthRight-0|mouthShrugLower-9|eyeLookUp_R-0|eyeLookOut_R-0|mouthPress_R-5|cheekPuff-2|"
    "jawForward-11|mouthLowerDown_L-9|mouthFrown_L-6|mouthShrugUpper-26|browOuterUp_L-4|browInnerUp-20|mouthDimple_R-10|"
    "browDown_R-0|mouthUpperUp_R-10|mouthRollUpper-8|mouthFunnel-12|mouthStretch_R-21|mouthFrown_R-13|eyeLookDown_R-17|"
    "jawOpen-12|jawLeft-0|browDown_L-0|mouthSmile_L-0|noseSneer_R-18|mouthLowerDown_R-8|noseSneer_L-21|eyeWide_L-0|"
    "mouthStretch_L-21|browOuterUp_R-4|eyeLookIn_L-4|eyeSquint_R-11|eyeLookUp_L-0|mouthLeft-1|"
    "=head#-21.488958,-6.038993,-6.6019735,-0.030653415,-0.10287084,-0.6584072|rightEye#6.0297494,2.4403017,0.25649446|"
    "leftEye#6.034903,-1.6660284,-0.17520553|"
)
NUMBER = r"-?\d+\.\d+"


def parse(text):
    """Weights and the numbers of head and eyes, by the grammar of the documentation."""
    weights, equals, rest = text.partition("=")
    three = rf"({NUMBER},){{2}}{NUMBER}"
    assert equals
    assert re.fullmatch(r"(\w+-\d{1,3}\|)+", weights)
    assert re.fullmatch(rf"head#{three},{three}\|rightEye#{three}\|leftEye#{three}\|", rest)
    parts = dict(part.split("#") for part in rest.rstrip("|").split("|"))
    values = {name: int(value) for name, value in (pair.split("-") for pair in weights.rstrip("|").split("|"))}
    return values, {name: [float(number) for number in text.split(",")] for name, text in parts.items()}


def read(message):
    (datagram,) = ifacialmocap_datagrams(message)
    return parse(datagram.decode("ascii"))


def test_names_are_those_of_the_documentation():
    assert sorted(map(spelled, load_default_model(0).expression_names)) == sorted(parse(DOCUMENTED)[0])


def test_signs_of_the_eyes_are_those_of_the_documentation():
    """There both look down by 17 %, the right one to the nose by 6 and the left one by 4."""
    model = load_default_model(0)
    looks = {"eyeLookDownLeft": 0.17, "eyeLookDownRight": 0.17, "eyeLookInRight": 0.06, "eyeLookInLeft": 0.04}
    _, ours = read(message_of(posed_face(model, **looks)))
    _, theirs = parse(DOCUMENTED)
    for eye in ("rightEye", "leftEye"):
        assert np.sign(ours[eye][:2]).tolist() == np.sign(theirs[eye][:2]).tolist()
        assert ours[eye][:2] == pytest.approx(theirs[eye][:2], abs=2.0)


def test_a_wink_a_smile_and_a_look_to_the_side():
    weights, parts = read(message_of(winking()))
    assert (weights["eyeBlink_L"], weights["eyeBlink_R"]) == (100, 0)
    assert (weights["mouthSmile_L"], weights["mouthSmile_R"]) == (0, 70)
    assert parts["head"] == pytest.approx([0, np.degrees(0.5), 0, 0.04, -0.02, 0], abs=1e-4)
    for eye in ("rightEye", "leftEye"):
        assert parts[eye][1] > 10
        assert parts[eye][::2] == pytest.approx([0, 0], abs=0.2)


@pytest.mark.parametrize(
    ("nose", "crown", "angles"),
    [
        ([0, -np.sin(0.3), np.cos(0.3)], [0, np.cos(0.3), np.sin(0.3)], [0.3, 0, 0]),  # down
        ([np.sin(0.3), 0, np.cos(0.3)], [0, 1, 0], [0, 0.3, 0]),  # to the subject's left
        ([0, 0, 1], [-np.sin(0.3), np.cos(0.3), 0], [0, 0, 0.3]),  # leans to the subject's right
    ],
)
def test_signs_of_the_heads_angles(nose, crown, angles):
    _, parts = read(message_of(posed_face(sheet_model(), turned(nose, crown))))
    assert parts["head"][:3] == pytest.approx(np.degrees(angles), abs=1e-3)


def test_before_a_lens_places_and_turns_are_those_of_the_pose():
    face = dataclasses.replace(winking(), lens=Lens.from_fov(40.0, (320, 240)))
    _, parts = read(message_of(face))
    assert parts["head"][3:] == pytest.approx(face.pose[:3, 3] / 1000, abs=1e-4)
    assert parts["head"][5] < -0.2  # metres before the camera, as in the documentation
    x, y, z = np.radians(parts["head"][:3])
    turn = Rotation.from_euler("YXZ", [y, x, z]).as_matrix()
    assert turn == pytest.approx(face.pose[:3, :3], abs=1e-4)


def test_without_a_face_nothing_is_sent():
    assert ifacialmocap_datagrams(message_of()) == []
