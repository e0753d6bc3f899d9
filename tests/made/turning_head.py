"""A head with a pattern on its skin that turns before a pinhole, as frames and as what a tracker would say of it."""

from __future__ import annotations

import cv2
import numpy as np

from morph.crop.face_crop import box_of
from morph.frames import Frame
from morph.model import Coefficients, Decoder, Lens, MorphableModel
from morph.model.camera import fit_scaled_orthographic
from morph.model.rotation import euler_to_matrix
from morph.rendering import rasterise
from morph.rendering.rasteriser import interpolate
from morph.tracking import Face


class TurningHead:
    """``count`` frames of a head that turns by ``degrees`` in all and nods a little, ``away`` millimetres before ``lens``."""

    def __init__(self, model: MorphableModel, lens: Lens, degrees: float, away: float = 600.0, count: int = 16) -> None:
        self.model, self.lens, self.decoder = model, lens, Decoder(model)
        rng, share = np.random.default_rng(5), np.linspace(-0.5, 0.5, count)
        self.shape, self.rest = 0.5 * rng.normal(size=model.n_shape), np.zeros(model.n_expression)
        angles = np.column_stack([0.15 * degrees * np.sin(9 * share), degrees * share, 4 * np.cos(5 * share)])
        self.rotation = np.stack([euler_to_matrix(np.radians(row)) for row in angles])
        self.position = np.column_stack([20 * share, 10 * np.cos(7 * share), -away + 30 * np.sin(6 * share)])
        self.head = self.decoder(self.shape, self.rest).astype(np.float64) * model.millimetres
        self.pattern = rng.uniform(0, 255, (model.n_vertices, 1)).astype(np.float32)

    def pixels(self, row: int) -> np.ndarray:
        """``(V, 3)`` pixels and depth of the vertices in a frame."""
        eye = self.head @ self.rotation[row].T + self.position[row]
        return np.column_stack([self.lens.project(eye), eye[:, 2] * self.lens.focal / -self.position[row, 2]])

    def frame(self, row: int) -> Frame:
        """Drawn twice as large and made smaller."""
        width, height = self.lens.size
        points = self.pixels(row) * [2, 2, 1] + [0.5, 0.5, 0]
        drawn = rasterise(points, self.model.triangles, 2 * height, 2 * width)
        grey = interpolate(drawn, self.model.triangles, self.pattern)[..., 0]
        grey[~drawn.covered] = 60
        small = cv2.resize(cv2.GaussianBlur(grey, (0, 0), 1.5), (width, height), interpolation=cv2.INTER_AREA)
        return Frame(row, row / 25, np.repeat(small.astype(np.uint8)[..., None], 3, 2), "turning")

    def flat(self, row: int) -> Coefficients:
        """The scaled orthographic pose that lies best on the frame."""
        marks = self.model.landmarks
        camera = fit_scaled_orthographic(self.head[marks] / self.model.millimetres, self.pixels(row)[marks, :2])
        scale, place = np.asarray(camera.scale, np.float32), camera.translation.astype(np.float32)
        values = self.shape.astype(np.float32), self.rest.astype(np.float32), camera.rotation.astype(np.float32)
        return Coefficients(*values, scale, place)

    def face(self, row: int) -> Face:
        """What a tracker would say."""
        pose = self.flat(row)
        marks = self.decoder.project(pose)[self.model.landmarks, :2]
        return Face(row, row / 25, 0, box_of(marks), 0.9, pose, marks, self.decoder, lens=self.lens)
