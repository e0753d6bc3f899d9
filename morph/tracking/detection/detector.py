"""Where the faces are: the interface of a detector, and CenterFace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from morph.arrays import Floats, Image
from morph.errors import MorphError
from morph.frames.picture import check_picture
from morph.inference.onnx_session import open_session
from morph.tracking.detection.boxes import suppress

STRIDE = 4  # picture pixels a cell of CenterFace's heat map
MULTIPLE = 32  # its input sides are multiples of this
FINE = 1280  # longer side, in pixels, of the picture in which small faces are looked for
OVERLAP = 0.3  # boxes that overlap this much are one face


@dataclass(frozen=True, eq=False)
class Detections:
    """Faces found in a picture, best first.

    Attributes:
        boxes: ``(n, 4)`` x0, y0, x1, y1 in pixels.
        scores: ``(n,)`` 0..1.
        five_points: ``(n, 5, 2)`` the eye at the left of the picture, the other eye, nose tip, the two mouth corners.

    Example:
        >>> len(Detections.none())
        0
    """

    boxes: Floats
    scores: Floats
    five_points: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: Any) -> Detections:
        return Detections(self.boxes[index], self.scores[index], self.five_points[index])

    @classmethod
    def none(cls) -> Detections:
        """No faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


class Detector(Protocol):
    """Anything that finds faces."""

    def detect(self, image: Image) -> Detections:
        """Faces in an ``(H, W, 3)`` uint8 RGB picture."""
        ...


SURE = 0.5  # score at which no larger size is tried


def default_detector() -> Path:
    """The network of the detector that ships."""
    return Path(__file__).parents[2] / "assets" / "centerface.onnx"


class CenterFaceDetector:
    """CenterFace (Xu et al. 2019, arXiv:1911.03599) in ONNX Runtime.

    The picture is scaled until its longer side is ``sizes[0]`` pixels; the next size is tried only where no face scored
    ``SURE`` or more, and only if the picture has that many pixels.

    Args:
        path: the network of ``data/detector/fetch.py``; None is the one that ships.
        threshold: least score of a face that is reported.
        sizes: longer sides, in pixels, of the pictures that the network is shown, in order.
        threads: threads of ONNX Runtime.
        device: where it runs, see :func:`morph.inference.onnx_session.open_session`.

    Example:
        >>> from morph.cli.demo import demo_files
        >>> from morph.frames import read_picture
        >>> portrait = read_picture(demo_files()[0])  # ships with morph
        >>> len(CenterFaceDetector().detect(portrait))
        1
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        threshold: float = 0.5,
        sizes: Sequence[int] = (320, 640),
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        if not 0 < threshold < 1:
            raise MorphError(f"the detector's threshold must lie between 0 and 1, got {threshold}")
        self.threshold, self.sizes = threshold, tuple(sizes)
        self.path = default_detector() if path is None else Path(path)
        self._session = open_session(self.path, threads, device)

    def detect(self, image: Image) -> Detections:
        """Faces in an ``(H, W, 3)`` uint8 RGB picture, best first.

        Raises:
            MorphError: the picture has another shape or type.
        """
        check_picture(image)
        found = self._detect_at(image, self.sizes[0])
        for size in self.sizes[1:]:
            if (len(found) and found.scores[0] >= SURE) or size > max(image.shape[:2]):
                break
            found = merge(found, self._detect_at(image, size))
        return found

    def detect_fine(self, image: Image) -> Detections:
        """Small faces in an ``(H, W, 3)`` uint8 RGB picture that :meth:`detect` may not see, for twice its pixels each way."""
        size = min(FINE, max(image.shape[:2]))
        return self._detect_at(image, size) if size > self.sizes[-1] else Detections.none()

    def _detect_at(self, image: Image, size: int) -> Detections:
        padded, scale = letterbox(image, size)
        blob = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32)
        names = ["heatmap", "scale", "offset", "points"]
        heatmap, log_size, offset, points = self._session.run(names, {"image": blob})
        found = decode(heatmap[0, 0], log_size[0], offset[0], points[0], self.threshold)
        # pixel centres of the small picture to those of the large one
        boxes = (found.boxes + 0.5) / scale - 0.5
        return Detections(boxes, found.scores, (found.five_points + 0.5) / scale - 0.5)


def merge(first: Detections, second: Detections) -> Detections:
    """Detections of both, each face once, best first."""
    boxes = np.concatenate([first.boxes, second.boxes])
    scores = np.concatenate([first.scores, second.scores])
    both = Detections(boxes, scores, np.concatenate([first.five_points, second.five_points]))
    return both[suppress(boxes, scores, OVERLAP)]


def letterbox(image: Image, size: int) -> tuple[Image, float]:
    """Scale a picture so that its longer side is ``size``, and pad it at the right and the bottom for CenterFace.

    Returns:
        The padded picture and the scale: small pixels for one large pixel.
    """
    height, width = image.shape[:2]
    scale = size / max(height, width)
    small_w, small_h = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(image, (small_w, small_h), interpolation=method)
    padded = np.zeros((-(-small_h // MULTIPLE) * MULTIPLE, -(-small_w // MULTIPLE) * MULTIPLE, 3), np.uint8)
    padded[:small_h, :small_w] = small
    return padded, scale


def decode(heatmap: Floats, log_size: Floats, offset: Floats, points: Floats, threshold: float) -> Detections:
    """Faces from CenterFace's maps: a cell above the threshold holds the log of the size, the centre's offset and points.

    Args:
        heatmap: ``(h, w)``.
        log_size: ``(2, h, w)`` log of the height and width in cells.
        offset: ``(2, h, w)`` row and column within the cell.
        points: ``(10, h, w)``, y before x, in shares of the box from its corner.
        threshold: least score.
    """
    rows, columns = np.nonzero(heatmap > threshold)
    if not len(rows):
        return Detections.none()
    scores = heatmap[rows, columns]
    cells = np.stack([columns, rows], axis=1).astype(np.float32)
    size = np.exp(log_size[::-1, rows, columns].T) * STRIDE
    centre = (cells + offset[::-1, rows, columns].T + 0.5) * STRIDE
    corner = centre - size / 2
    share = points[:, rows, columns].T.reshape(-1, 5, 2)[..., ::-1]
    five = corner[:, None] + share * size[:, None]
    boxes = np.concatenate([corner, corner + size], axis=1) - 0.5  # from pixel edges to pixel centres
    keep = suppress(boxes, scores, OVERLAP)
    return Detections(boxes[keep].astype(np.float32), scores[keep], (five[keep] - 0.5).astype(np.float32))
