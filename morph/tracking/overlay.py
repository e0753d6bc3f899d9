"""Drawing tracked faces over their frames."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import numpy as np

from morph.arrays import Image, Ints
from morph.model import MorphableModel
from morph.rendering import vertex_normals
from morph.rendering.see_through import blend
from morph.tracking.face import Face

COLOURS = ((0.45, 0.72, 0.95), (0.97, 0.72, 0.40), (0.56, 0.86, 0.52), (0.90, 0.56, 0.78))  # a face's, by its number
OPACITY = 0.55
KEY_LIGHT = np.array([-0.35, 0.55, 0.76], np.float32)  # over the viewer's left shoulder, unit length
POINT = (255, 236, 64)
SHIFT = 4  # bits behind the point in coordinates that OpenCV draws at


def draw_faces(
    image: Image, faces: Sequence[Face], *, mesh: bool = True, landmarks: bool = True, canvas: Image | None = None
) -> Image:
    """A copy of a picture with each face's shaded mesh, see-through, and its 68 landmarks.

    Args:
        image: ``(H, W, 3)`` uint8 RGB; stays as it is.
        faces: of that picture.
        mesh: draw the meshes.
        landmarks: draw the landmarks.
        canvas: of an earlier picture, to be drawn over; it counts if it has the same size.
    """
    if canvas is None or canvas.shape != image.shape:
        canvas = np.empty_like(image)
    np.copyto(canvas, image)
    out = canvas
    for face in faces:
        if mesh:
            _draw_mesh(out, face)
        if landmarks:
            _draw_landmarks(out, face)
    return out


@functools.lru_cache(maxsize=4)
def face_triangles(model: MorphableModel) -> tuple[Ints, Ints]:
    """``(n, 3)`` triangles of face and ears (neck and scalp would hide too much), and the vertices that they use.

    All of a model that has no such masks.
    """
    shown = [model.vertex_masks[name] for name in ("face", "ears") if name in model.vertex_masks]
    if not shown:
        return model.triangles, np.unique(model.triangles)
    skin = model.regions == model.region_names.index("skin") if "skin" in model.region_names else True
    triangles = model.triangles[(np.max(shown, axis=0)[model.triangles].min(axis=1) > 0.5) & skin]
    return triangles, np.unique(triangles)


def _draw_mesh(out: Image, face: Face) -> None:
    """Shade the mesh into the part of the picture that it covers."""
    points = face.image_vertices
    triangles, rows = face_triangles(face.model)
    height, width = out.shape[:2]
    reach = points[rows, :2]
    low = np.clip(np.floor(reach.min(0)).astype(int), 0, [width, height])
    high = np.clip(np.ceil(reach.max(0)).astype(int) + 1, 0, [width, height])
    if (high <= low).any():
        return
    normals = vertex_normals(points * np.array([1, -1, 1], np.float32), triangles)
    light = 0.30 + 0.35 * np.clip(normals[:, 2], 0, 1) + 0.40 * np.clip(normals @ KEY_LIGHT, 0, 1)
    part = out[low[1] : high[1], low[0] : high[0]]
    colour = np.array([*COLOURS[face.id % len(COLOURS)], OPACITY], np.float32)
    blend(part, points - np.array([*low, 0], np.float32), triangles, light.astype(np.float32), colour)


def _draw_landmarks(out: Image, face: Face) -> None:
    side = float((face.box[2:] - face.box[:2]).max())
    radius = max(round(side / 150 * (1 << SHIFT)), round(0.8 * (1 << SHIFT)))
    for x, y in np.rint(face.landmarks * (1 << SHIFT)).astype(int).tolist():
        cv2.circle(out, (x, y), radius, POINT, cv2.FILLED, cv2.LINE_AA, SHIFT)
