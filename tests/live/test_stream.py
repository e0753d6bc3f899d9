import dataclasses
import json
import socket

import numpy as np
import pytest
from standins import frontal, sheet_model

from morph.errors import MorphError
from morph.frames import Frame
from morph.live.stream import Stream, face_message, frame_message, json_datagram, osc_datagram, parse_address
from morph.model import Decoder, load_default_model
from morph.model.rest_pose import rest_turn
from morph.model.rotation import euler_to_matrix
from morph.tracking import Face

FRAME = Frame(7, 0.28, np.zeros((240, 320, 3), np.uint8), "000007")


def face(model, rotation=((1, 0, 0), (0, 1, 0), (0, 0, 1)), place=(0.0, 0.0), number=0, **weights):
    """A face turned and moved in a picture of 320 x 240."""
    expression = np.zeros(model.n_expression, np.float32)
    for name, weight in weights.items():
        row = model.expression_names.index(name)
        expression[row] = weight / model.expression_std[row]
    pose = dataclasses.replace(
        frontal(model, 64),
        expression=expression,
        rotation=np.float32(rotation),
        scale=np.float32(0.5),
        translation=np.float32([159.5 + place[0], 119.5 + place[1]]),
    )
    return Face(7, 0.28, number, np.zeros(4), 0.9, pose, np.zeros((68, 2)), Decoder(model))


@pytest.fixture(scope="module")
def model():
    return sheet_model()


def test_the_default_model_sends_arkits_52_weights():
    default = load_default_model(0)
    message = face_message(face(default, jawOpen=0.5, eyeBlinkLeft=1.5, tongueOut=-0.2), 320, 240)
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
    z, y = np.array(nose), np.array(crown)
    turn = np.stack([np.cross(y, z), y, z], 1) @ rest_turn(model).T
    message = face_message(face(model, turn), 320, 240)["head"]
    angles = message["euler_degrees"]
    assert angles.pop(axis) == pytest.approx(np.degrees(angle), abs=1e-3)
    assert list(angles.values()) == pytest.approx([0, 0], abs=1e-3)


def test_rotation_quaternion_and_place(model):
    turn = euler_to_matrix([0.2, -0.4, 0.1])
    head = face_message(face(model, turn, (20.0, 10.0)), 320, 240)["head"]
    assert np.abs(np.array(head["rotation"]) - turn).max() < 2e-6
    x, y, z, w = head["quaternion_xyzw"]
    vector = np.array([0.3, -0.5, 0.8])
    turned = vector + 2 * np.cross([x, y, z], np.cross([x, y, z], vector) + w * vector)
    assert turned == pytest.approx(turn @ vector, abs=1e-5)
    assert w > 0
    assert head["translation_millimetres"] == pytest.approx([40.0, -20.0, 0.0], abs=1e-3)  # right and down by 20 and 10 pixels
    assert head["pixels_per_millimetre"] == 0.5


def test_the_head_stands_where_the_mesh_does(model):
    given = face(model, euler_to_matrix([0.2, -0.4, 0.1]), (31.0, -8.0), jawOpen=0.4)
    head = face_message(given, 320, 240)["head"]
    posed = given.vertices @ np.array(head["rotation"]).T + head["translation_millimetres"]
    assert np.abs(posed - given.posed_vertices(320, 240)).max() < 2e-3


def test_metres_become_millimetres(model):
    small = dataclasses.replace(model, unit="m")
    head = face_message(face(small, place=(20.0, 10.0)), 320, 240)["head"]
    assert head["translation_millimetres"] == pytest.approx([40000.0, -20000.0, 0.0])
    assert head["pixels_per_millimetre"] == pytest.approx(0.0005)


def test_json_is_one_object_that_reads_back(model):
    message = frame_message(FRAME, [face(model, number=3)])
    assert json.loads(json_datagram(message)) == message
    assert (message["frame"], message["time"], message["width"], message["height"]) == (7, 0.28, 320, 240)
    assert [entry["id"] for entry in message["faces"]] == [3]
    assert frame_message(FRAME, [])["faces"] == []


def test_osc_holds_the_same_numbers(model):
    bundles = pytest.importorskip("pythonosc.osc_bundle", reason="python-osc is not installed; pip install 'morph[live]'")
    message = frame_message(FRAME, [face(model, euler_to_matrix([0.2, -0.4, 0.1]), (20, 10), 2, jawOpen=0.25)])
    found = {entry.address: entry.params for entry in bundles.OscBundle(osc_datagram(message))}
    head = message["faces"][0]["head"]
    assert found.pop("/morph/frame") == [7, pytest.approx(0.28), 1]
    assert found.pop("/morph/face/2/weight/jawOpen") == [pytest.approx(0.25, abs=1e-6)]
    assert found.pop("/morph/face/2/weight/eyeBlinkLeft") == [0.0]
    assert found.pop("/morph/face/2/quaternion") == pytest.approx(head["quaternion_xyzw"], abs=1e-6)
    assert found.pop("/morph/face/2/euler") == pytest.approx([head["euler_degrees"][k] for k in ("yaw", "pitch", "roll")])
    assert found.pop("/morph/face/2/translation") == pytest.approx([40, -20, 0], abs=1e-3)
    assert found.pop("/morph/face/2/scale") == [0.5]
    assert found == {}


def test_osc_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pythonosc.osc_bundle_builder", None)
    with pytest.raises(MorphError, match=r"pip install 'morph\[live\]'"):
        Stream("osc://127.0.0.1:9000")


@pytest.mark.parametrize(
    ("address", "parsed"),
    [
        ("udp://127.0.0.1:9000", ("udp", "127.0.0.1", 9000)),
        ("OSC://localhost:1/", ("osc", "localhost", 1)),
        ("udp://[::1]:65535", ("udp", "::1", 65535)),
    ],
)
def test_addresses(address, parsed):
    assert parse_address(address) == parsed


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:9000", "is no address"),
        ("udp:127.0.0.1:9000", "is no address"),
        ("udp://127.0.0.1", "is no address"),
        ("udp://:9000", "is no address"),
        ("udp://127.0.0.1:0", "is no address"),
        ("udp://127.0.0.1:65536", "is no address"),
        ("udp://127.0.0.1:port", "is no address"),
        ("udp://127.0.0.1:9000/faces", "is no address"),
        ("udp://[::1:9000", "is no address"),
        ("", "is no address"),
        ("tcp://127.0.0.1:9000", "cannot stream by 'tcp'"),
        ("http://127.0.0.1:9000", "cannot stream by 'http'"),
        ("udp://..:9000", "it is no name of a host"),
        (f"udp://{'a' * 80}.org:9000", "it is no name of a host"),
        ("udp://a\0b:9000", "no name of a host|is not found"),
    ],
)
def test_bad_addresses_are_one_line_with_an_example(address, says):
    with pytest.raises(MorphError, match=says) as caught:
        Stream(address)
    assert "udp://127.0.0.1:9000" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_host_that_is_not_there():
    with pytest.raises(MorphError, match=r"nowhere\.invalid is not found"):
        Stream("udp://nowhere.invalid:9000")


def test_nobody_listening_is_no_trouble(model):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    stream = Stream(f"udp://127.0.0.1:{port}")
    for _ in range(3):
        stream.send(frame_message(FRAME, [face(model)]))
    assert (stream.sent, stream.lost) == (3, 0)
    stream.close()


def test_more_than_a_datagram_holds(model):
    stream = Stream("udp://127.0.0.1:9")
    with pytest.raises(MorphError, match=r"400 faces do not fit .* `max_faces=`"):
        stream.send(frame_message(FRAME, [face(model)] * 400))
    stream.close()
