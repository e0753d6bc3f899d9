"""GLB (glTF 2.0, binary): one head with the person's identity, morph targets, and its motion as an animation."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from morph import __version__
from morph.arrays import Floats, Image
from morph.atomic import atomic_path
from morph.export.gltf.gltf_buffer import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfBuffer
from morph.export.gltf.worn_nodes import Curve, add_worn
from morph.export.head_mesh import expressions, png, split_at_seams
from morph.export.performance import Performance
from morph.export.shot.options import HEAD_ALONE, SceneOptions
from morph.export.shot.regions import MATT, Region, regions_of
from morph.export.shot.shot import FAR, NEAR, Motion, Shot, shot_of
from morph.rendering import vertex_normals

METRE = np.float32(0.001)  # glTF counts in metres


def write_glb(
    path: str | os.PathLike[str], performance: Performance, texture: Image, options: SceneOptions = HEAD_ALONE
) -> None:
    """Write one mesh with a morph target for each expression (names in ``mesh.extras.targetNames``) and its animation.

    Metres, y up, z towards the viewer, as glTF has it. Node "head" carries rotation and translation, mesh weights carry the
    expression, not clipped, linear between the true time stamps. A track of one frame has no animation: the pose and weights of
    that frame are the file's own. Node "camera" is the perspective camera of the footage; ``asset.extras`` holds it as numbers,
    and what glTF has no place for: rate, size and principal point. ``mesh.extras.landmarks`` are the vertices of the 68 points.
    Skin, eyes, teeth and tongue are primitives with materials of their own. What the head wears hangs below it.

    Args:
        path: of the file.
        performance: one person of a track.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates.
        options: what else the scene holds.

    Raises:
        MorphError: the folder cannot be written.
    """
    data = glb_bytes(performance, texture, options)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def glb_bytes(performance: Performance, texture: Image, options: SceneOptions = HEAD_ALONE) -> bytes:
    """What :func:`write_glb` writes."""
    buffer = GltfBuffer()
    model, shot = performance.model, shot_of(performance, options.static_head)
    skin = Region("skin", MATT, np.arange(0), np.arange(len(model.triangles)))
    regions = [skin] if options.one_material else regions_of(model)
    mesh = _mesh(buffer, performance, regions)
    picture = texture if options.worn is None else options.worn.painted(texture)
    nodes: list[dict[str, Any]] = [{"name": "head", "mesh": 0}, {"name": "camera", "camera": 0}]
    document: dict[str, Any] = {
        "asset": {
            "version": "2.0",
            "generator": f"morph {__version__}",
            "copyright": f"head model {model.name}: {model.licence}",
            "extras": {"model": model.name, "model_identity": model.identity, "camera": shot.numbers(performance)},
        },
        "scene": 0,
        "scenes": [{"name": "track", "nodes": [0, 1]}],
        "nodes": nodes,
        "cameras": [_camera(shot)],
        "meshes": [mesh],
        "materials": [_material(region) for region in regions],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"name": "skin", "mimeType": "image/png", "bufferView": buffer.view(png(picture))}],
    }
    curves: list[Curve] = [(0, "weights", performance.weights)] if model.n_expression else []
    for node, motion in enumerate((shot.head, shot.camera)):
        curves += _placed(nodes, node, motion)
    if options.worn is not None:
        curves += add_worn(buffer, document, options.worn)
    if len(performance) == 1:
        mesh["weights"] = performance.weights[0].tolist()
    else:
        document["animations"] = [_animation(buffer, performance, curves)]
    return buffer.glb(document)


def _placed(nodes: list[dict[str, Any]], node: int, motion: Motion) -> list[Curve]:
    """Put a node where it stands first; returns how it goes on, where it moves."""
    turns, places = motion.quaternions, motion.translation * 0.001
    nodes[node] |= {"rotation": turns[0].tolist(), "translation": places[0].tolist()}
    return [(node, "rotation", turns), (node, "translation", places)] if motion.moves else []


def _mesh(buffer: GltfBuffer, performance: Performance, regions: list[Region]) -> dict[str, Any]:
    model = performance.model
    origin, uv, triangles = split_at_seams(model)
    count = len(origin)
    normals = np.asarray(vertex_normals(performance.base, model.triangles), np.float32)
    attributes = {
        "POSITION": buffer.accessor((performance.base * METRE)[origin], ARRAY_BUFFER, bounds=True),
        "NORMAL": buffer.accessor(_unit(normals)[origin], ARRAY_BUFFER),
        "TEXCOORD_0": buffer.accessor(np.column_stack([uv[:, 0], 1 - uv[:, 1]]).astype(np.float32), ARRAY_BUFFER),
    }
    order = np.argsort(origin, kind="stable")  # the copies of each vertex, one after the other
    first = np.searchsorted(origin[order], np.arange(model.n_vertices + 1))
    targets, names = [], []
    for expression in expressions(performance):
        copies = np.repeat(np.arange(len(expression.rows)), np.diff(first)[expression.rows])
        places = np.concatenate([order[first[row] : first[row + 1]] for row in expression.rows] or [np.zeros(0, np.int64)])
        sort = np.argsort(places)  # sparse indices must grow
        rows, source = places[sort], copies[sort]
        indices = buffer.indices(rows, count) if len(rows) else {}
        offsets = expression.offsets[source] * METRE
        position = buffer.sparse(count, indices, offsets, bounds=True)
        targets.append({"POSITION": position, "NORMAL": buffer.sparse(count, indices, expression.normals[source])})
        names.append(expression.name)
    primitives: list[dict[str, Any]] = []
    for number, region in enumerate(regions):
        corners = triangles[region.triangles].ravel().astype(np.uint16 if count < 65535 else np.uint32)
        primitive = {"attributes": attributes, "indices": buffer.accessor(corners, ELEMENT_ARRAY_BUFFER)}
        primitives.append(primitive | {"material": number, "mode": 4} | ({"targets": targets} if targets else {}))
    weights = {"weights": [0.0] * len(names)} if names else {}
    extras = {"targetNames": names, "landmarks": np.searchsorted(origin, model.landmarks).tolist()}
    return {"name": "head", "primitives": primitives, "extras": extras} | weights


def _unit(normals: Floats) -> Floats:
    """Of length 1, for vertices without a face too."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-6, normals / np.maximum(length, 1e-6), [0.0, 0.0, 1.0]), np.float32)


def _material(region: Region) -> dict[str, Any]:
    surface = {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": region.roughness}
    return {"name": region.name, "pbrMetallicRoughness": surface}


def _camera(shot: Shot) -> dict[str, Any]:
    """glTF has neither an axis off the middle nor a zoom: those of each frame are numbers of ``asset.extras``."""
    width, height = shot.size
    opening = 2 * float(np.arctan(0.5 * height / np.median(shot.focal)))
    planes = {"znear": NEAR * 0.001, "zfar": FAR * 0.001}
    return {"name": "footage", "type": "perspective", "perspective": {"yfov": opening, "aspectRatio": width / height, **planes}}


def _animation(buffer: GltfBuffer, performance: Performance, curves: list[Curve]) -> dict[str, Any]:
    time = performance.time.astype(np.float32)
    for row in np.flatnonzero(np.diff(time) <= 0) + 1:  # stamps closer than single precision tells apart
        time[row] = np.nextafter(time[row - 1], np.float32(np.inf))
    clock = buffer.accessor(time, bounds=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    for node, name, value in curves:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": name}})
        output = buffer.accessor(np.asarray(value.reshape(-1) if name == "weights" else value, np.float32))
        samplers.append({"input": clock, "output": output, "interpolation": "LINEAR"})
    return {"name": "track", "samplers": samplers, "channels": channels}
