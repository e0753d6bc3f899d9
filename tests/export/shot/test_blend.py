"""What a .blend needs and says, where no Blender is at hand; what Blender sees in it is in ``test_shot.py``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from morph.cli import main
from morph.errors import MorphError
from morph.export import plain_texture
from morph.export.performance import Performance
from morph.export.shot.blend import blender_command, whole_rate, write_blend
from morph.export.shot.options import SceneOptions
from morph.export.shot.plate import Plate, plate_of
from morph.marks import is_ours
from viewer.props import find_prop
from viewer.props.worn import worn_prop

SEEN = """
import json, sys
import bpy
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
scene = bpy.context.scene
head, camera = scene.objects["head"], scene.camera
keys = head.data.shape_keys.key_blocks
behind = camera.data.background_images[0]
values = []
for frame in (3, 5):
    scene.frame_set(frame)
    values.append([key.value for key in keys][1:])
print("SAID", json.dumps({
    "keys": [key.name for key in keys], "values": values,
    "units": [scene.unit_settings.system, scene.unit_settings.scale_length],
    "materials": [slot.name for slot in head.material_slots], "below": [item.name for item in head.children],
    "plate": behind.image.filepath, "source": behind.image.source, "start": behind.image_user.frame_start,
    "offset": behind.image_user.frame_offset, "packed": [image.name for image in bpy.data.images if image.packed_file]}))
"""


def test_rates_are_blenders_own() -> None:
    assert [whole_rate(rate) for rate in (25.0, 29.97, 30000 / 1001, 23.976)] == [
        (25, 1.0),
        (30, 1.001),
        (30, 1.001),
        (24, 1.001),
    ]
    fps, base = whole_rate(12.5)
    assert fps / base == pytest.approx(12.5)


def test_no_blender_is_one_line(
    write_track: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MORPH_BLENDER_PYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["export", str(write_track()), "--out", str(tmp_path / "a.blend"), "--level", "0"]) == 2
    said = capsys.readouterr().err.splitlines()[0]
    assert "a .blend is written by Blender, which is not on PATH; give it with --blender" in said
    with pytest.raises(MorphError, match="no program nowhere"):
        blender_command("nowhere")
    assert not list(tmp_path.glob("*.blend"))


def test_a_blender_that_fails_is_one_line_and_leaves_nothing(performance: Performance, tmp_path: Path) -> None:
    broken = tmp_path / "blender"
    broken.write_text("#!/bin/sh\necho nothing works >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(MorphError, match=r"could not build the scene .nothing works"):
        write_blend(tmp_path / "a.blend", performance, plain_texture(performance.model, 16), SceneOptions(blender=str(broken)))
    assert not list(tmp_path.glob("a.blend*"))


def test_plates_are_clips_and_numbered_sequences(tmp_path: Path) -> None:
    for number in (1003, 1001, 1002):
        cv2.imwrite(str(tmp_path / f"shot.{number}.png"), np.zeros((4, 4, 3), np.uint8))
    assert plate_of(tmp_path) == Plate(tmp_path / "shot.1001.png", 1001, sequence=True)
    assert plate_of(tmp_path / "shot.1002.png") == Plate(tmp_path / "shot.1002.png")
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(MorphError, match="no numbered sequence"):
        plate_of(tmp_path)
    with pytest.raises(MorphError, match="no footage"):
        plate_of(tmp_path / "none.mp4")


def test_the_scene_that_blender_opens(performance: Performance, tmp_path: Path) -> None:
    """Plate from its first picture on, metres, shape keys with the track's weights, materials, and what the head wears."""
    import json

    python = os.environ.get("MORPH_BLENDER_PYTHON")
    if not python:
        pytest.skip("MORPH_BLENDER_PYTHON is not set to a Python with bpy")
    for number in range(3, 10):
        cv2.imwrite(str(tmp_path / f"plate_{number:04d}.png"), np.full((240, 320, 3), number, np.uint8))
    glasses = find_prop("glasses")
    assert glasses is not None
    options = SceneOptions(worn=worn_prop(glasses, performance), plate=plate_of(tmp_path))
    path = tmp_path / "shot.blend"
    write_blend(path, performance, plain_texture(performance.model, 16), options)
    assert is_ours(path)
    done = subprocess.run([python, "-c", SEEN, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    said = json.loads(next(line[5:] for line in done.stdout.splitlines() if line.startswith("SAID ")))
    assert said["keys"] == ["Basis", *performance.model.expression_names]
    np.testing.assert_allclose(said["values"], performance.weights[[0, 2]], atol=1e-5)
    assert (said["units"], said["materials"]) == (["METRIC", 1.0], ["skin", "eyes", "teeth", "tongue"])
    assert (said["below"], said["packed"]) == (["glasses"], ["face"])
    assert said["plate"].endswith("plate_0003.png")
    assert (said["source"], said["start"], said["offset"]) == ("SEQUENCE", 3, 2)
