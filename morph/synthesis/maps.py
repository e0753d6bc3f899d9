"""Maps beside a picture: depth, normals, texture coordinates and named classes of every pixel."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Array, Floats, Ints
from morph.errors import MorphError
from morph.model import MorphableModel
from morph.rendering import Fragments, rasterise
from morph.synthesis.drawing import Layers
from morph.synthesis.person.anatomy import CLOTH, ENAMEL, FEATURES, LEFT_EYE, RIGHT_EYE, SKIN, TONGUE
from morph.synthesis.scene import NEARNESS, SampledScene, SceneComposer
from morph.synthesis.shading import survey_surfaces
from morph.synthesis.surfaces.pixels import FIRST
from morph.synthesis.surfaces.samples import single_samples
from morph.synthesis.surfaces.skin import brow_cover, mix_paint

MAPS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "depth": (np.float32, ()),
    "normals": (np.int8, (3,)),
    "segmentation": (np.uint8, ()),
    "uv": (np.uint16, (2,)),
}
CLASSES = (
    "background", "skin", "eyes", "brows", "lips", "mouth_inside", "teeth", "tongue", "hair", "beard", "glasses", "clothes",
    "headwear", "occluder",
)  # fmt: skip
ABOUT: dict[str, dict[str, Any]] = {
    "depth": {
        "unit": "mm along the viewing axis (-Z of the camera frame) of the surface at the pixel's centre; 0: no surface",
        "surface": "head, teeth, clothes and headwear as if no hair, glasses or occluder were before them",
    },
    "normals": {
        "unit": "127 times the unit normal, smooth, x right, y up, z to the camera; 0 0 0: no surface",
        "surface": "as of depth; where a contour's normal looks away it is turned until it grazes the ray",
    },
    "segmentation": {"classes": dict(enumerate(CLASSES)), "surface": "what the picture shows at the pixel"},
    "uv": {
        "unit": "(value - 1) / 65534 is u, v of the model's texture, origin bottom left; 0 0: not on the model",
        "surface": "as of depth; teeth and headwear have none, clothed shoulders have the model's",
    },
}
SPAN = 65534  # steps of a texture coordinate
GUM, LIPS, MOUTH = 0.5, 0.5, 0.45  # from where on a blend of two materials counts as the other one
BROWS, ROOTS, STRANDS = 0.2, 0.5, 0.5  # cover from which on hair counts


def draw_maps(stage: SceneComposer, s: SampledScene, size: int, layers: Layers, wanted: Collection[str]) -> dict[str, Array]:
    """Maps of a scene at the centres of the picture's pixels, whatever the supersampling.

    Args:
        stage: what all pictures share.
        s: the scene that was drawn.
        size: pixels of the picture.
        layers: what :func:`morph.synthesis.drawing.draw_scene` found to lie over the surfaces, as large as it drew.
        wanted: names of :data:`MAPS`.

    Returns:
        ``depth`` ``(size, size)`` float32, ``normals`` ``(size, size, 3)`` int8, ``segmentation`` ``(size, size)`` uint8,
        ``uv`` ``(size, size, 2)`` uint16; units as in :data:`ABOUT`.

    Raises:
        MorphError: an unknown name.
    """
    check_names(wanted)
    scale = layers.hair.shape[0] / size
    points = s.pixels.copy()
    points[:, :2] = (points[:, :2] + 0.5) / scale - 0.5
    fragments = rasterise(points, s.triangles, size, size)
    samples = single_samples(fragments)
    places = samples.first
    material, values, found = survey_surfaces(stage, s, fragments, samples)
    out: dict[str, Array] = {}
    for name in MAPS:
        if name in wanted:
            kind, channels = MAPS[name]
            out[name] = np.zeros((size, size, *channels), kind)
    if "depth" in out:
        out["depth"].reshape(-1)[places] = NEARNESS / fragments.depth.reshape(-1)[places]
    if "normals" in out:
        out["normals"].reshape(-1, 3)[places] = np.rint(found.normal * 127)
    if "uv" in out:
        out["uv"][:] = _texture(stage, fragments, points, s.triangles)
    if "segmentation" in out:
        classes = out["segmentation"]
        dressed = (material == SKIN) & (found.below > 0)
        inside, lips = values[:, FIRST + FEATURES.index("mouth")], values[:, FIRST + FEATURES.index("lips")]
        skin = np.flatnonzero((material == SKIN) & ~dressed)
        named = np.full(len(places), CLASSES.index("skin"), np.uint8)
        named[skin[brow_cover(values, skin, mix_paint(stage.anatomy, s.person, s.paint)) > BROWS]] = CLASSES.index("brows")
        for name, where in (
            ("lips", (material == SKIN) & (lips > LIPS)),
            ("mouth_inside", (material == SKIN) & (inside > MOUTH)),
            ("hair", (material == SKIN) & (found.scalp > ROOTS)),
            ("clothes", dressed),
            ("eyes", (material == LEFT_EYE) | (material == RIGHT_EYE)),
            ("teeth", material == ENAMEL),
            ("mouth_inside", (material == ENAMEL) & (inside > GUM)),
            ("tongue", material == TONGUE),
            ("headwear", material == CLOTH),
        ):
            named[where] = CLASSES.index(name)
        classes.reshape(-1)[places] = named
        for name, cover in (
            ("beard", layers.beard),
            ("hair", layers.hair),
            ("glasses", np.maximum(layers.glass, layers.frames)),
            ("occluder", layers.things),
        ):
            shown = cv2.resize(cover, (size, size), interpolation=cv2.INTER_AREA)
            classes[shown >= STRANDS] = CLASSES.index(name)
    return out


def _texture(stage: SceneComposer, fragments: Fragments, points: Floats, triangles: Ints) -> npt.NDArray[np.uint16]:
    corners = texture_corners(stage.model)
    seen = (fragments.triangle_id >= 0) & (fragments.triangle_id < len(corners))
    triangle = fragments.triangle_id[seen]
    near = points[triangles[triangle], 2]
    weight = fragments.barycentric[seen] * near
    weight /= weight.sum(1, keepdims=True)
    uv = np.einsum("nk,nkc->nc", weight, stage.model.uv[corners[triangle]])
    out = np.zeros((*seen.shape, 2), np.uint16)
    out[seen] = np.rint(np.clip(uv, 0, 1) * SPAN) + 1
    return out


def texture_corners(model: MorphableModel) -> Ints:
    """``(F, 3)`` rows of ``model.uv`` of the triangles that are drawn: all but the helper teeth."""
    helpers = [i for i, name in enumerate(model.region_names) if "teeth" in name]
    return model.uv_triangles[~np.isin(model.regions, helpers)]


def texture_coordinates(uv: npt.NDArray[np.uint16]) -> Floats:
    """Texture coordinates ``(..., 2)`` float32 in 0..1, origin bottom left, of a uv map; -1 where there are none."""
    return np.where(uv > 0, (uv.astype(np.float32) - 1) / SPAN, np.float32(-1))


def check_names(names: Collection[str]) -> None:
    """Raise :class:`MorphError` unless all are names of :data:`MAPS`."""
    unknown = [name for name in names if name not in MAPS]
    if unknown:
        raise MorphError(f"`maps=` knows {', '.join(MAPS)} and all; got {', '.join(unknown)}")


def open_maps(folder: str | os.PathLike[str]) -> dict[str, Array]:
    """The maps of a crop set, memory-mapped, by name.

    Raises:
        MorphError: no whole crop set there, one without maps, or maps that are missing or of another length.
    """
    folder = Path(folder)
    try:
        meta = json.loads((folder / "meta.json").read_text())
        maps = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in meta.get("maps", {})}
    except (OSError, ValueError, EOFError) as error:
        raise MorphError(f"{folder} has no whole maps ({error}); make the set again") from None
    if not maps:
        raise MorphError(f"{folder} has no maps; render a set with `morph synth maps=all`")
    for name, rows in maps.items():
        if len(rows) != meta["count"]:
            raise MorphError(f"{folder / name}.npy should hold {meta['count']} maps but has {len(rows)}; make the set again")
    return maps
