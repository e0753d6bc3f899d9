"""Draws scenes on the CPU with nothing but NumPy and Numba."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.model.camera import PerspectiveCamera
from morph.rendering import Fragments, interpolate, rasterise
from viewer.draw.scene import Camera, Part, Scene
from viewer.draw.texture import sample

Layer = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two are outside


class SoftwareRenderer:
    """Draws scenes with the software rasteriser.

    Args:
        samples: pixels are drawn ``samples`` × ``samples`` finer and averaged, which smooths edges.
    """

    name = "software"

    def __init__(self, samples: int = 1) -> None:
        self.samples = samples

    def render(self, scene: Scene) -> Layer:
        """``(H, W, 4)`` float32 RGB multiplied by alpha, and alpha, 0..1."""
        fine = scene.finer(self.samples)
        meshes = [(part, _pixels(part.vertices, fine.camera)) for part in fine.parts]
        solid = [mesh for mesh in meshes if not mesh[0].see_through]
        painted = [mesh for mesh in meshes if mesh[0].texture is not None]
        clear = [mesh for mesh in meshes if mesh[0].see_through and mesh[0].texture is None and not mesh[0].holdout]
        out = np.zeros((scene.height, scene.width, 4), np.float32)
        box = _box([mesh for mesh in meshes if not mesh[0].holdout], fine, self.samples)
        if box is None:
            return out
        layer, fragments = _draw(fine, solid, box)
        for group in (*([mesh] for mesh in painted), clear):  # skin first, then the glass before it
            small = _box(group, fine, 1)
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


def average(layer: Layer, samples: int) -> Layer:
    """The mean of every ``samples`` × ``samples`` pixels: ``(H, W, 4)`` to ``(H / samples, W / samples, 4)``."""
    if samples == 1:
        return layer
    height, width = layer.shape[:2]
    small = cv2.resize(layer, (width // samples, height // samples), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32, copy=False)


Mesh = tuple[Part, npt.NDArray[np.float32]]


def _box(meshes: list[Mesh], scene: Scene, step: int) -> Box | None:
    """The part of the picture that meshes may touch, its edges multiples of ``step``; None where they are out of it."""
    seen = [points for _, points in meshes if len(points)]
    if not seen:
        return None
    low = np.min([points[:, :2].min(axis=0) for points in seen], axis=0)
    high = np.max([points[:, :2].max(axis=0) for points in seen], axis=0)
    first = np.maximum(np.floor(low / step) * step, 0)
    last = np.minimum((np.floor(high / step) + 1) * step, [scene.width, scene.height])
    if not (last > first).all():
        return None
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])


def _draw(scene: Scene, meshes: list[Mesh], box: Box) -> tuple[Layer, Fragments]:
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


def _pixels(vertices: npt.NDArray[np.float32], camera: Camera) -> npt.NDArray[np.float32]:
    """``(V, 3)`` pixels, and depth that grows towards the viewer and is linear in the picture."""
    points = np.array(camera.project(vertices.astype(np.float32)), np.float32)
    if isinstance(camera, PerspectiveCamera):
        points[:, 2] = 1.0 / points[:, 2]
    return points
