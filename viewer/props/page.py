"""A prop for a web page: binary glTF, and matrices that keep it on the head whatever the expression."""

from __future__ import annotations

from typing import Any

import numpy as np

from morph.arrays import Doubles
from morph.export.gltf.gltf_buffer import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, GltfBuffer
from morph.export.performance import Performance
from morph.export.web_page import PageProp
from morph.rendering.colour import GAMMA
from viewer.draw.scene import MeshPart
from viewer.props.fitted_prop import Wearing, WornItem
from viewer.props.prop import Item, Prop, SkinTexture
from viewer.props.wearer import Placement, Wearer


def page_prop(prop: Prop, performance: Performance) -> PageProp:
    """A prop on the head of a performance.

    An item that follows the expression is placed by the sum of what single expressions do to its place. That is exact for one
    at its full weight, and to 0.2 mm for the mixtures of a talking face.

    Raises:
        MorphError: the prop does not fit the model, or changes footage.
    """
    prop.check_footage()
    worn = [item for item in Wearing(prop, performance.model).items if isinstance(item, WornItem)]
    matrices = [_matrices(item, performance) for item in worn]
    paint = tuple(item.rgba for item in prop.items if isinstance(item, SkinTexture))
    empty = np.zeros((0, 1 + performance.model.n_expression, 3, 4))
    return PageProp(prop.name, prop_glb(prop), np.stack(matrices) if matrices else empty, paint)


def prop_glb(prop: Prop) -> bytes:
    """The meshes of a prop, in millimetres, one node "item0", "item1" … for each item; nothing where it has no mesh."""
    buffer = GltfBuffer()
    materials: list[dict[str, Any]] = []
    meshes = []
    for item in (item for item in prop.items if isinstance(item, Item)):
        primitives = []
        for part in item.pieces:
            primitives.append(_primitive(buffer, part) | {"material": len(materials)})
            materials.append(_material(part))
        meshes.append({"primitives": primitives})
    if not meshes:
        return b""
    numbers = list(range(len(meshes)))
    return buffer.glb(
        {
            "asset": {"version": "2.0", "generator": "morph"},
            "scene": 0,
            "scenes": [{"nodes": numbers}],
            "nodes": [{"name": f"item{number}", "mesh": number} for number in numbers],
            "meshes": meshes,
            "materials": materials,
        }
    )


def _primitive(buffer: GltfBuffer, part: MeshPart) -> dict[str, Any]:
    attributes = {"POSITION": buffer.accessor(np.asarray(part.vertices, np.float32), ARRAY_BUFFER, bounds=True)}
    if part.normals is not None:
        attributes["NORMAL"] = buffer.accessor(np.asarray(part.normals, np.float32), ARRAY_BUFFER)
    linear = np.concatenate([part.albedo[:, :3] ** GAMMA, part.albedo[:, 3:]], axis=1)
    attributes["COLOR_0"] = buffer.accessor(linear.astype(np.float32), ARRAY_BUFFER)
    corners = part.triangles.ravel().astype(np.uint16 if len(part.vertices) < 65535 else np.uint32)
    return {"attributes": attributes, "indices": buffer.accessor(corners, ELEMENT_ARRAY_BUFFER), "mode": 4}


def _material(part: MeshPart) -> dict[str, Any]:
    metallic = float(np.clip((part.material.reflectance - 0.04) / 0.6, 0, 1))
    surface = {"metallicFactor": metallic, "roughnessFactor": float(part.material.roughness)}
    return {"pbrMetallicRoughness": surface} | ({"alphaMode": "BLEND"} if part.see_through else {})


def _matrices(item: WornItem, performance: Performance) -> Doubles:
    """``(1 + E, 3, 4)``; see :class:`morph.export.web_page.PageProp`."""
    model = performance.model
    metre = 0.001 * model.millimetres
    scores = performance.scores(np.eye(model.n_expression + 1, model.n_expression, -1))  # at rest, then each at 1
    out = np.stack([_matrix(item.place(Wearer(performance.shape, score)), metre) for score in scores])
    out[1:] -= out[0]
    return out


def _matrix(placement: Placement, metre: float) -> Doubles:
    return np.column_stack([placement.linear, placement.shift]).astype(np.float64) * metre
