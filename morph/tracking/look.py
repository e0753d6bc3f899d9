"""What the network says of one face in one frame, and whether that can be a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.model import Coefficients

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

DOUBTFUL_ERROR = 0.09  # expected landmark error, in shares of the crop, above which the detector is asked
LOST_ERROR = 0.20  # and above which there is no face
LEAST_SIDE = 8.0  # pixels; a smaller face is none
LEAST_INSIDE = 0.3  # share of a face's box that must lie in the picture


@dataclass(eq=False)
class Look:
    """What the network says of one face in one frame."""

    coefficients: Coefficients
    landmarks: Floats
    box: Floats
    error: float | None
    thumbnail: Floats

    @property
    def score(self) -> float | None:
        """0..1 from the expected error: 0.9 at 3 % of the crop, 0.5 at 9 %."""
        return None if self.error is None else 1.0 / (1.0 + (self.error / DOUBTFUL_ERROR) ** 2)


def is_possible(look: Look, image: Image) -> bool:
    """Whether there can be a face: of a sensible size, mostly in the picture, and the network does not deny it."""
    side = float((look.box[2:] - look.box[:2]).max())
    height, width = image.shape[:2]
    shown = np.clip(look.box, 0, [width, height, width, height])
    inside = (shown[2:] - shown[:2]).prod() / max((look.box[2:] - look.box[:2]).prod(), 1e-9)
    sized = LEAST_SIDE <= side <= 2 * max(height, width)  # also False where side is not a number
    return bool(sized and inside >= LEAST_INSIDE and (look.error is None or look.error <= LOST_ERROR))
