"""A plain skin, lip and eye texture for a model, painted from what the model knows of its own anatomy."""

from __future__ import annotations

import os

import numpy as np

from morph.arrays import Floats, Image, Reals
from morph.atomic import atomic_path
from morph.export.textures.uv_chart import fill_gaps, rasterise_chart
from morph.marks import MADE
from morph.model import MorphableModel
from morph.model.ibug68 import LEFT_EYE, MOUTH_CORNERS, RIGHT_EYE
from morph.picture_file import save_picture
from morph.rendering import interpolate

# sRGB 0..255
SKIN, LIPS, MOUTH, LIDS, BLUSH = (222, 178, 155), (190, 112, 106), (150, 70, 70), (208, 158, 137), (224, 150, 132)
EYEBALL, IRIS, RIM, PUPIL = (236, 232, 226), (104, 84, 62), (52, 40, 30), (14, 12, 12)
PARTS = {"upper_teeth": (232, 224, 206), "lower_teeth": (232, 224, 206), "tongue": (196, 108, 108)}
IRIS_ANGLE, PUPIL_ANGLE = 29.0, 11.0  # degrees off the eyeball's axis: an iris of 12 mm and a pupil of 4.6 mm across
BLUSH_SIZE = 28.0  # millimetres
MATERIAL = f"""# one material for every frame; {MADE}
newmtl head
Ka 0 0 0
Kd 1 1 1
Ks 0.06 0.06 0.06
Ns 24
illum 2
map_Kd texture.png
"""


def plain_texture(model: MorphableModel, size: int = 1024) -> Image:
    """``(size, size, 3)`` uint8 RGB for the model's own texture coordinates (v up); one colour where it has none.

    Masks "lips", "inner_mouth", "eyelids" and regions "left_eye", "right_eye", teeth and tongue are used where the model
    has them.

    Example:
        >>> from morph.model import load_default_model
        >>> plain_texture(load_default_model(0), 256).shape
        (256, 256, 3)
    """
    if not len(model.uv_triangles):
        return np.full((size, size, 3), SKIN, np.uint8)
    fragments = rasterise_chart(model, size)
    texel = fragments.triangle_id[fragments.covered]
    corners = interpolate(fragments, model.uv_triangles, _corner_values(model))[fragments.covered]
    position = corners[:, :3].astype(np.float64)
    mask = dict(zip(model.vertex_masks, corners[:, 3:].T, strict=True))
    colour = _skin(model, position, mask)
    regions = model.regions[texel] if len(model.regions) else np.zeros(len(texel), int)
    for index, name in enumerate(model.region_names):
        here = regions == index
        if name in PARTS:
            colour[here] = PARTS[name]
        elif name.endswith("eye") and here.any():
            colour[here] = _eye(model, index, position[here])
    texture = np.zeros((size, size, 3), np.uint8)
    texture[fragments.covered] = np.clip(colour + 0.5, 0, 255)
    return fill_gaps(texture, fragments.covered)


def _corner_values(model: MorphableModel) -> Floats:
    """Mean position and masks at the corners of every triangle, ``(F, 3, 3 + masks)``."""
    values = np.column_stack([model.mean, *model.vertex_masks.values()]).astype(np.float32)
    return values[model.triangles]


def _blend(colour: Reals, over: tuple[int, int, int], share: Reals) -> Reals:
    return colour + np.clip(share, 0, 1)[:, None] * (np.asarray(over, float) - colour)


def _skin(model: MorphableModel, position: Reals, mask: dict[str, Reals]) -> Reals:
    colour = np.tile(np.asarray(SKIN, float), (len(position), 1))
    points = model.mean[model.landmarks].astype(np.float64)
    unit = model.average_millimetre
    for lids, corner in zip((RIGHT_EYE, LEFT_EYE), MOUTH_CORNERS, strict=True):
        eye, mouth = points[list(lids)], points[corner]
        cheek = 0.5 * (eye.mean(0) + mouth) + np.array([np.sign(eye[0, 0] + eye[3, 0]) * 10.0 * unit, 0, 0])
        distance = np.linalg.norm(position - cheek, axis=1) / (BLUSH_SIZE * unit)
        colour = _blend(colour, BLUSH, 0.45 * np.exp(-(distance**2)))
    for name, over, share in (("eyelids", LIDS, 0.6), ("lips", LIPS, 1.0), ("inner_mouth", MOUTH, 1.0)):
        if name in mask:
            colour = _blend(colour, over, share * mask[name])
    return colour


def _eye(model: MorphableModel, region: int, position: Reals) -> Reals:
    """Colours by the angle off the forward axis of the eyeball, whose centre is the middle of its vertices' box."""
    rows = np.unique(model.triangles[model.regions == region])
    points = model.mean[rows].astype(np.float64)
    centre = (points.min(0) + points.max(0)) / 2
    away = position - centre
    angle = np.degrees(np.arctan2(np.hypot(away[:, 0], away[:, 1]), away[:, 2]))
    colour = np.tile(np.asarray(EYEBALL, float), (len(position), 1))
    colour = _blend(colour, RIM, (IRIS_ANGLE + 1.5 - angle) / 3.0)
    colour = _blend(colour, IRIS, (IRIS_ANGLE - 2.5 - angle) / 4.0)
    return _blend(colour, PUPIL, (PUPIL_ANGLE + 1.0 - angle) / 2.0)


def write_material(folder: str | os.PathLike[str], texture: Image) -> None:
    """Write ``head.mtl`` and ``texture.png`` into a folder, for the OBJ files beside them.

    Args:
        folder: that holds them.
        texture: ``(size, size, 3)`` uint8 RGB, as of :func:`plain_texture`.

    Raises:
        MorphError: the folder cannot be written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from morph.model import load_default_model
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_material(folder, plain_texture(load_default_model(0), 64))
        ...     sorted(file.name for file in Path(folder).iterdir())
        ['head.mtl', 'texture.png']
    """
    save_picture(os.path.join(folder, "texture.png"), texture)
    with atomic_path(os.path.join(folder, "head.mtl")) as path:
        path.write_text(MATERIAL)
