import socket

import pytest
from live_faces import message_of, posed_face, winking
from standins import sheet_model

from morph.errors import MorphError
from morph.live.stream import PROTOCOLS, Stream, parse_address


@pytest.fixture(scope="module")
def model():
    return sheet_model()


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
        ("vmc://127.0.0.1:0", "is no address"),
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
    assert "vmc://127.0.0.1:39539" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_host_that_is_not_there():
    with pytest.raises(MorphError, match=r"nowhere\.invalid is not found"):
        Stream("udp://nowhere.invalid:9000")


def test_programs_have_a_port_of_their_own():
    assert parse_address("vmc://localhost") == ("vmc", "localhost", 39539)
    assert parse_address("ifacialmocap://localhost") == ("ifacialmocap", "localhost", 49983)
    assert parse_address("livelink://localhost") == ("livelink", "localhost", 11111)
    assert parse_address("vmc://localhost:39540") == ("vmc", "localhost", 39540)


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_nobody_listening_is_no_trouble(model, scheme):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    stream = Stream(f"{scheme}://127.0.0.1:{port}")
    for _ in range(3):
        stream.send(message_of(posed_face(model)))
    assert (stream.sent, stream.lost) == (3, 0)
    stream.close()


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_datagrams_are_small_however_many_faces(scheme):
    message = message_of(*[winking()] * 9)
    sizes = [len(datagram) for datagram in PROTOCOLS[scheme].begin()(message)]
    assert 0 < max(sizes) <= 1400
    assert len(sizes) >= {"udp": 10, "osc": 18, "livelink": 9}.get(scheme, 1)


@pytest.mark.parametrize("scheme", PROTOCOLS)
def test_frames_without_a_face_are_written(scheme):
    assert max(map(len, PROTOCOLS[scheme].begin()(message_of())), default=0) < 200
