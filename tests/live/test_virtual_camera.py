"""The virtual camera by way of a stand-in for pyvirtualcam."""

import sys
import types
from typing import ClassVar

import numpy as np
import pytest

from morph.cli import main
from morph.cli.demo import demo_files
from morph.errors import MorphError
from morph.live.virtual_camera import VirtualCamera


class Device:
    """Takes pictures of its size."""

    made: ClassVar[list] = []

    def __init__(self, width, height, fps):
        self.width, self.height, self.fps, self.device, self.closed, self.sent = width, height, fps, "stand-in", False, []
        Device.made.append(self)

    def send(self, picture):
        assert picture.shape == (self.height, self.width, 3)
        assert picture.flags.c_contiguous
        self.sent.append(picture)

    def close(self):
        self.closed = True


@pytest.fixture
def device(monkeypatch):
    Device.made = []
    monkeypatch.setitem(sys.modules, "pyvirtualcam", types.SimpleNamespace(Camera=Device))
    return Device


def test_it_opens_with_the_first_picture_and_keeps_its_size(device):
    camera = VirtualCamera(25.0)
    assert device.made == []
    camera.send(np.zeros((48, 64, 3), np.uint8))
    camera.send(np.full((96, 128, 3), 9, np.uint8))
    camera.close()
    (made,) = device.made
    assert (made.width, made.height, made.fps, made.closed, camera.device) == (64, 48, 25.0, True, "stand-in")
    assert (made.sent[1] == 9).all()


def test_no_device_and_no_package_are_one_line(monkeypatch, device):
    def refuse(*_):
        raise RuntimeError("virtual camera output could not be started\nsecond line")

    monkeypatch.setattr(device, "__init__", refuse)
    with pytest.raises(MorphError, match="no virtual camera: virtual camera output could not be started; install OBS"):
        VirtualCamera(25.0).send(np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(MorphError, match="pip install pyvirtualcam"):
        VirtualCamera(25.0)


@pytest.mark.slow
def test_live_shows_what_faces_wear(device, tmp_path):
    words = ["--no-window", "--virtual-camera", "--prop", "glasses", "--frames", "2", "--level", "0", "--mirror"]
    assert main(["live", str(demo_files()[1]), *words, "--out", str(tmp_path)]) == 0
    (made,) = device.made
    assert len(made.sent) == 2
    assert made.closed
