"""Builds a shot in Blender. Run by Blender itself, or by a Python that has ``bpy``, which both have NumPy.

    python blender_scene.py HEAD.shot OUT.blend

``HEAD.shot`` is of :func:`morph.export.shot.blend.write_shot`; the extension for Blender holds this file, too. Metres, z up.
Nothing of morph is imported.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np


def main(shot: str, out: str) -> None:
    """Build in an empty file, and save."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.name = "shot"
    build(scene, shot)
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=out, compress=False, relative_remap=False, check_existing=False)


def build(scene: Any, shot: str) -> None:
    """Build the shot of a file in a scene that is empty."""
    with np.load(shot) as archive:
        arrays: dict[str, Any] = dict(archive)
    said: dict[str, Any] = json.loads(str(arrays["said"]))
    _scene(scene, said)
    head = _head(scene, said, arrays)
    for number, item in enumerate(said["items"]):
        _item(scene, head, item, {name: arrays[f"item{number}_{name}"] for name in ("location", "quaternion", "scale")}, arrays)
    camera = _camera(scene, said, arrays)
    if said["plate"]:
        _plate(scene, camera, said)
    _lamp(scene)
    scene.frame_set(scene.frame_start)


def _scene(scene: Any, said: dict[str, Any]) -> None:
    render = scene.render
    scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", 1.0
    render.resolution_x, render.resolution_y = said["size"]
    render.resolution_percentage, render.film_transparent = 100, True
    render.fps, render.fps_base = said["fps"], said["fps_base"]
    scene.frame_start, scene.frame_end = said["range"]
    scene.view_settings.view_transform = "Standard"  # footage keeps its colours
    scene["made_with"], scene["licence"] = said["made"], said["licence"]


def _head(scene: Any, said: dict[str, Any], arrays: dict[str, Any]) -> Any:
    import bpy

    mesh = _mesh("head", arrays["base"], arrays["corners"], arrays["counts"])
    if len(arrays["uv"]):
        layer = mesh.uv_layers.new(name="UVMap")
        layer.data.foreach_set("uv", arrays["uv"].ravel())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texture.png")
        file.write_bytes(arrays["texture"].tobytes())
        picture = bpy.data.images.load(str(file))
        picture.name = "face"
        picture.pack()
    for name, roughness in said["materials"]:
        mesh.materials.append(_material(name, roughness, 0.0, picture))
    mesh.polygons.foreach_set("material_index", arrays["material"])
    head = bpy.data.objects.new("head", mesh)
    scene.collection.objects.link(head)
    _move(head, arrays["time"], {"location": arrays["head_location"], "rotation_quaternion": arrays["head_quaternion"]})
    head.shape_key_add(name="Basis", from_mix=False)
    weights = arrays["weights"]
    low, high = float(weights.min(initial=0.0)), float(weights.max(initial=1.0))
    keys = {}
    for number, name in enumerate(said["expressions"]):
        key = head.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (arrays["base"] + arrays["deltas"][number]).ravel())
        key.slider_min, key.slider_max = np.floor(low), np.ceil(high)  # weights are not clipped
        keys[f'key_blocks["{key.name}"].value'] = weights[:, number : number + 1]
    if keys:
        mesh.shape_keys.name = "expressions"
        _move(mesh.shape_keys, arrays["time"], keys)
    return head


def _mesh(name: str, points: Any, corners: Any, counts: Any) -> Any:
    import bpy

    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(points))
    mesh.vertices.foreach_set("co", points.ravel())
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", corners)
    mesh.polygons.add(len(counts))
    mesh.polygons.foreach_set("loop_start", (np.cumsum(counts) - counts).astype(np.int32))
    mesh.update(calc_edges=True)
    mesh.validate()
    mesh.polygons.foreach_set("use_smooth", np.ones(len(counts), bool))
    return mesh


def _material(name: str, roughness: float, metallic: float, picture: Any = None) -> Any:
    import bpy

    material = bpy.data.materials.new(name)
    if not material.node_tree:
        material.use_nodes = True
    nodes = material.node_tree.nodes
    surface = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    surface.inputs["Roughness"].default_value, surface.inputs["Metallic"].default_value = roughness, metallic
    if picture is not None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image, texture.location = picture, (-320, 300)
        material.node_tree.links.new(texture.outputs["Color"], surface.inputs["Base Color"])
    return material


def _item(scene: Any, head: Any, item: dict[str, Any], place: dict[str, Any], arrays: dict[str, Any]) -> None:
    """An item of a prop: one object below the head, a material for each piece."""
    import bpy

    pieces = [{key: arrays[f"{prefix}_{key}"] for key in ("points", "triangles", "colour")} for prefix in item["pieces"]]
    starts = np.cumsum([0, *(len(piece["points"]) for piece in pieces)])
    points = np.concatenate([piece["points"] for piece in pieces])
    corners = np.concatenate([piece["triangles"] + start for piece, start in zip(pieces, starts, strict=False)])
    mesh = _mesh(item["name"], points, corners.ravel().astype(np.int32), np.full(len(corners), 3, np.int32))
    colours = mesh.color_attributes.new("colour", "FLOAT_COLOR", "POINT")
    colours.data.foreach_set("color", np.concatenate([piece["colour"] for piece in pieces]).astype(np.float32).ravel())
    for look in item["looks"]:
        material = _material(look["name"], look["roughness"], look["metallic"])
        nodes, surface = material.node_tree.nodes, material.node_tree.nodes["Principled BSDF"]
        paint = nodes.new("ShaderNodeAttribute")
        paint.attribute_name, paint.location = "colour", (-320, 300)
        material.node_tree.links.new(paint.outputs["Color"], surface.inputs["Base Color"])
        if look["see_through"]:
            material.node_tree.links.new(paint.outputs["Alpha"], surface.inputs["Alpha"])
        mesh.materials.append(material)
    index = np.repeat(np.arange(len(pieces)), [len(piece["triangles"]) for piece in pieces]).astype(np.int32)
    mesh.polygons.foreach_set("material_index", index)
    worn = bpy.data.objects.new(item["name"], mesh)
    worn.parent = head
    scene.collection.objects.link(worn)
    paths = {"location": place["location"], "rotation_quaternion": place["quaternion"], "scale": place["scale"]}
    _move(worn, arrays["time"], paths)


def _camera(scene: Any, said: dict[str, Any], arrays: dict[str, Any]) -> Any:
    import bpy

    lens = bpy.data.cameras.new("footage")
    lens.sensor_width = lens.sensor_height = said["film"]
    lens.sensor_fit = "HORIZONTAL" if said["size"][0] >= said["size"][1] else "VERTICAL"
    lens.shift_x, lens.shift_y = said["shift"]
    lens.clip_start, lens.clip_end = said["clip"]
    camera = bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(camera)
    scene.camera = camera
    time = arrays["time"]
    _move(camera, time, {"location": arrays["camera_location"], "rotation_quaternion": arrays["camera_quaternion"]})
    _move(lens, time, {"lens": arrays["lens"]})
    return camera


def _plate(scene: Any, camera: Any, said: dict[str, Any]) -> None:
    """The footage behind the head, in the camera's view and in what is rendered."""
    import bpy

    lens, count = camera.data, said["range"][1] - said["plate_start"] + 1
    image = bpy.data.images.load(said["plate"])
    if said["plate_sequence"]:
        image.source = "SEQUENCE"
    lens.show_background_images = True
    behind = lens.background_images.new()
    behind.image, behind.frame_method, behind.display_depth, behind.alpha = image, "STRETCH", "BACK", 1.0
    users = [behind.image_user, _composited(scene, image)]
    for user in users:
        if user is not None and image.source in ("MOVIE", "SEQUENCE"):
            user.frame_start, user.frame_duration = said["plate_start"], count
            user.frame_offset, user.use_auto_refresh = said["plate_offset"], True


def _composited(scene: Any, image: Any) -> Any:
    """The render over the footage; None where this Blender's compositor is another one."""
    import bpy

    try:
        tree = bpy.data.node_groups.new("over the footage", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
        over, out = tree.nodes.new("CompositorNodeAlphaOver"), tree.nodes.new("NodeGroupOutput")
    except (AttributeError, RuntimeError):  # before Blender 5
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        over, out = tree.nodes.new("CompositorNodeAlphaOver"), tree.nodes.new("CompositorNodeComposite")
    plate, fit, seen = (tree.nodes.new(f"CompositorNode{kind}") for kind in ("Image", "Scale", "RLayers"))
    plate.image, seen.scene = image, scene
    for node, place in ((seen, (-600, -150)), (plate, (-600, 250)), (fit, (-300, 250)), (over, (0, 0)), (out, (250, 0))):
        node.location = place
    _to_render_size(fit)
    sockets = [socket for socket in over.inputs if socket.type == "RGBA"]
    tree.links.new(plate.outputs["Image"], fit.inputs[0])
    tree.links.new(fit.outputs[0], sockets[0])
    tree.links.new(seen.outputs["Image"], sockets[1])
    tree.links.new(over.outputs[0], out.inputs[0])
    return plate if hasattr(plate, "frame_start") else None


def _to_render_size(fit: Any) -> None:
    if hasattr(fit, "space"):
        fit.space, fit.frame_method = "RENDER_SIZE", "STRETCH"
    else:
        fit.inputs["Type"].default_value, fit.inputs["Frame Type"].default_value = "Render Size", "Stretch"


def _lamp(scene: Any) -> None:
    import bpy

    lamp = bpy.data.objects.new("key", bpy.data.lights.new("key", "SUN"))
    lamp.data.energy, lamp.data.angle, lamp.rotation_euler = 2.5, 0.3, (0.9, -0.3, -0.3)
    scene.collection.objects.link(lamp)
    world = bpy.data.worlds.new("around")
    world.color = (0.5, 0.5, 0.5)
    if not world.node_tree:
        world.use_nodes = True
    around = next((node for node in world.node_tree.nodes if node.type == "BACKGROUND"), None)
    if around is not None:
        around.inputs["Color"].default_value, around.inputs["Strength"].default_value = (0.5, 0.5, 0.5, 1.0), 0.8
    scene.world = world


def _move(thing: Any, time: Any, paths: dict[str, Any]) -> None:
    """Give properties ``(T, n)`` values, linear from one to the next; where none changes, only the value."""
    if hasattr(thing, "rotation_mode"):
        thing.rotation_mode = "QUATERNION"
    for path, values in paths.items():
        values = np.asarray(values, np.float64).reshape(len(time), -1)
        owner, name = _property(thing, path)
        setattr(owner, name, values[0].tolist() if values.shape[1] > 1 else float(values[0, 0]))
        if len(time) == 1 or not np.ptp(values, axis=0).any():
            continue
        thing.keyframe_insert(data_path=path, frame=float(time[0]))
        for curve in _curves(thing):
            if curve.data_path == path:
                _fill(curve, time, values[:, curve.array_index])


def _property(thing: Any, path: str) -> tuple[Any, str]:
    if not path.startswith("key_blocks"):
        return thing, path
    return thing.key_blocks[path.split('"')[1]], "value"


def _curves(thing: Any) -> Iterable[Any]:
    action = thing.animation_data.action
    try:
        return list(action.layers[0].strips[0].channelbag(thing.animation_data.action_slot).fcurves)
    except (AttributeError, IndexError):  # before Blender 4.4
        return list(action.fcurves)


def _fill(curve: Any, time: Any, values: Any) -> None:
    points = curve.keyframe_points
    points.add(len(time) - len(points))
    points.foreach_set("co", np.column_stack([time, values]).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.ones(len(time), np.int32))  # LINEAR
    curve.update()


if __name__ == "__main__":
    given = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    main(given[0], given[1])
