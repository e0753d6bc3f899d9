"""OSC bytes, read by python-osc."""

import pytest
from live_faces import message_of, posed_face
from pythonosc.osc_bundle import OscBundle
from standins import sheet_model

from morph.live.protocols.osc import bundles, osc_datagrams, osc_message
from morph.model.rotation import euler_to_matrix


@pytest.mark.parametrize("text", ["", "a", "abc", "abcd", "abcde"])
def test_texts_of_any_length_read_back(text):
    (bundle,) = bundles([osc_message("/a/b", "sif", text, -7, 0.5), osc_message("/none")])
    first, second = OscBundle(bundle)
    assert (first.address, first.params) == ("/a/b", [text, -7, 0.5])
    assert (second.address, second.params) == ("/none", [])


def test_bundles_keep_their_size_and_order():
    messages = [osc_message(f"/number/{index}", "i", index) for index in range(200)]
    parts = bundles(messages)
    assert max(map(len, parts)) <= 1400
    assert all(len(part) > 1400 - 40 for part in parts[:-1])  # as few as hold them
    assert [message.params[0] for part in parts for message in OscBundle(part)] == list(range(200))
    assert len(bundles([osc_message("/long", "s", "x" * 3000), osc_message("/short")])) == 2


def test_osc_holds_the_same_numbers():
    message = message_of(posed_face(sheet_model(), euler_to_matrix([0.2, -0.4, 0.1]), (20, 10), 2, jawOpen=0.25))
    found = {entry.address: entry.params for part in osc_datagrams(message) for entry in OscBundle(part)}
    head = message["faces"][0]["head"]
    assert found.pop("/morph/frame") == [7, pytest.approx(0.28), 1]
    assert found.pop("/morph/face/2/weight/jawOpen") == [pytest.approx(0.25, abs=1e-6)]
    assert found.pop("/morph/face/2/weight/eyeBlinkLeft") == [0.0]
    assert found.pop("/morph/face/2/quaternion") == pytest.approx(head["quaternion_xyzw"], abs=1e-6)
    assert found.pop("/morph/face/2/euler") == pytest.approx([head["euler_degrees"][k] for k in ("yaw", "pitch", "roll")])
    assert found.pop("/morph/face/2/translation") == pytest.approx([40, -20, 0], abs=1e-3)
    assert found.pop("/morph/face/2/scale") == [0.5]
    assert found == {}
