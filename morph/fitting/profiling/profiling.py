"""Face profiling: turn a photographed face out of the picture plane with the mesh that was fitted to it.

After Zhu et al., *Face Alignment Across Large Poses: A 3D Solution*, CVPR 2016, who made 300W-LP so. What the camera saw of
the face is a sheet in space, coloured by the photograph; it turns with the head. The background is a sheet behind it that
follows the rim of the face, stays at the frame and gives way evenly in between, so that no hole opens.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Doubles, Floats, Image, Ints, Reals
from morph.crop.geometry import apply_affine, crop_similarity
from morph.errors import MorphError
from morph.fitting.profiling.profiling_fill import fill_smoothly
from morph.fitting.profiling.profiling_sheets import RIM, face_sheet, sheet_triangles
from morph.model.coefficients import Coefficients
from morph.model.decoder import Decoder, landmark_decoder
from morph.model.morphable_model import MorphableModel
from morph.model.rotation import euler_to_matrix
from morph.rendering.rasteriser import Fragments, interpolate, rasterise

SUPERSAMPLING = 2
BEHIND = 1e4  # pixels from the mesh to the face between pixels behind it, and on to the background: none hides the one before
VISIBLE = 3.0  # pixels by which a landmark may lie behind what the picture shows
FLIP = np.diag([1.0, -1.0, 1.0])  # camera to pixels: y down
PADDING = 0.2  # of the picture's side: how far the sheets go on beyond the frame, with mirrored pixels


def head_yaw(rotation: npt.ArrayLike) -> Reals:
    """Yaw in radians about the head's own vertical axis: in which direction the head sees the camera.

    Args:
        rotation: ``(..., 3, 3)`` model to camera. Sign and value of a pure yaw are those of
            :func:`morph.model.rotation.euler_to_matrix`; it runs on beyond a right angle.
    """
    r = np.asarray(rotation)
    return np.asarray(np.arctan2(r[..., 2, 0], r[..., 2, 2]))


def turn_head(rotation: npt.ArrayLike, angle: npt.ArrayLike) -> Reals:
    """``(..., 3, 3)`` rotations after the head turned about its own vertical axis; ``head_yaw`` grows by ``angle`` radians."""
    angle = np.asarray(angle, np.float64)
    zero = np.zeros_like(angle)
    return np.asarray(rotation, np.float64) @ euler_to_matrix(np.stack([zero, angle, zero], axis=-1))


@dataclass(frozen=True, eq=False)
class ProfiledFace:
    """A turned face.

    Attributes:
        image: ``(size, size, 3)`` uint8 RGB, cropped by the 68 points.
        coefficients: the given shape and expression, with the pose in ``image``.
        landmarks: ``(68, 2)`` pixels of ``image``, decoded from the coefficients.
        visibility: ``(68,)`` bool: not behind the face itself.
    """

    image: Image
    coefficients: Coefficients
    landmarks: Reals
    visibility: Bools


class Profiler:
    """Turns faces whose coefficients are known.

    Args:
        model: of the coefficients. Of a whole head the neck and the back of the skull take no part.

    Attributes:
        triangles: ``(F, 3)`` of that front.
        ears: depth in the model's frame in front of which a face counts as face on its far side, too; behind it is the far
            ear, which a head hides but a mask of its front does not.
        sides: of a head that turns its right (-1) or left (1) side to the camera, the triangles that can be seen.
    """

    def __init__(self, model: MorphableModel) -> None:
        vertices, index = np.unique(front_triangles(model), return_inverse=True)
        self.triangles = index.reshape(-1, 3).astype(np.int32)
        ends = model.mean[model.landmarks[[0, 16]]]
        self.ears = float(ends[:, 2].mean() + 0.15 * abs(ends[1, 0] - ends[0, 0]))
        x, _, z = model.mean[vertices].T
        self.sides = {side: self.triangles[~((side * x < 0) & (z < self.ears))[self.triangles].any(1)] for side in (-1, 1)}
        self._mesh, self._landmarks = Decoder(model, vertices), landmark_decoder(model)

    def view(self, image: Image, coefficients: Coefficients) -> PhotographedFace:
        """What a photograph shows of its face, to be turned as often as one likes.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            coefficients: of one face, pose in the picture's pixels.

        Raises:
            MorphError: another kind of picture, a batch, or a face that lies outside the picture.
        """
        image = np.asarray(image)
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise MorphError(f"a photograph must be (H, W, 3) uint8, got {image.shape} {image.dtype}")
        if coefficients.shape.ndim != 1:
            raise MorphError(f"one face at a time, got coefficients of shape {coefficients.shape.shape}")
        numbers = (getattr(coefficients, spec.name) for spec in dataclasses.fields(coefficients))
        if not all(np.isfinite(value).all() for value in numbers) or not coefficients.scale > 0:
            raise MorphError("its coefficients are not finite, or its scale is not positive")
        head = self._mesh(coefficients.shape, coefficients.expression)
        marks = self._landmarks(coefficients.shape, coefficients.expression)
        return PhotographedFace(image, coefficients, head, marks, self)


class PhotographedFace:
    """The sheets of one photograph; made by :meth:`Profiler.view`.

    Args:
        image, coefficients: as there.
        head: ``(V, 3)`` vertices in the model's frame.
        marks: ``(68, 3)`` landmarks, there too.
        profiler: that made it.
    """

    def __init__(
        self,
        image: Image,
        coefficients: Coefficients,
        head: Floats,
        marks: Floats,
        profiler: Profiler,
    ) -> None:
        self.image, self.coefficients, self._marks, self._profiler = image, coefficients, marks, profiler
        height, width = image.shape[:2]
        pad = max(int(PADDING * max(height, width)), 2)
        shift = np.append(coefficients.translation, 0).astype(np.float32)
        mesh = head @ _model_to_pixels(coefficients).T.astype(np.float32) + shift
        seen = rasterise(mesh + np.array([pad, pad, 0], np.float32), profiler.triangles, height + 2 * pad, width + 2 * pad)
        self._face, depth = face_sheet(seen)
        if not self._face[pad:-pad, pad:-pad].any():
            raise MorphError("its coefficients put the face outside the picture")
        self._inside = np.nonzero(self._face)
        self._grid = np.mgrid[-pad : width + pad, -pad : height + pad].T.astype(np.float32)
        self._sheet = np.column_stack([self._grid[self._face], depth[self._face]])
        self._mesh = mesh
        grid = self._grid.reshape(-1, 2)
        self._pixels = np.concatenate([grid, grid, mesh[:, :2]])  # where each point of the sheets has its colour
        self._sides: dict[int, Ints] = {}

    def _triangles(self, side: int) -> Ints:
        """Triangles of all layers for a head that turns one side to the camera."""
        if side not in self._sides:
            inside = np.linalg.inv(_model_to_pixels(self.coefficients))
            x, _, z = ((self._sheet - np.append(self.coefficients.translation, 0)) @ inside.T).T
            face = self._face.copy()
            face[self._face] = (side * x >= 0) | (z >= self._profiler.ears)
            self._sides[side] = np.concatenate([sheet_triangles(face), self._profiler.sides[side] + np.int32(2 * face.size)])
        return self._sides[side]

    def turn(self, angle: float, size: int, margin: float = 1.0) -> ProfiledFace:
        """Turn the head about its own vertical axis.

        Args:
            angle: radians, added to the yaw; away from the camera if what was hidden is to stay hidden.
            size: side of the picture in pixels.
            margin: the picture's side over that of the published crop (sqrt(2) x the longer side of the points' box).
        """
        c = self.coefficients
        turned = dataclasses.replace(c, rotation=turn_head(c.rotation, angle))
        crop = crop_similarity(turned.camera.project(self._marks)[:, :2], size, zoom=margin)
        turned = turned.transform(crop)
        matrix, shift = _pixels_to_pixels(c, turned)
        large = size * SUPERSAMPLING
        scale, middle = np.array([SUPERSAMPLING, SUPERSAMPLING, 1], np.float32), (SUPERSAMPLING - 1) / 2
        matrix, shift = matrix * scale, shift * scale + np.array([middle, middle, 0], np.float32)
        where = np.concatenate([self._place(self._sheet @ matrix + shift, large), self._mesh @ matrix + shift])
        triangles = self._triangles(1 if head_yaw(turned.rotation) > 0 else -1)
        fragments = rasterise(where, triangles, large, large)
        source = interpolate(fragments, triangles, self._pixels)
        drawn = cv2.remap(self.image, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)  # type: ignore[call-overload]
        image = cv2.resize(drawn, (size, size), interpolation=cv2.INTER_AREA)
        marks = turned.camera.project(self._marks)
        return ProfiledFace(image, turned, marks[:, :2], _visible_points(marks, fragments))  # type: ignore[arg-type]

    def _place(self, front: Floats, size: int) -> Floats:
        """``(2 N, 3)`` pixels and depth of the padded photograph's N pixels: first as background, then as face.

        The background ends where the frame is, follows the face at its rim and is smooth in between.
        """
        height, width = self.image.shape[:2]
        frame = np.array([[size / width, 0, (size / width - 1) / 2], [0, size / height, (size / height - 1) / 2]], np.float32)
        still = apply_affine(frame, self._grid)
        moved = np.zeros((*self._face.shape, 3), np.float32)
        rows, columns = self._inside
        front[:, :2] -= still[rows, columns]
        moved[rows, columns] = front
        known = self._face.copy()
        for edge in (known[0], known[-1], known[:, 0], known[:, -1]):
            edge[:] = True
        fill_smoothly(moved, known)
        moved[..., :2] += still
        sheet, behind = moved.reshape(-1, 3), np.array([0, 0, BEHIND], np.float32)
        return np.concatenate([sheet - 2 * behind, sheet - behind])


def _model_to_pixels(c: Coefficients) -> Doubles:
    """``(3, 3)``: a point of the model to pixels and depth, but for the translation."""
    return c.scale * FLIP @ c.rotation.astype(np.float64)  # type: ignore[return-value]


def _pixels_to_pixels(old: Coefficients, new: Coefficients) -> tuple[Floats, Floats]:
    """``matrix (3, 3)``, ``shift (3,)``: pixels and depth of one pose to those of another, ``p @ matrix + shift``."""
    matrix = _model_to_pixels(new) @ np.linalg.inv(_model_to_pixels(old))
    shift = np.append(new.translation, 0.0) - matrix @ np.append(old.translation, 0.0)
    return matrix.T.astype(np.float32), shift.astype(np.float32)


def front_triangles(model: MorphableModel) -> Ints:
    """``(F', 3)`` triangles of a head without its neck and, where the model has it, the back of the skull."""
    points = model.mean[model.landmarks]
    width, height = abs(points[16, 0] - points[0, 0]), points[[19, 24], 1].mean() - points[8, 1]
    inside = (model.mean[:, 1] > points[8, 1] - 0.15 * height) & (model.mean[:, 2] > points[[0, 16], 2].mean() - 0.45 * width)
    return np.asarray(model.triangles[inside[model.triangles].all(axis=1)])


def _visible_points(marks: Reals, fragments: Fragments) -> Bools:
    """Landmarks that lie in the picture and not more than a few pixels behind what it shows there."""
    height, width = fragments.depth.shape
    x, y = ((marks[:, i] + 0.5) * SUPERSAMPLING - 0.5 for i in (0, 1))
    inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    column, row = np.clip(x.round(), 0, width - 1).astype(int), np.clip(y.round(), 0, height - 1).astype(int)
    nearest = cv2.erode(fragments.depth, RIM)[row, column]
    return np.asarray(inside & (marks[:, 2] > nearest - VISIBLE))
