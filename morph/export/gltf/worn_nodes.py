"""What a head wears as nodes of a glTF document, below the head."""

from __future__ import annotations

from typing import Any

import numpy as np

from morph.arrays import Doubles
from morph.export.gltf.gltf_buffer import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfBuffer
from morph.export.shot.worn import Worn, WornPiece

METRE = 0.001
Curve = tuple[int, str, Doubles]  # number of a node, "rotation", "translation", "scale" or "weights", a value for each row


def add_worn(buffer: GltfBuffer, document: dict[str, Any], worn: Worn) -> list[Curve]:
    """Add meshes, materials and nodes of a prop below node 0, which is the head.

    Args:
        buffer: of the document.
        document: with a head.
        worn: what it wears.

    Returns:
        How the nodes that move on the head move.
    """
    nodes, curves = document["nodes"], []
    for item in worn.items:
        turns, places, sizes = item.quaternions, item.shift * METRE, item.scale * METRE
        primitives = [_primitive(buffer, document["materials"], worn.name, piece) for piece in item.pieces]
        node, name = len(nodes), f"{worn.name}{'' if len(worn.items) == 1 else len(document['meshes'])}"
        nodes[0].setdefault("children", []).append(node)
        place = {"rotation": turns[0].tolist(), "translation": places[0].tolist(), "scale": sizes[0].tolist()}
        nodes.append({"name": name, "mesh": len(document["meshes"])} | place)
        document["meshes"].append({"name": name, "primitives": primitives})
        if item.moves:
            curves += [(node, "rotation", turns), (node, "translation", places), (node, "scale", sizes)]
    return curves


def _primitive(buffer: GltfBuffer, materials: list[dict[str, Any]], name: str, piece: WornPiece) -> dict[str, Any]:
    attributes = {
        "POSITION": buffer.accessor(np.asarray(piece.vertices, np.float32), ARRAY_BUFFER, bounds=True),
        "NORMAL": buffer.accessor(np.asarray(piece.normals, np.float32), ARRAY_BUFFER),
    }
    flat = piece.colours[0] if np.ptp(piece.colours, axis=0).max(initial=0) < 1e-3 else np.ones(4)
    if (flat == 1).all():
        attributes["COLOR_0"] = buffer.accessor(piece.colours.astype(np.float32), ARRAY_BUFFER)
    corners = piece.triangles.ravel().astype(np.uint16 if len(piece.vertices) < 65535 else np.uint32)
    surface = {
        "baseColorFactor": np.clip(flat, 0, 1).astype(float).tolist(),
        "metallicFactor": piece.metallic,
        "roughnessFactor": piece.roughness,
    }
    blend = {"alphaMode": "BLEND"} if piece.see_through else {}
    materials.append({"name": f"{name} {len(materials)}", "pbrMetallicRoughness": surface} | blend)
    return {
        "attributes": attributes,
        "indices": buffer.accessor(corners, ELEMENT_ARRAY_BUFFER),
        "material": len(materials) - 1,
        "mode": 4,
    }
