"""The unwrapped surface of a model: which texel shows which place of the mesh, and texels that show none."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Bools
from morph.model import MorphableModel
from morph.rendering import Fragments, rasterise


def rasterise_chart(model: MorphableModel, size: int) -> Fragments:
    """Triangles of the model drawn into its own texture of ``size`` × ``size`` texels (row 0 on top, v up).

    ``triangle_id`` and ``barycentric`` say which place of the mesh each texel shows; the depth means nothing.

    Raises:
        MorphError: a size below one texel.
    """
    chart = np.column_stack([model.uv * [size, -size] + [-0.5, size - 0.5], np.zeros(len(model.uv))])
    return rasterise(chart, model.uv_triangles, size, size, cull=False)


def fill_gaps(texture: npt.NDArray[Any], known: Bools) -> npt.NDArray[Any]:
    """Give every texel that is not known the value of the nearest known one, so that no seam shows.

    Args:
        texture: ``(H, W, C)`` of any type.
        known: ``(H, W)``.
    """
    if not known.any():
        return texture
    _, label = cv2.distanceTransformWithLabels((~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros((int(label.max()) + 1, texture.shape[2]), texture.dtype)
    values[label[known]] = texture[known]
    return np.asarray(values[label])
