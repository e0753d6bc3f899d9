"""Cameras: model frame to pixels and back. Pixels are 0-based at their centres, x right and y down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.arrays import Reals
from morph.errors import MorphError
from morph.model.rotation import euler_to_matrix, matrix_to_euler


def _floats(name: str, array: npt.ArrayLike, width: int) -> Reals:
    """``(..., N, width)`` numbers as floats of their own precision; whole numbers become float64."""
    array = np.asarray(array)
    if array.ndim < 2 or array.shape[-1] != width:
        raise MorphError(f"{name} must have shape (..., N, {width}), got {array.shape}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


@dataclass(frozen=True)
class ScaledOrthographicCamera:
    """Scaled orthographic projection, as 300W-LP uses it: ``x = f (R v)_x + tx``, ``y = ty - f (R v)_y``.

    Attributes:
        rotation: ``(..., 3, 3)`` model to camera.
        scale: ``(...)`` pixels for one unit of the model.
        translation: ``(..., 2)`` pixel of the model's origin.

    Example:
        >>> camera = ScaledOrthographicCamera(np.eye(3), 2.0, np.array([100.0, 80.0]))  # 2 pixels a millimetre
        >>> camera.project([[10.0, 5.0, 1.0]])
        array([[120.,  70.,   2.]])
    """

    rotation: Reals
    scale: Reals
    translation: Reals

    def project(self, points: npt.ArrayLike) -> Reals:
        """``(..., N, 3)`` model points to ``(..., N, 3)`` pixels; the third column is depth in pixels, larger is nearer."""
        points = _floats("points", points, 3)
        scale = np.asarray(self.scale)[..., None, None]
        flip = np.array([1.0, -1.0, 1.0], points.dtype)
        camera = np.einsum("...ij,...nj->...ni", np.asarray(self.rotation, points.dtype), points)
        out = camera * (scale * flip).astype(points.dtype)
        out[..., :2] += np.asarray(self.translation, points.dtype)[..., None, :]
        return np.asarray(out)

    def unproject(self, pixels: npt.ArrayLike) -> Reals:
        """The inverse of :meth:`project`: ``(..., N, 3)`` pixels with depth to model points."""
        pixels = _floats("pixels", pixels, 3)
        translation = np.asarray(self.translation)
        origin = np.concatenate([translation, np.zeros_like(translation[..., :1])], axis=-1)
        camera = (pixels - origin[..., None, :]) / (np.asarray(self.scale)[..., None, None] * np.array([1.0, -1.0, 1.0]))
        return np.asarray(np.einsum("...ji,...nj->...ni", np.asarray(self.rotation), camera))

    @classmethod
    def from_300w_lp(cls, pose: npt.ArrayLike, height: float | npt.ArrayLike) -> ScaledOrthographicCamera:
        """``Pose_Para`` ``(..., 7)`` = pitch, yaw, roll, tx, ty, tz, f of a picture ``height`` pixels high.

        300W-LP counts pixels from 1 with y up; here they count from 0 with y down. tz does not change the picture.
        """
        pose = np.asarray(pose, dtype=np.float64)
        if pose.shape[-1:] != (7,):
            raise MorphError(f"Pose_Para must have shape (..., 7), got {pose.shape}")
        translation = np.stack([pose[..., 3] - 1.0, np.asarray(height) - pose[..., 4]], axis=-1)
        return cls(euler_to_matrix(pose[..., :3]), pose[..., 6], translation)

    def to_300w_lp(self, height: float | npt.ArrayLike) -> Reals:
        """``(..., 7)`` Pose_Para, the inverse of :meth:`from_300w_lp` with tz = 0."""
        euler = matrix_to_euler(self.rotation)
        t = np.asarray(self.translation)
        rest = [t[..., 0] + 1.0, np.asarray(height) - t[..., 1], np.zeros_like(t[..., 0]), np.asarray(self.scale)]
        return np.concatenate([euler, np.stack(rest, axis=-1)], axis=-1)


@dataclass(frozen=True)
class PerspectiveCamera:
    """Pinhole camera that looks along -z of its own frame: ``x = cx + F X / -Z``, ``y = cy - F Y / -Z``.

    Attributes:
        rotation: ``(..., 3, 3)`` model to camera.
        position: ``(..., 3)`` the model's origin in the camera frame (unit of the model; z is negative in front).
        focal: ``(...)`` focal length in pixels.
        centre: ``(..., 2)`` principal point in pixels.

    Example:
        >>> camera = PerspectiveCamera(np.eye(3), np.array([0.0, 0.0, -500.0]), 1000.0, np.array([320.0, 240.0]))  # 50 cm away
        >>> camera.project([[10.0, 0.0, 0.0]])
        array([[340., 240., 500.]])
    """

    rotation: Reals
    position: Reals
    focal: Reals
    centre: Reals

    def project(self, points: npt.ArrayLike) -> Reals:
        """``(..., N, 3)`` model points to ``(..., N, 3)``: x, y in pixels and distance along the view (model's unit).

        Raises:
            MorphError: a point lies behind the camera.
        """
        points = _floats("points", points, 3)
        camera = np.einsum("...ij,...nj->...ni", np.asarray(self.rotation), points) + np.asarray(self.position)[..., None, :]
        distance = -camera[..., 2]
        if distance.size and distance.min() <= 0:
            raise MorphError("a point lies behind the camera; move the model to negative z of the camera frame")
        focal, centre = np.asarray(self.focal)[..., None], np.asarray(self.centre)
        x = centre[..., 0:1] + focal * camera[..., 0] / distance
        y = centre[..., 1:2] - focal * camera[..., 1] / distance
        return np.stack([x, y, distance], axis=-1)

    def unproject(self, pixels: npt.ArrayLike) -> Reals:
        """The inverse of :meth:`project`."""
        pixels = _floats("pixels", pixels, 3)
        focal, centre = np.asarray(self.focal)[..., None], np.asarray(self.centre)
        distance = pixels[..., 2]
        x = (pixels[..., 0] - centre[..., 0:1]) * distance / focal
        y = -(pixels[..., 1] - centre[..., 1:2]) * distance / focal
        camera = np.stack([x, y, -distance], axis=-1) - np.asarray(self.position)[..., None, :]
        return np.asarray(np.einsum("...ji,...nj->...ni", np.asarray(self.rotation), camera))


def fit_scaled_orthographic(
    points: npt.ArrayLike, pixels: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> ScaledOrthographicCamera:
    """The camera that best brings model points onto pixels: weighted affine least squares, then the nearest rotation.

    Args:
        points: ``(..., N, 3)`` model points, not all in one plane.
        pixels: ``(..., N, 2)``.
        weights: ``(..., N)``, none negative and not all zero.

    Raises:
        MorphError: arrays of other shapes, or weights that are negative or all zero.

    Example:
        >>> points = np.array([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 10.0]])
        >>> camera = fit_scaled_orthographic(points, [[50.0, 50.0], [70.0, 50.0], [50.0, 30.0], [50.0, 50.0]])
        >>> float(camera.scale.round(3)), camera.translation.round(3)
        (2.0, array([50., 50.]))
    """
    x, p = _floats("points", points, 3).astype(np.float64), _floats("pixels", pixels, 2).astype(np.float64)
    if x.shape[-2] != p.shape[-2]:
        raise MorphError(f"{x.shape[-2]} points but {p.shape[-2]} pixels; give one pixel for each point")
    w = np.ones(p.shape[:-1]) if weights is None else np.broadcast_to(np.asarray(weights, np.float64), p.shape[:-1])
    total = w.sum(-1, keepdims=True)
    if (w < 0).any() or not (total > 0).all():
        raise MorphError("weights must not be negative, nor all zero for a face")
    w = w / total
    mean_x, mean_p = np.einsum("...n,...ni->...i", w, x), np.einsum("...n,...ni->...i", w, p)
    dx = x - mean_x[..., None, :]
    dp = (p - mean_p[..., None, :]) * np.array([1.0, -1.0])
    gram = np.einsum("...n,...ni,...nj->...ij", w, dx, dx)
    ridge = 1e-9 * np.trace(gram, axis1=-2, axis2=-1)[..., None, None] * np.eye(3)
    affine = np.swapaxes(np.linalg.solve(gram + ridge, np.einsum("...n,...ni,...nj->...ij", w, dx, dp)), -1, -2)
    u, _, vh = np.linalg.svd(affine, full_matrices=False)
    rows = u @ vh
    rotation = np.concatenate([rows, np.cross(rows[..., 0, :], rows[..., 1, :])[..., None, :]], axis=-2)
    turned = np.einsum("...ij,...nj->...ni", rows, dx)
    scale = np.einsum("...n,...ni,...ni->...", w, turned, dp) / np.einsum("...n,...ni,...ni->...", w, turned, turned)
    offset = np.einsum("...ij,...j->...i", rows, mean_x) * scale[..., None] * np.array([1.0, -1.0])
    return ScaledOrthographicCamera(rotation, scale, mean_p - offset)
