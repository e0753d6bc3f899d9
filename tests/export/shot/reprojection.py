"""Where other programs see the landmarks of an exported head: through OpenUSD, Blender, and the plain numbers of a GLB.

Judges tracks, first, middle and last frame, in per cent of the face (the root of width by height of its landmarks' box):

    MORPH_BLENDER_PYTHON=PYTHON PYTHONPATH=.:tests python tests/export/shot/reprojection.py TRACK...
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from morph.export.formats import export_performance
from morph.export.head_mesh import split_at_seams
from morph.export.performance import Performance
from morph.export.shot.regions import regions_of
from morph.export.usd import time_codes
from morph.model import load_default_model
from morph.track_folder.people import performance_of_track, placed_performance
from morph.track_folder.read import load_track

Pixels = npt.NDArray[np.float64]


def glb_pixels(path: Path, rows: list[int]) -> Pixels:
    """``(T, 68, 2)`` from nothing but the file: its animation, camera and the landmarks that it names."""
    data = path.read_bytes()
    start = 20 + struct.unpack_from("<I", data, 12)[0]
    document, binary = json.loads(data[20:start]), data[start + 8 :]

    def read(index: int) -> Any:
        one = document["accessors"][index]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[one["type"]]

        def view(part: dict[str, Any], kind: str, count: int) -> Any:
            return np.frombuffer(binary, kind, count, document["bufferViews"][part["bufferView"]]["byteOffset"])

        shape = one["count"], width
        out = view(one, "<f4", one["count"] * width).reshape(shape) if "bufferView" in one else np.zeros(shape, np.float32)
        if "sparse" in one:
            sparse, out = one["sparse"], out.copy()
            kind = {5123: "<u2", 5125: "<u4"}[sparse["indices"]["componentType"]]
            values = view(sparse["values"], "<f4", sparse["count"] * width).reshape(-1, width)
            out[view(sparse["indices"], kind, sparse["count"])] = values
        return out

    mesh = document["meshes"][0]
    marks, primitive = mesh["extras"]["landmarks"], mesh["primitives"][0]
    base = read(primitive["attributes"]["POSITION"])[marks]
    deltas = np.stack([read(target["POSITION"])[marks] for target in primitive["targets"]])
    curves: dict[tuple[int, str], Any] = {}
    for animation in document.get("animations", []):
        for channel in animation["channels"]:
            values = read(animation["samplers"][channel["sampler"]]["output"])
            curves[channel["target"]["node"], channel["target"]["path"]] = values

    def value(node: int, path: str, row: int) -> Any:
        return curves[node, path][row] if (node, path) in curves else np.array(document["nodes"][node][path])

    lens = document["cameras"][0]["perspective"]
    about = document["asset"]["extras"]["camera"]
    width, height = about["width"], about["height"]
    out = []
    for row in rows:
        weights = curves[0, "weights"].reshape(-1, len(deltas))[row] if (0, "weights") in curves else mesh["weights"]
        points = base + np.tensordot(weights, deltas, 1)
        world = Rotation.from_quat(value(0, "rotation", row)).apply(points) + value(0, "translation", row)
        eye = Rotation.from_quat(value(1, "rotation", row)).inv().apply(world - value(1, "translation", row))
        ends = eye[:, :2] / -eye[:, 2:] / np.tan(lens["yfov"] / 2) / [lens["aspectRatio"], 1]  # -1 to 1
        out.append((ends * [0.5, -0.5] + 0.5) * [width, height] - 0.5)
    return np.array(out)


def usd_pixels(path: Path, performance: Performance, rows: list[int]) -> Pixels:
    """``(T, 68, 2)`` through OpenUSD's own skinning and frustum."""
    from pxr import Usd, UsdGeom, UsdSkel

    stage = Usd.Stage.Open(Usd.Stage.Open(str(path)).Flatten())
    assert UsdSkel.BakeSkinning(stage.Traverse())
    codes, out = time_codes(performance)[1], []
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/Track/Head/Body/Mesh"))
    for row in rows:
        matrix = np.array(mesh.ComputeLocalToWorldTransform(codes[row]))
        points = np.array(mesh.GetPointsAttr().Get(codes[row]))[performance.model.landmarks] @ matrix[:3, :3] + matrix[3, :3]
        lens = UsdGeom.Camera(stage.GetPrimAtPath("/Track/Camera")).GetCamera(codes[row]).frustum
        seen = np.column_stack([points, np.ones(len(points))]) @ np.array(
            lens.ComputeViewMatrix() * lens.ComputeProjectionMatrix()
        )
        seen = seen[:, :3] / seen[:, 3:]
        assert np.abs(seen[:, 2]).max() < 1  # between the clipping planes
        width, height = performance.size
        out.append(np.stack([(seen[:, 0] + 1) / 2 * width - 0.5, (1 - seen[:, 1]) / 2 * height - 0.5], axis=1))
    return np.array(out)


def blender_pixels(python: str, path: Path, performance: Performance, rows: list[int]) -> tuple[Pixels, dict[str, Any]]:
    """``(T, 68, 2)`` through the camera that Blender has of a file, and what its scene says of itself."""
    model, fps = performance.model, performance.fps
    marks = model.landmarks
    if path.suffix == ".glb":  # Blender reads one material after the other
        origin, _, triangles = split_at_seams(model)
        order = np.concatenate([np.unique(triangles[region.triangles]) for region in regions_of(model)])
        marks = np.argsort(order)[np.searchsorted(origin, marks)]
    codes = (performance.time * fps).tolist()
    job = {
        "size": performance.size,
        "fps": round(fps),
        "base": round(fps) / fps,
        "glb_base": fps / round(fps),  # its reader multiplies by what it should divide by
        "frames": [round(codes[row], 3) for row in rows],
        "vertices": marks.tolist(),
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "job.json").write_text(json.dumps(job))
        script = Path(__file__).with_name("blender_project.py")
        command = [python, str(script), str(path), f"{folder}/job.json", f"{folder}/out.npy"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + done.stdout
        said = next(line for line in done.stdout.splitlines() if line.startswith("SCENE "))
        return np.load(f"{folder}/out.npy"), json.loads(said[6:])


def three_rows(performance: Performance) -> list[int]:
    """First, middle and last."""
    return sorted({0, len(performance) // 2, len(performance) - 1})


def errors(found: Pixels, wanted: Pixels) -> tuple[float, float]:
    """Mean and worst over all points, in per cent of the face."""
    size = np.sqrt(np.ptp(wanted, axis=1).prod(axis=1))[:, None]
    away = 100 * np.linalg.norm(found - wanted, axis=2) / size
    return float(away.mean()), float(away.max())


def main(folders: list[str]) -> None:
    """Judge tracks."""
    python, model = os.environ.get("MORPH_BLENDER_PYTHON"), load_default_model(1)
    for folder in folders:
        track = load_track(folder)
        performance = placed_performance(track, performance_of_track(track, model))
        rows = three_rows(performance)
        table = np.genfromtxt(Path(folder, "landmarks.csv"), delimiter=",", skip_header=1, ndmin=2)
        table = table[table[:, 2] == performance.id]
        wanted = table[rows, 4:].reshape(len(rows), 68, 2)
        with tempfile.TemporaryDirectory() as place:
            files = [Path(place, f"head.{suffix}") for suffix in ("glb", "usdc", "abc", *(["blend"] if python else []))]
            for file in files:
                export_performance(performance, "usd" if file.suffix == ".usdc" else file.suffix[1:], file)
            found = {"numbers of the GLB": glb_pixels(files[0], rows), "pxr": usd_pixels(files[1], performance, rows)}
            for file in files if python else []:
                found[f"Blender {file.suffix[1:]}"] = blender_pixels(python, file, performance, rows)[0]
        for name, pixels in found.items():
            mean, worst = errors(pixels, wanted)
            print(f"{Path(folder).name}, {name}: mean {mean:.3f} %, worst {worst:.3f} % of the face", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
