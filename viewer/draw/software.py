"""Draws scenes on the CPU with nothing but NumPy and Numba."""

from __future__ import annotations

import cv2
import numpy as np

from morph.arrays import Floats
from morph.model.camera import PerspectiveCamera
from morph.rendering import Fragments, interpolate, rasterise
from viewer.draw.scene import Box, Camera, MeshPart, Scene
from viewer.draw.texture import sample


class SoftwareRenderer:
    """Draws scenes with the software rasteriser.

    Args:
        samples: pixels are drawn ``samples`` × ``samples`` finer and averaged, which smooths edges.
    """

    name = "software"

    def __init__(self, samples: int = 1) -> None:
        self.samples = samples

    def render(self, scene: Scene) -> Floats:
        """``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha, 0..1."""
        fine = scene.finer(self.samples)
        meshes = [(part, _pixels(part.vertices, fine.camera)) for part in fine.parts]
        solid = [mesh for mesh in meshes if not mesh[0].see_through]
        painted = [mesh for mesh in meshes if mesh[0].texture is not None]
        clear = [mesh for mesh in meshes if mesh[0].see_through and mesh[0].texture is None and not mesh[0].holdout]
        out = np.zeros((scene.height, scene.width, 4), np.float32)
        box = fine.box_of([points for part, points in meshes if not part.holdout], self.samples)
        if box is None:
            return out
        layer, fragments = _draw(fine, solid, box)
        for group in (*([mesh] for mesh in painted), clear):  # skin first, then the glass before it
            small = fine.box_of([points for _, points in group])
            if small is None:
                continue
            above, nearest = _draw(fine, group, small)
            inner = (slice(small[1] - box[1], small[3] - box[1]), slice(small[0] - box[0], small[2] - box[0]))
            above[nearest.depth <= fragments.depth[inner]] = 0.0
            layer[inner] = above + layer[inner] * (1.0 - above[..., 3:])
        left, top, right, bottom = (edge // self.samples for edge in box)
        out[top:bottom, left:right] = average(layer, self.samples)
        return out

    def close(self) -> None:
        """Nothing to free."""


def average(layer: Floats, samples: int) -> Floats:
    """The mean of every ``samples`` × ``samples`` pixels: ``(H, W, 4)`` to ``(H / samples, W / samples, 4)``."""
    if samples == 1:
        return layer
    height, width = layer.shape[:2]
    small = cv2.resize(layer, (width // samples, height // samples), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32, copy=False)


Mesh = tuple[MeshPart, Floats]


def _draw(scene: Scene, meshes: list[Mesh], box: Box) -> tuple[Floats, Fragments]:
    """Layer and fragments of the pixels in ``box``; a part with a texture is drawn on its own."""
    points, triangles, first = [np.zeros((0, 3), np.float32)], [np.zeros((0, 3), np.int32)], 0
    colours = [np.zeros((0, 4), np.float32)]
    for part, pixels in meshes:
        points.append(pixels)
        triangles.append(part.triangles + np.int32(first))
        colours.append(scene.colours(part))
        first += len(part.vertices)
    all_triangles = np.concatenate(triangles)
    moved = np.concatenate(points) - np.array([box[0], box[1], 0], np.float32)
    fragments = rasterise(moved, all_triangles, box[3] - box[1], box[2] - box[0])
    layer = interpolate(fragments, all_triangles, np.concatenate(colours))
    painted = meshes[0][0] if len(meshes) == 1 else None
    if painted is not None and painted.texture is not None and painted.coordinates is not None:
        seen = fragments.covered
        places = interpolate(fragments, all_triangles, painted.coordinates)[seen]
        layer[seen] *= sample(scene.texture_image(painted), places)
    return layer, fragments


def _pixels(vertices: Floats, camera: Camera) -> Floats:
    """``(V, 3)`` pixels, and depth that grows towards the viewer and is linear in the picture."""
    points = np.array(camera.project(vertices.astype(np.float32)), np.float32)
    if isinstance(camera, PerspectiveCamera):
        points[:, 2] = 1.0 / points[:, 2]
    return points
