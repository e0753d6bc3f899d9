"""A shot as a ``.blend``: made by the user's own Blender, or by a Python that has ``bpy``."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from morph import __version__
from morph.arrays import Doubles, Image
from morph.atomic import atomic_path
from morph.errors import MorphError
from morph.export.head_mesh import faces_of, png
from morph.export.performance import Performance
from morph.export.shot.options import HEAD_ALONE, SceneOptions
from morph.export.shot.plate import Plate
from morph.export.shot.regions import regions_of
from morph.export.shot.shot import FAR, FILM, NEAR, Motion, shot_of
from morph.export.shot.worn import Worn
from morph.export.usd import time_codes
from morph.marks import GENERATOR

PYTHON = "MORPH_BLENDER_PYTHON"  # a Python that has `bpy`
BUILDER = Path(__file__).with_name("blender_scene.py")
METRE = 0.001
UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # y up to Blender's z up
LICENCE = "what morph makes of your footage is yours"


def blender_command(blender: str | None = None) -> list[str]:
    """What runs a script in Blender, without the script.

    Args:
        blender: the program; None looks for ``MORPH_BLENDER_PYTHON``, for ``blender``, and for ``bpy`` of this Python.

    Raises:
        MorphError: there is none.
    """
    found = shutil.which(blender or "blender")
    if blender is not None and found is None:
        raise MorphError(f"no program {blender}; give the path of Blender's own with `blender=`")
    python = os.environ.get(PYTHON)
    if blender is None and python:
        return [python]
    if found is not None:
        return [found, "--background", "--factory-startup", "--python-exit-code", "1", "--python"]
    if importlib.util.find_spec("bpy") is not None:
        return [sys.executable]
    raise MorphError(f"a .blend is written by Blender, which is not on PATH; give it with `blender=`, or set {PYTHON}")


def write_blend(
    path: str | os.PathLike[str],
    performance: Performance,
    texture: Image,
    options: SceneOptions = HEAD_ALONE,
) -> None:
    """Write a scene for Blender: footage behind the camera, rate and range of the clip, metres, and the head.

    The head has a shape key with an animated weight for each expression, and skin, eyes, teeth and tongue as materials; what it
    wears are objects below it.

    Args:
        path: of the file.
        performance: one person of a track.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates.
        options: what else the scene holds, and which Blender writes it.

    Raises:
        MorphError: no Blender, it failed, or the folder cannot be written.
    """
    command = blender_command(options.blender)
    with tempfile.TemporaryDirectory() as name, atomic_path(path) as temporary:
        parts, made = Path(name, "head.shot"), Path(name, "shot.blend")
        write_shot(parts, performance, texture, options)
        script = [*command, str(BUILDER), "--", str(parts), str(made)]
        done = subprocess.run(script, capture_output=True, text=True, errors="replace")
        if done.returncode or not made.is_file():
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            raise MorphError(f"{command[0]} could not build the scene ({lines[-1].strip() if lines else 'it said nothing'})")
        shutil.copyfile(made, temporary)


def write_shot(
    path: str | os.PathLike[str],
    performance: Performance,
    texture: Image,
    options: SceneOptions = HEAD_ALONE,
) -> None:
    """Write what a scene for Blender is built from, as arrays: for the extension, which runs where no morph may be.

    Args:
        path: of the file.
        performance: one person of a track.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates.
        options: what else the scene holds.

    Raises:
        MorphError: the folder cannot be written.
    """
    said, arrays = _described(performance, options)
    painted = png(texture if options.worn is None else options.worn.painted(texture))
    arrays |= {"said": np.array(json.dumps(said)), "texture": np.frombuffer(painted, np.uint8)}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, generator=np.array(GENERATOR), **arrays)


def _described(performance: Performance, options: SceneOptions) -> tuple[dict[str, Any], dict[str, Any]]:
    model, shot = performance.model, shot_of(performance, options.static_head)
    faces, regions = faces_of(model), regions_of(model)
    material = np.zeros(len(faces), np.int32)
    for number, region in enumerate(regions):
        material[region.faces] = number
    rate, codes = time_codes(performance)
    fps, base = whole_rate(rate)
    plate = options.plate
    longer = max(shot.size)
    first = min(int(np.floor(codes[0])), plate.first if plate else int(np.floor(codes[0])))
    said = {
        "made": f"made by morph {__version__}; head model {model.name}, licence {model.licence}",
        "licence": LICENCE,
        "size": list(shot.size),
        "fps": fps,
        "fps_base": base,
        "range": [first, int(np.ceil(codes[-1]))],
        "film": FILM,
        "shift": (-shot.offset / longer).tolist(),
        "clip": [NEAR * METRE, FAR * METRE],
        "materials": [[region.name, region.roughness] for region in regions],
        "expressions": list(model.expression_names),
        "plate": str(plate.path.resolve()) if plate else "",
        "plate_sequence": bool(plate and plate.sequence),
        "plate_start": plate.first if plate else 0,
        "plate_offset": _offset(plate),
        "items": [],
    }
    chart = [place for _, places in faces for place in places]
    arrays = {
        "time": np.array(codes),
        "base": _upright(performance.base * METRE),
        "deltas": _upright(performance.deltas * METRE),
        "corners": np.array([corner for face, _ in faces for corner in face], np.int32),
        "counts": np.array([len(face) for face, _ in faces], np.int32),
        "uv": model.uv[chart].astype(np.float32) if chart else np.zeros((0, 2), np.float32),
        "material": material,
        "weights": performance.weights,
        "lens": (shot.focal * FILM / longer)[:, None],
    }
    turned = Motion(UP @ shot.head.rotation @ UP.T, shot.head.translation)
    for name, motion in (("head", turned), ("camera", Motion(UP @ shot.camera.rotation, shot.camera.translation))):
        arrays[f"{name}_location"] = motion.translation @ UP.T * METRE
        arrays[f"{name}_quaternion"] = np.roll(motion.quaternions, 1, axis=1)  # w first
    if options.worn is not None:
        said["items"] = _worn(options.worn, arrays)
    return said, arrays


def _offset(plate: Plate | None) -> int:
    """What Blender adds to the count of a sequence's frames to come to the number in their names."""
    if plate is None or not plate.sequence:
        return 0
    digits = "".join(ch if ch.isdigit() else " " for ch in plate.path.stem).split()
    return int(digits[-1]) - 1 if digits else 0


def whole_rate(rate: float) -> tuple[int, float]:
    """Blender's whole frames a second and what they are divided by.

    Args:
        rate: frames a second.

    Example:
        >>> whole_rate(29.97)
        (30, 1.001)
    """
    whole = max(round(rate), 1)
    base = whole / rate
    return whole, 1.001 if abs(base - 1.001) < 2e-5 else round(base, 6)


def _upright(points: Any) -> Any:
    return np.ascontiguousarray(points @ UP.T, np.float32)


def _worn(worn: Worn, arrays: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a prop; their arrays go among the others."""
    said = []
    for number, item in enumerate(worn.items):
        axes = np.abs(UP)  # scales change places with their axes
        scale: Doubles = item.scale @ axes.T
        turned = Motion(UP @ (item.linear / item.scale[:, None, :]) @ UP.T, item.shift)
        arrays[f"item{number}_location"] = item.shift @ UP.T * METRE
        arrays[f"item{number}_quaternion"] = np.roll(turned.quaternions, 1, axis=1)
        arrays[f"item{number}_scale"] = scale * METRE
        names, looks = [], []
        for row, piece in enumerate(item.pieces):
            prefix = f"item{number}_piece{row}"
            arrays[f"{prefix}_points"] = _upright(piece.vertices)
            arrays[f"{prefix}_triangles"], arrays[f"{prefix}_colour"] = piece.triangles, piece.colours
            names.append(prefix)
            look = {"roughness": piece.roughness, "metallic": piece.metallic, "see_through": piece.see_through}
            looks.append({"name": f"{worn.name} {number} {row}"} | look)
        name = worn.name if len(worn.items) == 1 else f"{worn.name} {number}"
        said.append({"name": name, "pieces": names, "looks": looks})
    return said
