"""Draws scenes on the CPU with nothing but NumPy and Numba."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.model.camera import PerspectiveCamera
from morph.rendering import Fragments, interpolate, rasterise
from viewer.scene import Camera, Part, Scene

Layer = npt.NDArray[np.float32]


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
        solid = [part for part in fine.parts if not part.see_through]
        clear = [part for part in fine.parts if part.see_through and not part.holdout]
        layer, fragments = _draw(fine, solid)
        if clear:
            above, nearest = _draw(fine, clear)
            above[nearest.depth <= fragments.depth] = 0.0
            layer = above + layer * (1.0 - above[..., 3:])
        return average(layer, self.samples)

    def close(self) -> None:
        """Nothing to free."""


def average(layer: Layer, samples: int) -> Layer:
    """The mean of every ``samples`` × ``samples`` pixels: ``(H, W, 4)`` to ``(H / samples, W / samples, 4)``."""
    if samples == 1:
        return layer
    height, width = layer.shape[:2]
    return cv2.resize(layer, (width // samples, height // samples), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _draw(scene: Scene, parts: list[Part]) -> tuple[Layer, Fragments]:
    points, triangles, first = [np.zeros((0, 3), np.float32)], [np.zeros((0, 3), np.int32)], 0
    colours = [np.zeros((0, 4), np.float32)]
    for part in parts:
        points.append(_pixels(part.vertices, scene.camera))
        triangles.append(part.triangles + first)
        colours.append(scene.colours(part))
        first += len(part.vertices)
    all_triangles = np.concatenate(triangles).astype(np.int32)
    fragments = rasterise(np.concatenate(points), all_triangles, scene.height, scene.width)
    return interpolate(fragments, all_triangles, np.concatenate(colours)), fragments


def _pixels(vertices: npt.NDArray[np.float32], camera: Camera) -> npt.NDArray[np.float32]:
    """``(V, 3)`` pixels, and depth that grows towards the viewer and is linear in the picture."""
    points = np.array(camera.project(vertices.astype(np.float32)), np.float32)
    if isinstance(camera, PerspectiveCamera):
        points[:, 2] = 1.0 / points[:, 2]
    return points
