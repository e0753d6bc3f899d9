"""Live Link Face's packets, read by PyLiveLinkFace."""

import struct

import numpy as np
import pytest
from live_faces import message_of, posed_face, turned, winking
from pylivelinkface import FaceBlendShape, PyLiveLinkFace

from morph.export.live_link import ROTATIONS, WEIGHTS
from morph.live.protocols.live_link_face import NAMES, LiveLinkFace
from morph.model import load_default_model
from morph.model.rest_pose import rest_turn


def read(message):
    (packet,) = LiveLinkFace()(message)
    seen, face = PyLiveLinkFace.decode(packet)
    assert seen
    return {shape.name: face.get_blendshape(shape) for shape in FaceBlendShape}, face


def test_the_order_of_values_is_the_readers():
    assert [shape.name for shape in FaceBlendShape] == [*(name[0].upper() + name[1:] for name in NAMES), *ROTATIONS]
    assert set(WEIGHTS) == {shape.name for shape in FaceBlendShape} - set(ROTATIONS)


def test_a_wink_a_smile_and_a_turn():
    values, face = read(message_of(winking()))
    assert (values["EyeBlinkLeft"], values["EyeBlinkRight"]) == (1, 0)
    assert (values["MouthSmileLeft"], values["MouthSmileRight"]) == (0, pytest.approx(0.7, abs=1e-5))
    assert values["HeadYaw"] == pytest.approx(0.5, abs=0.01)  # of 300W-LP's frame, radians, to the subject's left
    assert min(values["LeftEyeYaw"], values["RightEyeYaw"]) > 0.2
    assert (face.name, face.fps, face._frames) == ("morph", 60, 16)  # 0.28 s
    assert face._sub_frame == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize(
    ("nose", "crown", "name"),
    [
        ([np.sin(0.3), 0, np.cos(0.3)], [0, 1, 0], "HeadYaw"),
        ([0, np.sin(0.3), np.cos(0.3)], [0, np.cos(0.3), -np.sin(0.3)], "HeadPitch"),
        ([0, 0, 1], [-np.sin(0.3), np.cos(0.3), 0], "HeadRoll"),
    ],
)
def test_signs_of_the_heads_angles(nose, crown, name):
    model = load_default_model(0)
    values, _ = read(message_of(posed_face(model, turned(nose, crown) @ rest_turn(model).T)))
    assert values[name] == pytest.approx(0.3, abs=1e-4)
    assert sum(abs(values[other]) for other in ROTATIONS[:3]) == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize("name", ["jawLeft", "jawRight", "mouthLeft", "mouthRight"])
def test_every_weight_has_its_place(name):
    values, _ = read(message_of(posed_face(load_default_model(0), **{name: 0.5})))
    assert {found for found in WEIGHTS if values[found] > 0.1} == {name[0].upper() + name[1:]}


def test_bytes_are_those_of_the_layout():
    write = LiveLinkFace("face")
    (packet,) = write(message_of(winking()))
    assert packet[:5] == b"\x06\x00\x00\x00\x24"
    assert packet[5:41].decode() == write.device
    assert packet[41:49] == b"\x00\x00\x00\x04face"
    assert struct.unpack(">if2iB", packet[49:66]) == (16, pytest.approx(0.8, abs=1e-4), 60, 1, 61)
    assert len(packet) == 66 + 61 * 4


def test_each_face_is_a_subject_and_none_is_no_packet():
    packets = LiveLinkFace()(message_of(winking(), winking()))
    assert [PyLiveLinkFace.decode(packet)[1].name for packet in packets] == ["morph", "morph-2"]
    assert LiveLinkFace()(message_of()) == []
