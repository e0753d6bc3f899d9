"""What a user says of the lens and of the size of the head, before the size of the picture is known."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from morph.errors import MorphError
from morph.model.space.lens import SENSOR, Lens


@dataclass(frozen=True)
class LensOptions:
    """A lens in one of three ways, or none for the default; and how large the head truly is.

    Attributes:
        focal: millimetres before ``sensor``.
        sensor: millimetres of the sensor's longer side; 36 for full-frame equivalents.
        fov: horizontal field of view in degrees.
        focal_px: focal length in pixels.
        k1: radial distortion, as OpenCV's.
        interpupillary: true distance of the person's pupils in millimetres; None: as their head in the model has it.
        scale: millimetres of what is one millimetre of the model.
        auto: the focal length is solved from a whole clip, by :func:`morph.track_folder.track_to_folder`; a tracker alone
            does not know what comes, and assumes one.
        how: in words, where the focal length comes from, where not the user said it.

    Raises:
        MorphError: a value out of its range, or two that say the same thing.

    Example:
        >>> LensOptions(focal=35.0).lens((1920, 1080)).focal.__round__(1)
        1866.7
        >>> LensOptions().lens((1920, 1080)).how
        'assumed: 50 mm of 36'
    """

    focal: float | None = None
    sensor: float = SENSOR
    fov: float | None = None
    focal_px: float | None = None
    k1: float = 0.0
    interpupillary: float | None = None
    scale: float = 1.0
    auto: bool = False
    how: str = ""

    def __post_init__(self) -> None:
        for name in ("focal", "sensor", "focal_px", "interpupillary", "scale"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise MorphError(f"`{name}=` must be above 0, got {value:g}")
        given = [name for name in ("focal", "fov", "focal_px") if getattr(self, name) is not None]
        if len(given) > 1:
            raise MorphError(f"`{given[0]}=` and `{given[1]}=` both say the focal length; give one")
        if self.auto and given:
            raise MorphError(f"`{given[0]}=` says the focal length; leave it out where it is to be solved")
        if self.sensor != SENSOR and self.focal is None:
            raise MorphError("`sensor=` goes with `focal=` in millimetres")
        if self.interpupillary is not None and self.scale != 1.0:
            raise MorphError("`interpupillary=` and `scale=` both say how large the head is; give one")
        self.lens((1, 1))

    @property
    def says_focal(self) -> bool:
        """Whether the focal length is said, and not assumed."""
        return not (self.focal is None and self.fov is None and self.focal_px is None)

    def lens(self, size: tuple[int, int]) -> Lens:
        """The lens of a picture of this width and height."""
        if self.focal is not None:
            lens = Lens.from_mm(self.focal, size, self.sensor)
        elif self.fov is not None:
            lens = Lens.from_fov(self.fov, size)
        else:
            lens = Lens.assume(size) if self.focal_px is None else Lens(self.focal_px, *size)
        return dataclasses.replace(lens, k1=self.k1, how=self.how or lens.how)
