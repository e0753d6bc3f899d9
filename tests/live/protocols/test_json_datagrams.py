import json

import pytest
from live_faces import message_of, posed_face, winking
from standins import sheet_model

from morph.live.protocols.json_datagrams import JsonDatagrams


def test_weights_have_the_names_that_went_ahead():
    message = message_of(winking(), posed_face(winking().model, number=4))
    names, first, second = (json.loads(datagram) for datagram in JsonDatagrams()(message))
    assert names["format"] == first["format"] == "morph-live-2"
    assert (first["frame"], first["time"], first["width"], first["height"], first["faces"]) == (7, 0.28, 320, 240, 2)
    weights = dict(zip(names["names"], first["face"]["weights"], strict=True))
    assert weights == pytest.approx(message["faces"][0]["weights"], abs=5.1e-5)
    assert weights["eyeBlinkLeft"] == 1
    assert first["face"]["eyes"] == message["faces"][0]["eyes"]
    assert first["face"]["head"] == {k: v for k, v in message["faces"][0]["head"].items() if k != "rotation"}
    assert second["face"]["id"] == 4


def test_names_come_again_and_where_they_change():
    write, face = JsonDatagrams(), winking()
    sent = [["names" in json.loads(datagram) for datagram in write(message_of(face))] for _ in range(31)]
    assert sent == [[True, False], *[[False]] * 29, [True, False]]
    assert json.loads(write(message_of(posed_face(sheet_model())))[0])["names"] == list(sheet_model().expression_names)


def test_no_face_is_one_datagram_without_one():
    (only,) = JsonDatagrams()(message_of())
    assert json.loads(only)["faces"] == 0
    assert "face" not in json.loads(only)
