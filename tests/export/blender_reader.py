"""Run by a Python that has ``bpy``: ``blender_reader.py FILE FRAMES FPS OUT`` writes ``(T, V, 3)`` world positions, z up."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
import numpy as np

file, frames, fps, out = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = fps
if file.suffix == ".glb":
    bpy.ops.import_scene.gltf(filepath=str(file))
elif file.suffix == ".usdc":
    bpy.ops.wm.usd_import(filepath=str(file))
elif file.suffix == ".ply":
    bpy.ops.wm.ply_import(filepath=str(file))
else:
    bpy.ops.wm.obj_import(filepath=str(file.with_suffix(".obj")))
mesh = next(item for item in scene.objects if item.type == "MESH")
if file.suffix in (".mdd", ".pc2"):
    cache = mesh.modifiers.new("cache", "MESH_CACHE")
    cache.cache_format, cache.filepath, cache.frame_start = file.suffix[1:].upper(), str(file), frames[0]
for key in mesh.data.shape_keys.key_blocks if mesh.data.shape_keys else ():
    key.slider_min, key.slider_max = -10, 10  # else Blender holds weights in 0..1
found = []
for frame in frames:
    scene.frame_set(frame)
    seen = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(3 * len(seen.data.vertices), np.float32)
    seen.data.vertices.foreach_get("co", points)
    matrix = np.array(seen.matrix_world)
    found.append(points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
np.save(out, np.array(found))
