"""A prop on the head of a performance, frame by frame, for files of other programs."""

from __future__ import annotations

import numpy as np

from morph.export.performance import Performance
from morph.export.shot.worn import Worn, WornItem, WornPiece
from morph.rendering import vertex_normals
from morph.rendering.colour import GAMMA
from viewer.draw.scene import MeshPart
from viewer.props import fitted_prop
from viewer.props.prop import Prop, SkinTexture
from viewer.props.wearer import Wearer


def worn_prop(prop: Prop, performance: Performance) -> Worn:
    """Where each item of a prop is on the head, in each row of a performance.

    Args:
        prop: with meshes or textures.
        performance: who wears it.

    Raises:
        MorphError: the prop does not fit the model, or changes footage.
    """
    prop.check_footage()
    items = [item for item in fitted_prop.Wearing(prop, performance.model).items if isinstance(item, fitted_prop.WornItem)]
    paint = tuple(item.rgba for item in prop.items if isinstance(item, SkinTexture))
    return Worn(prop.name, tuple(_placed(item, performance) for item in items), paint)


def _placed(item: fitted_prop.WornItem, performance: Performance) -> WornItem:
    scores = performance.scores(performance.weights)
    millimetre = performance.model.millimetres * performance.metric
    still = item.item.follows == "skull"
    places = [item.place(Wearer(performance.shape, score, performance.shape)) for score in scores[: 1 if still else None]]
    places *= len(scores) if still else 1
    linear = np.stack([place.linear for place in places]).astype(np.float64) * millimetre
    shift = np.stack([place.shift for place in places]).astype(np.float64) * millimetre
    return WornItem(tuple(_piece(piece) for piece in item.item.pieces), linear, shift)


def _piece(part: MeshPart) -> WornPiece:
    normals = part.normals if part.normals is not None else vertex_normals(part.vertices, part.triangles)
    linear = np.concatenate([part.albedo[:, :3] ** GAMMA, part.albedo[:, 3:]], axis=1)
    metallic = float(np.clip((part.material.reflectance - 0.04) / 0.6, 0, 1))
    surface = (metallic, float(part.material.roughness), part.see_through)
    return WornPiece(part.vertices, np.asarray(normals, np.float32), linear, part.triangles, *surface)
