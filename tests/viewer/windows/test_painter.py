import subprocess
import sys

import cv2
import numpy as np
import pytest

from viewer.draw import offscreen

SCRIPT = """
import sys, numpy as np
from morph.model import load_default_model
from viewer.plate.footage import Footage
from viewer.draw.opengl import import_pyrender
from viewer.windows.painter import Painter
from viewer.windows.playback import Playback
from viewer.props import find_prop
from viewer.stage.track_scene import TrackScene
from morph.track_folder.read import load_track
folder, plate, out, light = sys.argv[1:]
pyrender = import_pyrender("osmesa")
stage = TrackScene(load_track(folder), load_default_model(0), find_prop("mask"))
state = Playback(0, 0, 25.0, ["none", "mask"], 0)
state.head = False
painter = Painter(stage, Footage(plate, 0), light=light)
renderer = pyrender.OffscreenRenderer(320, 240)
flags = pyrender.RenderFlags.FLAT
np.save(out, np.stack([renderer.render(painter.graph(pyrender, state, 320, 240), flags)[0] for _ in range(6)]))
"""


def test_footage_shows_through_clear_texels_whatever_the_order_of_nodes(write_track, tmp_path):
    pytest.importorskip("pyrender", reason="pyrender is not installed; pip install 'morph-face[viewer]'")
    if not offscreen.probe("osmesa"):
        pytest.skip(f"no OpenGL on osmesa here; install {offscreen.INSTALL_OPENGL}")
    plate, out = tmp_path / "plate.png", tmp_path / "pictures.npy"
    cv2.imwrite(str(plate), np.full((120, 160, 3), (30, 160, 30), np.uint8))
    words = [sys.executable, "-c", SCRIPT, str(write_track([0])), str(plate), str(out), "studio"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pictures = np.load(out).astype(int)  # pyrender keeps nodes in a set: their order differs from picture to picture
    green = (np.abs(pictures - (30, 160, 30)) < 8).all(axis=-1)
    purple = (pictures[..., 2] > pictures[..., 1] + 20) & (pictures[..., 0] > pictures[..., 1])
    grey = np.ptp(pictures, axis=-1) < 8
    assert (green.mean(axis=(1, 2)) > 0.9).all()
    assert (purple.sum(axis=(1, 2)) > 1000).all()
    assert (grey.sum(axis=(1, 2)) < 100).all()  # of the backdrop


def test_footage_lights_what_is_worn(write_track, tmp_path):
    pytest.importorskip("pyrender", reason="pyrender is not installed; pip install 'morph-face[viewer]'")
    if not offscreen.probe("osmesa"):
        pytest.skip(f"no OpenGL on osmesa here; install {offscreen.INSTALL_OPENGL}")
    folder, plate, out = write_track([0]), tmp_path / "plate.png", tmp_path / "pictures.npy"
    cv2.imwrite(str(plate), np.full((120, 160, 3), (12, 16, 24), np.uint8))
    bright = []
    for light in ("studio", "auto"):
        words = [sys.executable, "-c", SCRIPT, str(folder), str(plate), str(out), light]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        bright.append(np.load(out)[0].astype(int)[60:180, 80:240, 2].max())  # of the mask
    assert bright[1] < 0.7 * bright[0]
