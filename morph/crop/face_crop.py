"""From picture to crop: the square that a network was trained on, and the way back.

The rule "box68-sqrt2": a square about the box of the 68 points, same centre, side sqrt(2) times the longer side of the
box, resized to the network's input. Pixels are 0-based at their centres on both sides. A crop may be turned, so that a head
that lies on its side stands upright in it; its box is then one of the picture turned about pixel (0, 0).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles, Image, Reals
from morph.crop.geometry import compose, crop_similarity

# Box of a detector (CenterFace) to the box of the 68 points, in shares of the root of the detector's box area. Medians
# over the 577 faces of 1500 random MERL-RAV crops, padded with 60 black pixels, that have all 68 points in view; 643 renders
# at all angles give 0.105 and 0.906. Half of all boxes are within 3 %; the network's second look takes out what is left.
POINTS_LEFT_OF_BOX = 0.0
POINTS_BELOW_BOX = 0.105
POINTS_OVER_BOX = 0.92


def points_box(detection: npt.ArrayLike, turn: float = 0.0) -> Reals:
    """The box ``(4,)`` of the 68 points that a detector's box ``(4,)`` leads to expect in the picture turned by ``turn``."""
    x0, y0, x1, y1 = np.asarray(detection, np.float64)
    size = np.sqrt(max(x1 - x0, 1.0) * max(y1 - y0, 1.0))
    (middle,) = turned(np.array([[(x0 + x1) / 2, (y0 + y1) / 2]]), turn)
    centre = middle + np.array([POINTS_LEFT_OF_BOX, POINTS_BELOW_BOX]) * size
    half = POINTS_OVER_BOX * size / 2
    return np.concatenate([centre - half, centre + half])


def box_of(points: Reals) -> Reals:
    """``(4,)`` x0, y0, x1, y1 of ``(n, 2)`` points."""
    return np.concatenate([points.min(0), points.max(0)]).astype(np.float64)


def turned(points: Reals, turn: float) -> Reals:
    """``(n, 2)`` pixels after the picture is turned about pixel (0, 0): ``turn`` radians, clockwise as one looks at it."""
    c, s = np.cos(turn), np.sin(turn)
    return points @ np.array([[c, s], [-s, c]]) if turn else points


def crop_of_box(box: npt.ArrayLike, size: int, turn: float = 0.0) -> Doubles:
    """``(2, 3)`` picture pixels to pixels of the ``size`` square crop of the box ``(4,)`` of 68 points.

    Args:
        box: in the picture turned by ``turn``, see :func:`turned`.
        size: side of the crop.
        turn: radians by which the picture is turned clockwise in the crop.
    """
    upright = crop_similarity(np.asarray(box, np.float64).reshape(2, 2), size)
    if not turn:
        return upright
    c, s = np.cos(turn), np.sin(turn)
    return compose(upright, np.array([[c, -s, 0.0], [s, c, 0.0]]))


def inverse(similarity: Reals) -> Doubles:
    """The way back of a ``(2, 3)`` affine."""
    return cv2.invertAffineTransform(np.asarray(similarity, np.float64))  # type: ignore[return-value]


def cut(image: Image, similarity: Doubles, size: int, border: int = cv2.BORDER_CONSTANT) -> Image:
    """The ``size`` square crop of a picture; only the part under the crop is touched.

    Where the crop is at most half as fine as the picture, whole blocks of pixels are averaged first. Training, benchmarks and
    tracking all cut their crops here, so that a network is shown what it learned from.

    Args:
        image: ``(H, W, 3)`` uint8.
        similarity: ``(2, 3)`` picture to crop.
        size: side of the crop.
        border: what lies beyond the picture, as OpenCV names it: black, or in training also the picture's last pixels.
    """
    shrink = int(1.0 / np.sqrt(abs(np.linalg.det(similarity[:, :2]))))
    if shrink >= 2:
        corners = np.array([[-0.5, -0.5, 1], [size - 0.5, -0.5, 1], [-0.5, size - 0.5, 1], [size - 0.5, size - 0.5, 1]])
        reach = corners @ inverse(similarity).T
        low = np.maximum(np.floor(reach.min(0)).astype(int) - 2 * shrink, 0)
        high = np.minimum(np.ceil(reach.max(0)).astype(int) + 2 * shrink, [image.shape[1], image.shape[0]])
        blocks = (high - low) // shrink
        if (blocks > 0).all():
            high = low + blocks * shrink
            part = image[low[1] : high[1], low[0] : high[0]]
            image = cv2.resize(part, (int(blocks[0]), int(blocks[1])), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
            offset = (shrink - 1) / 2  # centre of the first block
            similarity = compose(similarity, np.array([[shrink, 0, low[0] + offset], [0, shrink, low[1] + offset]]))
    return cv2.warpAffine(image, similarity, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)  # type: ignore[return-value]
