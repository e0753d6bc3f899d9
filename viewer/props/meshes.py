"""Reads the meshes of props: binary glTF without any library, other formats through trimesh."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles
from morph.errors import MorphError
from morph.rendering import vertex_normals
from morph.rendering.colour import GAMMA
from viewer.draw.lighting import Material
from viewer.draw.scene import MeshPart, two_sided

COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def read_mesh(path: Path) -> tuple[MeshPart, ...]:
    """Parts of a mesh file, in its own frame.

    Binary glTF (.glb) keeps colours, transparency and roughness of its materials, and colours of its vertices. Other
    formats (.gltf, .obj, .ply, .stl …) need trimesh and keep what that reads.

    Raises:
        MorphError: not a mesh, an empty one, or one that needs what is not supported or not installed.
    """
    data = path.read_bytes() if path.suffix.lower() == ".glb" else _through_trimesh(path)
    try:
        parts = _read_glb(data, path)
    except (KeyError, IndexError, ValueError, TypeError, struct.error) as error:
        raise MorphError(f"{path} is not a whole binary glTF ({type(error).__name__}: {error}); export it again") from None
    if not parts:
        raise MorphError(f"{path} holds no triangles; export a mesh")
    return parts


def _through_trimesh(path: Path) -> bytes:
    try:
        import trimesh
    except ModuleNotFoundError:
        raise MorphError(
            f"reading {path.suffix} needs trimesh (pip install 'morph-face[viewer]'); or save it as .glb"
        ) from None
    try:
        scene = trimesh.load_scene(str(path))
        return bytes(scene.export(file_type="glb"))  # type: ignore[no-untyped-call]
    except Exception as error:  # trimesh raises whatever its readers do
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise MorphError(f"{path} cannot be read as a mesh ({reason}); save it as .glb") from None


def _read_glb(data: bytes, path: Path) -> tuple[MeshPart, ...]:
    if len(data) < 20 or data[:4] != b"glTF":
        raise MorphError(f"{path} is not a binary glTF; export it as .glb")
    document, binary, at = {}, b"", 12
    while at + 8 <= len(data):
        length, kind = struct.unpack_from("<I4s", data, at)
        chunk = data[at + 8 : at + 8 + length]
        if kind == b"JSON":
            document = json.loads(chunk)
        elif kind == b"BIN\0":
            binary = chunk
        at += 8 + length
    needed = document.get("extensionsRequired", [])
    if needed:
        raise MorphError(f"{path} needs the glTF extension {needed[0]}, which is not supported; export it without")
    parts: list[MeshPart] = []
    scene = document["scenes"][document.get("scene", 0)]
    queue = [(index, np.eye(4)) for index in scene.get("nodes", [])]
    while queue:
        index, above = queue.pop(0)
        node = document["nodes"][index]
        matrix = above @ _matrix(node)
        queue += [(child, matrix) for child in node.get("children", [])]
        if "mesh" in node:
            for primitive in document["meshes"][node["mesh"]]["primitives"]:
                if primitive.get("mode", 4) == 4:
                    parts.append(_part(document, binary, primitive, matrix))
    return tuple(part for part in parts if len(part.triangles))


def _matrix(node: dict[str, Any]) -> Doubles:
    if "matrix" in node:
        return np.asarray(np.array(node["matrix"], np.float64).reshape(4, 4).T)
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    out = np.eye(4)
    out[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    out[:3, 3] = node.get("translation", (0, 0, 0))
    return out


def _accessor(document: dict[str, Any], binary: bytes, index: int) -> npt.NDArray[Any]:
    spec = document["accessors"][index]
    view = document["bufferViews"][spec["bufferView"]]
    dtype, width = np.dtype(COMPONENTS[spec["componentType"]]), WIDTHS[spec["type"]]
    start = view.get("byteOffset", 0) + spec.get("byteOffset", 0)
    stride = view.get("byteStride", dtype.itemsize * width)
    if start + stride * (spec["count"] - 1) + dtype.itemsize * width > len(binary):
        raise ValueError("the file ends too soon")
    rows = np.ndarray((spec["count"], width), dtype, binary, start, (stride, dtype.itemsize))
    if spec.get("normalized"):
        return np.asarray(rows.astype(np.float32) / np.iinfo(dtype).max)
    return np.asarray(rows.copy())


def _part(document: dict[str, Any], binary: bytes, primitive: dict[str, Any], matrix: Doubles) -> MeshPart:
    attributes = primitive["attributes"]
    points = _accessor(document, binary, attributes["POSITION"]).astype(np.float64)
    vertices = (points @ matrix[:3, :3].T + matrix[:3, 3]).astype(np.float32)
    if "indices" in primitive:
        triangles = _accessor(document, binary, primitive["indices"]).reshape(-1, 3).astype(np.int32)
    else:
        triangles = np.arange(len(vertices) // 3 * 3, dtype=np.int32).reshape(-1, 3)
    if triangles.size and triangles.max() >= len(vertices):
        raise ValueError("triangles point outside the vertices")
    if np.linalg.det(matrix[:3, :3]) < 0:
        triangles = np.ascontiguousarray(triangles[:, ::-1])
    if "NORMAL" in attributes:
        normals = _accessor(document, binary, attributes["NORMAL"]).astype(np.float64) @ np.linalg.inv(matrix[:3, :3])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    else:
        normals = vertex_normals(vertices, triangles)
    spec = document["materials"][primitive["material"]] if "material" in primitive else {}
    metal = spec.get("pbrMetallicRoughness", {})
    factor = np.array(metal.get("baseColorFactor", (1, 1, 1, 1)), np.float32)
    linear = np.broadcast_to(factor, (len(vertices), 4)).copy()
    if "COLOR_0" in attributes:
        colours = _accessor(document, binary, attributes["COLOR_0"]).astype(np.float32)
        linear[:, : colours.shape[1]] *= colours
    albedo = np.concatenate([np.clip(linear[:, :3], 0, 1) ** (1 / GAMMA), linear[:, 3:]], axis=1).astype(np.float32)
    blend = spec.get("alphaMode") == "BLEND"
    if not blend:
        albedo[:, 3] = 1.0
    metallic = float(metal.get("metallicFactor", 1.0))
    material = Material(max(float(metal.get("roughnessFactor", 1.0)), 0.05), 0.04 + 0.6 * metallic)
    part = MeshPart(vertices, triangles, albedo, normals.astype(np.float32), None, material, see_through=blend)
    return two_sided(part) if spec.get("doubleSided") else part
