import subprocess
import sys

import numpy as np
import pytest

from morph.errors import MorphError
from morph.track_folder.read import load_track
from viewer.draw import offscreen
from viewer.draw.offscreen import open_renderer, probe
from viewer.draw.software import SoftwareRenderer
from viewer.props import find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene

SCRIPT = """
import sys, numpy as np
from morph.model import load_default_model
from viewer.draw.offscreen import open_renderer
from viewer.props import find_prop
from viewer.stage.track_scene import DisplayStyle, TrackScene
from morph.track_folder.read import load_track
folder, backend, prop, out = sys.argv[1:]
stage = TrackScene(load_track(folder), load_default_model(0), find_prop(prop))
renderer = open_renderer(backend)
scenes = [stage.picture_scene(f, 320, 240, 2.0, DisplayStyle(head=h)) for f in (0, 2) for h in (True, False)]
scenes.append(stage.model_scene(1, stage.orbit(30, 10, 320, 240), 320, 240))
np.save(out, np.stack([renderer.render(scene) for scene in scenes]))
renderer.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("prop", ["glasses", "paint", "mask"])
@pytest.mark.parametrize("backend", ["osmesa", "egl"])
def test_opengl_and_software_draw_the_same(write_track, coarse_model, tmp_path, backend, prop):
    pytest.importorskip("pyrender", reason="pyrender is not installed; pip install 'morph-face[viewer]'")
    if not probe(backend):
        pytest.skip(f"no OpenGL on {backend} here; install {offscreen.INSTALL_OPENGL}")
    stage = TrackScene(load_track(write_track([0, 1, 2])), coarse_model, find_prop(prop))
    out = tmp_path / "layers.npy"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(stage.track.folder), backend, prop, str(out)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    scenes = [stage.picture_scene(f, 320, 240, 2.0, DisplayStyle(head=h)) for f in (0, 2) for h in (True, False)]
    scenes.append(stage.model_scene(1, stage.orbit(30, 10, 320, 240), 320, 240))
    for scene, theirs in zip(scenes, np.load(out), strict=True):
        ours = SoftwareRenderer().render(scene)
        a, b = ours[..., 3] > 0.5, theirs[..., 3] > 0.5
        hidden = scene.parts[0].holdout
        limit = 0.80 if hidden and backend == "egl" else 0.99  # EGL smooths edges, and glasses are little else
        assert a.sum() > 100
        assert (a & b).sum() / (a | b).sum() > limit
        same = np.abs(ours - theirs).max(axis=-1) < 2.5 / 255
        assert same.mean() > (0.999 if backend == "osmesa" else 0.97)


def test_falls_back_on_software_and_says_what_to_install(monkeypatch):
    lines = []
    monkeypatch.setattr(offscreen, "probe", lambda backend: "")
    monkeypatch.setattr(offscreen.importlib.util, "find_spec", lambda name: object())
    assert open_renderer("auto", say=lines.append).name == "software"
    assert len(lines) == 1
    assert "apt-get install" in lines[0]
    with pytest.raises(MorphError, match=r"OpenGL on osmesa does not work here; install .*`backend=software`"):
        open_renderer("osmesa")


def test_without_pyrender(monkeypatch):
    lines = []
    monkeypatch.setattr(offscreen.importlib.util, "find_spec", lambda name: None)
    assert open_renderer("auto", say=lines.append).name == "software"
    assert "pip install" in lines[0]
    with pytest.raises(MorphError, match="needs pyrender"):
        open_renderer("egl")


def test_software_is_silent_and_unknown_names_are_refused():
    assert open_renderer("software", say=pytest.fail).name == "software"
    with pytest.raises(MorphError, match="no backend 'vulkan'"):
        open_renderer("vulkan")


@pytest.mark.parametrize(
    ("egl", "osmesa", "chosen"),
    [
        ("NVIDIA H100", "llvmpipe", "egl"),
        ("llvmpipe (LLVM 15)", "llvmpipe", "osmesa"),
        ("llvmpipe (LLVM 15)", "", "egl"),
        ("", "", ""),
    ],
)
def test_a_gpu_comes_first(monkeypatch, egl, osmesa, chosen):
    monkeypatch.setattr(offscreen, "probe", lambda backend: {"egl": egl, "osmesa": osmesa}[backend])
    assert offscreen.choose_platform() == chosen
