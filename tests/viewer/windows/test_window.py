import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from screen import Hand, display, environment

__all__ = ["display"]  # a fixture


@pytest.mark.slow
def test_real_keys_and_mouse_in_a_real_window(display, write_track, tmp_path):
    folder = write_track(list(range(40)))
    command = [sys.executable, "-m", "morph", "view", str(folder), "--size", "320x240", "--frame", "3", "--prop", "glasses"]
    viewer = subprocess.Popen(
        command, cwd=tmp_path, env=environment(DISPLAY=display), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    hand = Hand(display, viewer)
    try:
        hand.find()
        hand.wait(lambda: hand.title() == "morph: frame 3 of 0..39, paused, glasses")
        hand.wake()
        hand.key("Right", "frame 1 ")
        hand.key("shift+Right", "frame 11 ")
        hand.key("Left", "frame 10 ")
        hand.key("End", "frame 39 ")
        hand.key("Home", "frame 0 ")
        hand.key("space", "playing")
        hand.wait(lambda: "frame 0 " not in hand.title())
        hand.key("space", "paused")
        hand.key("w", "wireframe")
        hand.key("w", "paused, glasses")
        hand.do("mousemove", "--window", hand.id, "160", "236", "click", "1")
        hand.wait(lambda: "frame 20 " in hand.title() or "frame 19 " in hand.title())
        hand.key("Home", "frame 0 ")
        saved = [save(hand, tmp_path)]
        hand.do("mousemove", "--window", hand.id, "160", "100", "mousedown", "1")
        hand.do("mousemove", "--window", hand.id, "250", "100", "mouseup", "1")
        hand.do("mousemove", "--window", hand.id, "160", "100", "click", "4")
        saved.append(save_when(hand, tmp_path, lambda picture: (skin(picture) != skin(saved[0])).sum() > 600))
        hand.key("n", "normals")
        hand.key("r", "normals")
        saved.append(save_when(hand, tmp_path, lambda picture: np.abs(picture.astype(int) - saved[0]).mean() > 15))
        assert viewer.poll() is None
        hand.do("key", "--window", hand.id, "q")
        printed, trouble = viewer.communicate(timeout=20)
    finally:
        viewer.kill()
    assert viewer.returncode == 0, trouble
    assert "play or pause" in printed
    front, turned, normals = saved
    assert front.shape == (240, 320, 3)
    assert skin(front).sum() > 2500
    assert (skin(front) != skin(turned)).sum() > 600  # the head has turned and come closer
    assert np.abs(front.astype(int) - normals).mean() > 15


def test_prop_over_footage_in_a_window(display, write_track, tmp_path):
    folder = write_track(list(range(6)))
    cv2.imwrite(str(tmp_path / "plate.png"), np.full((120, 160, 3), (30, 160, 30), np.uint8))
    words = ["--over", "plate.png", "--prop", "glasses", "--frame", "0", "--size", "320x240"]
    command = [sys.executable, "-m", "morph", "view", str(folder), *words]
    viewer = subprocess.Popen(
        command, cwd=tmp_path, env=environment(DISPLAY=display), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    hand = Hand(display, viewer)
    try:
        hand.find()
        hidden = save_when(hand, tmp_path, lambda picture: green(picture) > 0.5)  # the footage is there
        hand.do("key", "--window", hand.id, "h")
        shown = save_when(hand, tmp_path, lambda picture: green(picture) < green(hidden) - 0.15)
        hand.do("key", "--window", hand.id, "q")
        _, trouble = viewer.communicate(timeout=20)
    finally:
        viewer.kill()
    assert viewer.returncode == 0, trouble
    assert 0.90 < green(hidden) < 0.995  # the glasses alone
    assert green(shown) < green(hidden) - 0.15  # and the head


def skin(picture):
    """Where a picture of a head alone shows skin."""
    return picture[..., 0].astype(int) - picture[..., 2] > 25


def green(picture):
    """The share of a picture that shows the green plate."""
    return (np.abs(picture.astype(int) - (30, 160, 30)) < 12).all(axis=-1).mean()


def save(hand, folder):
    """Press "s" and read the picture that appears."""
    before = set(folder.glob("view-*.png"))
    hand.do("key", "--window", hand.id, "s")
    hand.wait(lambda: set(folder.glob("view-*.png")) > before)
    (newest,) = set(folder.glob("view-*.png")) - before
    return cv2.imread(str(newest))[..., ::-1]


def save_when(hand, folder, true):
    """Save until the window shows what is waited for; the last picture, right or not."""
    end = time.monotonic() + 20
    while not true(picture := save(hand, folder)) and time.monotonic() < end:
        pass
    return picture


def test_no_display_is_one_line_that_names_out(write_track):
    pytest.importorskip("pyrender", reason="pyrender is not installed; pip install 'morph-face[viewer]'")
    command = [sys.executable, "-m", "morph", "view", str(write_track([0]))]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert "--out preview.png" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
