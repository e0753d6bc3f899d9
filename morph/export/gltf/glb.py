"""GLB (glTF 2.0, binary): one head with the person's identity, morph targets, and its motion as an animation."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from morph import __version__
from morph.arrays import Doubles, Floats, Image
from morph.atomic import atomic_path
from morph.export.gltf.gltf_buffer import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfBuffer
from morph.export.head_mesh import expressions, png, split_at_seams
from morph.export.performance import Performance
from morph.rendering import vertex_normals

METRE = np.float32(0.001)  # glTF counts in metres
CAMERA_DISTANCE = 1.0  # metres in front of the head; an orthographic camera shows the same from anywhere


def write_glb(path: str | os.PathLike[str], performance: Performance, texture: Image) -> None:
    """Write one mesh with a morph target for each expression (names in ``mesh.extras.targetNames``) and its animation.

    Metres, y up, z towards the viewer, as glTF has it. Node "head" carries rotation and translation, mesh weights carry the
    expression, not clipped, linear between the true time stamps. A track of one frame has no animation: the pose and weights of
    that frame are the file's own. ``asset.extras`` holds the camera of every frame; node "camera" is an orthographic one of
    the middle scale.

    Args:
        path: of the file.
        performance: one person of a track.
        texture: ``(H, W, 3)`` uint8 RGB for the model's texture coordinates.

    Raises:
        MorphError: the folder cannot be written.
    """
    data = glb_bytes(performance, texture)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def glb_bytes(performance: Performance, texture: Image) -> bytes:
    """What :func:`write_glb` writes."""
    buffer = GltfBuffer()
    model = performance.model
    mesh = _mesh(buffer, performance)
    head: dict[str, Any] = {"name": "head", "mesh": 0}
    document: dict[str, Any] = {
        "asset": {
            "version": "2.0",
            "generator": f"morph {__version__}",
            "copyright": f"head model {model.name}: {model.licence}",
            "extras": {"model": model.name, "model_identity": model.identity, "camera": performance.camera()},
        },
        "scene": 0,
        "scenes": [{"name": "track", "nodes": [0, 1]}],
        "nodes": [head, {"name": "camera", "camera": 0, "translation": [0.0, 0.0, CAMERA_DISTANCE]}],
        "cameras": [_camera(performance)],
        "meshes": [mesh],
        "materials": [_material()],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"name": "skin", "mimeType": "image/png", "bufferView": buffer.view(png(texture))}],
    }
    turns = performance.quaternions / np.linalg.norm(performance.quaternions, axis=1, keepdims=True)
    places = performance.translation * 0.001
    head |= {"rotation": turns[0].tolist(), "translation": places[0].tolist()}
    if len(performance) == 1:
        mesh["weights"] = performance.weights[0].tolist()
    else:
        document["animations"] = [_animation(buffer, performance, turns, places)]
    return buffer.glb(document)


def _mesh(buffer: GltfBuffer, performance: Performance) -> dict[str, Any]:
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
    corners = triangles.ravel().astype(np.uint16 if count < 65535 else np.uint32)
    primitive: dict[str, Any] = {"attributes": attributes, "indices": buffer.accessor(corners, ELEMENT_ARRAY_BUFFER)}
    primitive |= {"material": 0, "mode": 4} | ({"targets": targets} if targets else {})
    weights = {"weights": [0.0] * len(names)} if names else {}
    return {"name": "head", "primitives": [primitive], "extras": {"targetNames": names}} | weights


def _unit(normals: Floats) -> Floats:
    """Of length 1, for vertices without a face too."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-6, normals / np.maximum(length, 1e-6), [0.0, 0.0, 1.0]), np.float32)


def _material() -> dict[str, Any]:
    surface = {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.6}
    return {"name": "skin", "pbrMetallicRoughness": surface}


def _camera(performance: Performance) -> dict[str, Any]:
    metres = 0.0005 / float(np.median(performance.scale))  # half a pixel
    lens = {"xmag": performance.size[0] * metres, "ymag": performance.size[1] * metres, "znear": 0.01, "zfar": 10.0}
    return {"name": "footage", "type": "orthographic", "orthographic": lens}


def _animation(buffer: GltfBuffer, performance: Performance, turns: Doubles, places: Doubles) -> dict[str, Any]:
    time = performance.time.astype(np.float32)
    for row in np.flatnonzero(np.diff(time) <= 0) + 1:  # stamps closer than single precision tells apart
        time[row] = np.nextafter(time[row - 1], np.float32(np.inf))
    clock = buffer.accessor(time, bounds=True)
    values = {"rotation": turns, "translation": places, "weights": performance.weights.reshape(-1)}
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    for name, value in values.items():
        if not value.size:
            continue
        channels.append({"sampler": len(samplers), "target": {"node": 0, "path": name}})
        output = buffer.accessor(value.astype(np.float32))
        samplers.append({"input": clock, "output": output, "interpolation": "LINEAR"})
    return {"name": "track", "samplers": samplers, "channels": channels}
