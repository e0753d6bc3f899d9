"""Cameras by way of a stand-in for OpenCV's capture."""

import logging

import cv2
import numpy as np
import pytest

from morph.cli import main
from morph.errors import MorphError
from morph.frames import open_source
from morph.frames.cameras import camera
from morph.frames.cameras.camera import CameraSettings, CameraSource, list_cameras


class Capture:
    """Camera 1 of 640 x 480, or 1280 x 720 where that is asked for; nothing else."""

    def __init__(self, number):
        self.open, self.released = number == 1, False
        self.values = {cv2.CAP_PROP_FRAME_WIDTH: 640.0, cv2.CAP_PROP_FRAME_HEIGHT: 480.0, cv2.CAP_PROP_FPS: 30.0}
        self.left = 2

    def isOpened(self):
        return self.open

    def get(self, key):
        return self.values.get(key, 0.0) if self.open else 0.0

    def set(self, key, value):
        if key == cv2.CAP_PROP_FRAME_WIDTH and value == 1280:
            self.values |= {cv2.CAP_PROP_FRAME_WIDTH: 1280.0, cv2.CAP_PROP_FRAME_HEIGHT: 720.0}
        return True

    def read(self):
        self.left -= 1
        blue = np.zeros((480, 640, 3), np.uint8)
        blue[..., 0] = 200
        return self.left >= 0, blue

    def release(self):
        self.released = True


@pytest.fixture(autouse=True)
def capture(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Capture)


def test_frames_are_rgb_with_growing_times():
    frames = list(CameraSource(1))
    assert [frame.index for frame in frames] == [0, 1]
    assert frames[0].image[0, 0].tolist() == [0, 0, 200]
    assert 0 <= frames[0].time <= frames[1].time


def test_what_a_camera_gives_instead_is_said(caplog):
    with caplog.at_level(logging.WARNING, "morph"):
        open_source(1, CameraSettings((1280, 720), 30))
        assert caplog.messages == []
        open_source("1", CameraSettings((1920, 1080), 60))
    assert caplog.messages == ["camera 1 gives 640x480, not 1920x1080", "camera 1 gives 30 frames a second, not 60"]


def test_cameras_are_listed_with_their_names(monkeypatch, tmp_path, capsys):
    (tmp_path / "video1").mkdir()
    (tmp_path / "video1" / "name").write_text("Integrated Camera\n")
    monkeypatch.setattr(camera, "NAMES", tmp_path)
    assert list_cameras() == ["1: Integrated Camera, 640x480, 30 frames a second"]
    assert main(["live", "--list-cameras"]) == 0
    assert capsys.readouterr().out == "1: Integrated Camera, 640x480, 30 frames a second\n"


def test_no_camera_is_said_too(monkeypatch, capsys):
    monkeypatch.setattr(Capture, "isOpened", lambda self: False)
    assert main(["live", "--list-cameras"]) == 0
    assert capsys.readouterr().out.startswith("no camera opens; plug one in")


@pytest.mark.parametrize("settings", [{"size": (0, 480)}, {"fps": 0}, {"fps": -1.0}, {"fps": float("nan")}])
def test_settings_out_of_range(settings):
    with pytest.raises(MorphError, match=r"`(size|fps)=`"):
        CameraSettings(**settings)
