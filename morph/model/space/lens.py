"""Lenses: which ray of the camera each pixel is.

The camera's frame is the one of :class:`morph.model.PerspectiveCamera`: millimetres, x right, y up, z to the viewer, so that
what is seen lies at negative z. Pixels are 0-based at their centres, x right and y down.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles
from morph.errors import MorphError

SENSOR = 36.0  # millimetres of the longer side of a full frame
ASSUMED = 50.0  # millimetres before it: near the middle (45, in ratios) of 24 to 85, and what Blender's cameras begin with
ROUNDS = 8  # of taking distortion out


@dataclass(frozen=True)
class Lens:
    """A pinhole with a little radial distortion.

    ``x_pixel = cx + F X / -Z (1 + k1 r^2)``, ``y_pixel = cy - F Y / -Z (1 + k1 r^2)`` with ``r^2 = (X^2 + Y^2) / Z^2``.

    Attributes:
        focal: F, focal length in pixels.
        width, height: of the picture in pixels.
        principal: cx, cy: pixel of the axis; None is the middle of the picture.
        k1: radial distortion, as OpenCV's; negative bends straight lines outwards.
        assumed: nobody said it: the default.
        how: in words, where it comes from.

    Example:
        >>> lens = Lens.from_mm(50.0, (1920, 1080))
        >>> round(lens.focal, 2), lens.principal
        (2666.67, (959.5, 539.5))
        >>> lens.project([[30.0, 60.0, -600.0]]).round(2)  # 3 cm to the right, 6 cm up, 60 cm away
        array([[1092.83,  272.83]])
    """

    focal: float
    width: int
    height: int
    principal: tuple[float, float] | None = None
    k1: float = 0.0
    assumed: bool = False
    how: str = "given in pixels"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.focal) and self.focal > 0):
            raise MorphError(f"a focal length must be above 0, got {self.focal:g}")
        if self.width < 1 or self.height < 1:
            raise MorphError(f"a picture must have pixels, got {self.width}x{self.height}")
        if not -1.0 < self.k1 < 1.0:
            raise MorphError(f"k1 must lie between -1 and 1, got {self.k1:g}")
        if self.principal is None:
            object.__setattr__(self, "principal", ((self.width - 1) / 2, (self.height - 1) / 2))

    @classmethod
    def from_mm(cls, focal: float, size: tuple[int, int], sensor: float = SENSOR) -> Lens:
        """Of a focal length in millimetres before a sensor whose longer side has ``sensor`` millimetres.

        Args:
            focal: millimetres.
            size: width and height of the picture in pixels; its longer side is the sensor's.
            sensor: millimetres; 36 makes ``focal`` the full-frame equivalent.
        """
        return cls(focal / sensor * max(size), *size, how=f"{focal:g} mm of {sensor:g}")

    @classmethod
    def from_fov(cls, degrees: float, size: tuple[int, int]) -> Lens:
        """Of the horizontal field of view in degrees.

        Raises:
            MorphError: not between 0 and 180.
        """
        if not 0.0 < degrees < 180.0:
            raise MorphError(f"a field of view must lie between 0 and 180 degrees, got {degrees:g}")
        return cls(size[0] / 2 / math.tan(math.radians(degrees) / 2), *size, how=f"{degrees:g} degrees wide")

    @classmethod
    def assume(cls, size: tuple[int, int]) -> Lens:
        """The lens where nobody says it: 50 mm before a full frame."""
        lens = cls.from_mm(ASSUMED, size)
        return dataclasses.replace(lens, assumed=True, how=f"assumed: {lens.how}")

    @property
    def centre(self) -> Doubles:
        """``(2,)`` the principal point."""
        return np.asarray(self.principal, np.float64)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.width, self.height

    @property
    def mm(self) -> float:
        """The full-frame equivalent in millimetres."""
        return self.focal * SENSOR / max(self.size)

    @property
    def fov(self) -> float:
        """Horizontal field of view in degrees, without distortion."""
        return math.degrees(2 * math.atan(self.width / 2 / self.focal))

    def project(self, points: npt.ArrayLike) -> Doubles:
        """Points ``(..., 3)`` of the camera's frame to pixels ``(..., 2)``.

        Raises:
            MorphError: a point is not before the camera.
        """
        points = np.asarray(points, np.float64)
        if (points[..., 2] >= 0).any():
            raise MorphError("a point lies behind the camera; what it sees has negative z")
        flat = points[..., :2] / -points[..., 2:]
        flat = flat * (1 + self.k1 * (flat**2).sum(-1, keepdims=True))
        return np.asarray(self.centre + self.focal * flat * np.array([1.0, -1.0]))

    def unproject(self, pixels: npt.ArrayLike, distance: npt.ArrayLike) -> Doubles:
        """Pixels ``(..., 2)`` at ``(...)`` millimetres along the axis to points ``(..., 3)`` of the camera's frame."""
        away = np.asarray(distance, np.float64)[..., None]
        flat = (self.straightened(pixels) - self.centre) / self.focal * np.array([1.0, -1.0])
        return np.concatenate([flat * away, np.broadcast_to(-away, (*flat.shape[:-1], 1))], -1)

    def straightened(self, pixels: npt.ArrayLike) -> Doubles:
        """Where pixels ``(..., 2)`` would be without distortion."""
        pixels = np.asarray(pixels, np.float64)
        if not self.k1:
            return pixels
        bent = (pixels - self.centre) / self.focal
        flat = bent
        for _ in range(ROUNDS):
            flat = bent / (1 + self.k1 * (flat**2).sum(-1, keepdims=True))
        return np.asarray(self.centre + self.focal * flat)

    def as_json(self) -> dict[str, Any]:
        """Plain values: what a summary says of the camera."""
        return {
            "focal_px": round(self.focal, 4),
            "focal_mm_full_frame": round(self.mm, 3),
            "horizontal_fov_degrees": round(self.fov, 3),
            "principal_px": [round(float(value), 4) for value in self.centre],
            "k1": self.k1,
            "lens": self.how,
            "assumed": self.assumed,
        }
