"""The extension for Blender: what is in the zip, and a track that Blender imports with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from morph.cli import main
from morph.errors import MorphError
from morph.export import plain_texture
from morph.export.performance import Performance
from morph.export.shot import blender_addon, blender_scene
from morph.export.shot.blend import write_shot
from morph.export.shot.extension import write_extension
from morph.marks import is_ours

IMPORTED = """
import json, sys
import bpy
zip_file, program, *files = sys.argv[1:]
bpy.ops.extensions.package_install_files(filepath=zip_file, repo="user_default", enable_on_install=True)
addon = "bl_ext.user_default.morph_track"
bpy.context.preferences.addons[addon].preferences.program = program
said = []
for file in files:
    print(bpy.ops.import_scene.morph_track(filepath=file))
    scene = [scene for scene in bpy.data.scenes if scene.name.startswith("shot")][-1]
    head = next(item for item in scene.objects if item.name.startswith("head"))
    keys = [key.name for key in head.data.shape_keys.key_blocks]
    row = {"keys": keys, "camera": scene.camera.data.lens, "size": [scene.render.resolution_x, scene.render.resolution_y]}
    scene.frame_set(scene.frame_start)
    said.append(row | {"place": list(head.location), "fps": scene.render.fps, "made": scene["made_with"]})
try:
    bpy.ops.import_scene.morph_track(filepath=zip_file)
except RuntimeError as error:
    refused = str(error)
bpy.ops.preferences.addon_disable(module=addon)
print("SAID", json.dumps([said, refused]))
"""


def test_the_zip_holds_a_manifest_a_licence_and_the_builder_of_blend_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "morph.zip"
    assert main(["export", "--extension", "--out", str(out)]) == 0
    assert "Install from Disk" in capsys.readouterr().out
    with zipfile.ZipFile(out) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    manifest = files["blender_manifest.toml"]
    assert 'schema_version = "1.0.0"' in manifest
    assert 'blender_version_min = "4.2.0"' in manifest
    assert 'license = ["SPDX:Apache-2.0"]' in manifest
    assert files["blender_scene.py"] == Path(blender_scene.__file__).read_text(encoding="utf-8")
    assert set(files) == {"blender_manifest.toml", "LICENSE", "__init__.py", "blender_scene.py"}
    assert all("import morph" not in text and "from morph" not in text for text in files.values())
    first = out.read_bytes()
    assert is_ours(out)
    assert main(["export", "--extension", "--out", str(out)]) == 0  # our own is made again
    assert out.read_bytes() == first
    with pytest.raises(MorphError, match=r"let `out=` end in \.zip"):
        write_extension(tmp_path / "morph.tar")


def test_a_track_or_the_extension_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--out", str(tmp_path / "a.glb")]) == 2
    assert "give a track to export" in capsys.readouterr().err
    assert main(["export", str(tmp_path), "--extension", "--out", str(tmp_path / "a.zip")]) == 2
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_imported_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="is no folder of `morph track`"):
        blender_addon.shot_of(str(tmp_path), "morph", "", "", str(tmp_path))
    (tmp_path / "coefficients.npz").write_bytes(b"")
    with pytest.raises(RuntimeError, match="no program nowhere-to-be-found"):
        blender_addon.shot_of(str(tmp_path), "nowhere-to-be-found", "", "", str(tmp_path))
    assert blender_addon.shot_of("a.shot", "morph", "", "", "") == "a.shot"


def test_a_program_that_fails_says_its_last_line_and_gets_footage_and_prop(tmp_path: Path) -> None:
    (tmp_path / "coefficients.npz").write_bytes(b"")
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "no $@" >&2\nexit 2\n')
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match=r"could not export the track: no export .* --over a.mp4 --prop dog$"):
        blender_addon.shot_of(str(tmp_path / "coefficients.npz"), str(program), "a.mp4", "dog", str(tmp_path))


def test_blender_installs_it_and_imports_a_track_and_a_shot(performance: Performance, tmp_path: Path) -> None:
    """The same scene twice: of the folder, for which it runs morph, and of the file that a morph elsewhere wrote."""
    python = os.environ.get("MORPH_BLENDER_PYTHON")
    if not python:
        pytest.skip("MORPH_BLENDER_PYTHON is not set to a Python with bpy")
    write_extension(tmp_path / "morph.zip")
    track, shot = tmp_path / "track", tmp_path / "head.shot"  # of the fixture `performance`
    root = Path(__file__).parents[3]
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m morph "$@" --level 0\n')
    program.chmod(0o755)
    assert main(["export", str(track), "--level", "0", "--out", str(shot)]) == 0
    assert is_ours(shot)
    command = [python, "-c", IMPORTED, str(tmp_path / "morph.zip"), str(program), str(track), str(shot)]
    own = os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "blender"), "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=own)
    assert done.returncode == 0, done.stderr + done.stdout
    (of_folder, of_file), refused = json.loads(next(line[5:] for line in done.stdout.splitlines() if line.startswith("SAID ")))
    assert of_folder == of_file
    assert of_folder["keys"] == ["Basis", *performance.model.expression_names]
    assert of_folder["size"] == list(performance.size)
    assert of_folder["place"][1] > 0.1  # metres before the camera, which looks along y
    assert "is no folder of `morph track`" in refused


def test_a_shot_holds_texture_and_motion_in_one_file(performance: Performance, tmp_path: Path) -> None:
    write_shot(tmp_path / "head.shot", performance, plain_texture(performance.model, 16))
    with np.load(tmp_path / "head.shot") as parts:
        said = json.loads(str(parts["said"]))
        assert parts["texture"].tobytes().startswith(b"\x89PNG")
        assert len(parts["head_location"]) == len(parts["time"]) == len(performance)
    assert said["expressions"] == list(performance.model.expression_names)
