import pytest

from viewer.windows.playback import KEYS, Playback, key_help


@pytest.fixture
def state():
    return Playback(first=10, last=29, fps=20.0, props=["none", "glasses"])


def test_starts_at_the_first_frame(state):
    assert (state.frame, state.playing) == (10, False)
    assert Playback(0, 9, 25.0, frame=4).frame == 4
    assert Playback(0, 9, 25.0, frame=40).frame == 9


def test_time_plays_and_comes_round(state):
    state.press("space")
    state.advance(0.5)
    assert state.frame == 20
    state.advance(0.5)
    assert state.frame == 10
    state.advance(0.049)
    assert state.frame == 10
    state.advance(0.002)
    assert state.frame == 11
    state.press("space")
    state.advance(10)
    assert state.frame == 11


def test_steps_stop_at_the_ends(state):
    for key, shift, frame in [
        ("right", False, 11),
        ("right", True, 21),
        ("right", True, 29),
        ("left", False, 28),
        ("home", False, 10),
        ("left", False, 10),
        ("end", False, 29),
    ]:
        assert state.press(key, shift)
        assert state.frame == frame
    state.press("space")  # from the last frame, it plays from the first
    assert state.frame == 10


def test_looks_props_and_requests(state):
    state.changed = False
    state.press("p")
    assert state.changed
    assert "glasses" in state.title
    state.press("p")
    assert "glasses" not in state.title
    state.press("w")
    state.press("n")
    assert state.title.endswith("paused, wireframe, normals")
    state.press("s")
    state.press("q")
    assert state.save
    assert state.quit


def test_unknown_keys_change_nothing(state):
    state.changed = False
    assert not state.press("z")
    assert not state.changed


def test_mouse(state):
    state.drag(-100, 0, 400)
    state.scroll(2)
    assert state.yaw == pytest.approx(55)
    assert state.closeness == pytest.approx(1.21)
    state.drag(0, -1000, 400)
    assert state.pitch == 89.0
    state.press("r")
    assert (state.yaw, state.pitch, state.closeness) == (0, 0, 1)
    state.scrub(0.5)
    assert state.frame == 20
    assert not state.playing


def test_help_names_every_key():
    assert all(key in key_help() for key in KEYS)
