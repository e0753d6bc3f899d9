"""Run by a Python that has ``bpy``: ``blender_project.py FILE JOB.json OUT.npy`` writes ``(T, N, 2)`` pixels of vertices.

The file is opened or imported as a user would, and its vertices are seen through the camera that comes with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
import mathutils
import numpy as np
from bpy_extras.object_utils import world_to_camera_view

file, job, out = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3]
if file.suffix == ".blend":
    bpy.ops.wm.open_mainfile(filepath=str(file))
else:
    bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
if file.suffix != ".blend":
    scene.render.resolution_x, scene.render.resolution_y = job["size"]
    scene.render.fps, scene.render.fps_base = job["fps"], job["base"]
if file.suffix == ".glb":
    scene.render.fps_base = job["glb_base"]
    bpy.ops.import_scene.gltf(filepath=str(file))
elif file.suffix == ".usdc":
    bpy.ops.wm.usd_import(filepath=str(file))
elif file.suffix == ".abc":
    bpy.ops.wm.alembic_import(filepath=str(file), as_background_job=False)
    for lens in bpy.data.cameras:
        lens.sensor_fit = "HORIZONTAL"  # its reader leaves that open, and an upright picture comes out too large
meshes = [item for item in scene.objects if item.type == "MESH" and len(item.data.vertices) > max(job["vertices"])]
head = max(meshes, key=lambda item: len(item.data.vertices))
camera = scene.camera or next(item for item in scene.objects if item.type == "CAMERA")
for key in head.data.shape_keys.key_blocks if head.data.shape_keys else ():
    key.slider_min, key.slider_max = min(key.slider_min, -10), max(key.slider_max, 10)  # else Blender holds weights in 0..1
width, height = scene.render.resolution_x, scene.render.resolution_y
found = []
for frame in job["frames"]:
    scene.frame_set(int(frame), subframe=frame - int(frame))
    seen = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    row = []
    for number in job["vertices"]:
        place = world_to_camera_view(scene, camera, mathutils.Vector(seen.matrix_world @ seen.data.vertices[number].co))
        row.append((place.x * width - 0.5, (1 - place.y) * height - 0.5))
    found.append(row)
np.save(out, np.array(found))
about = {"size": (width, height), "fps": scene.render.fps / scene.render.fps_base, "materials": len(head.material_slots)}
print("SCENE", json.dumps(about | {"range": (scene.frame_start, scene.frame_end), "objects": sorted(scene.objects.keys())}))
