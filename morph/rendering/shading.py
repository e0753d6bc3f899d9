"""A plain grey, headlight-lit picture of a mesh: what overlays and previews need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from morph.errors import MorphError
from morph.rendering.rasteriser import interpolate, rasterise, vertex_normals

KEY_LIGHT = np.array([-0.35, 0.55, 0.76], np.float32)  # over the viewer's left shoulder, unit length


def shade_mesh(
    points: npt.ArrayLike,
    triangles: npt.ArrayLike,
    height: int,
    width: int,
    *,
    background: npt.ArrayLike | None = None,
    colour: npt.ArrayLike = (0.72, 0.72, 0.74),
    opacity: float = 1.0,
    normals: npt.ArrayLike | None = None,
    cull: bool = True,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Render a mesh in one colour, lit from the viewer.

    Args:
        points: ``(V, 3)`` pixels and depth in pixels, as :meth:`morph.model.Decoder.project` gives them.
        triangles: ``(F, 3)``, anticlockwise seen from outside.
        height, width: size of the picture.
        background: ``(height, width, 3)`` uint8 RGB; None is black.
        colour: RGB 0..1: one, or ``(V, 3)`` a vertex.
        opacity: how much of the background the mesh hides, 0..1.
        normals: ``(V, 3)`` in the camera frame (x right, y up, z to the viewer); None takes them from ``points``.
        cull: leave out triangles that are seen from behind.

    Returns:
        ``(height, width, 3)`` uint8 RGB, and ``(height, width)`` bool: where the mesh is.

    Raises:
        MorphError: the background is not a picture of that size.
    """
    points = np.asarray(points, np.float32)
    fragments = rasterise(points, triangles, height, width, cull=cull)
    mask = fragments.covered
    if background is None:
        picture = np.zeros((height, width, 3), np.uint8)
    else:
        picture = np.array(background)
        if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
            raise MorphError(f"background must be ({height}, {width}, 3) uint8, got {picture.shape} {picture.dtype}")
    if normals is None:
        normals = vertex_normals(points * np.array([1, -1, 1], np.float32), triangles)
    normals = np.asarray(normals, np.float32)
    colours = np.broadcast_to(np.asarray(colour, np.float32), (len(points), 3))
    seen = interpolate(fragments, triangles, np.concatenate([normals, colours], axis=1))[mask]
    normal = seen[:, :3] / np.maximum(np.linalg.norm(seen[:, :3], axis=1, keepdims=True), 1e-6)
    facing = np.abs(normal[:, 2]) if not cull else np.clip(normal[:, 2], 0, 1)
    light = 0.18 + 0.42 * facing + 0.40 * np.clip(normal @ KEY_LIGHT, 0, 1)
    shine = 0.12 * np.clip(normal @ _half_vector(), 0, 1) ** 24
    shaded = np.clip(seen[:, 3:] * light[:, None] + shine[:, None], 0, 1) * 255
    picture[mask] = (opacity * shaded + (1 - opacity) * picture[mask] + 0.5).astype(np.uint8)
    return picture, mask


def _half_vector() -> npt.NDArray[np.float32]:
    half = KEY_LIGHT + np.array([0, 0, 1], np.float32)
    return half / np.linalg.norm(half)
