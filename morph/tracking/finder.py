"""Where faces begin: detections in a picture, and a first look at each."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from morph.crop.face_crop import points_box
from morph.crop.roll import first_turn
from morph.inference.face_reader import FaceReader, Look, is_possible
from morph.stopwatch import Stopwatch
from morph.tracking.detection.detector import Detections, Detector
from morph.tracking.detection.rotated_detection import detect_turned, quarter_of, settle

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

START_SCORE = 0.5  # least score of a detection that begins a track


class FaceFinder:
    """Finds faces with a detector and looks at them for the first time.

    Args:
        detector: anything with ``detect``.
        reader: looks at faces.
        patience: while no face is known, pictures between two searches for heads that do not stand upright.
    """

    def __init__(self, detector: Detector, reader: FaceReader, patience: int) -> None:
        self.detector, self.reader, self.patience = detector, reader, patience
        self.forget()

    def forget(self) -> None:
        """What comes next is another picture."""
        self._since_turned = self.patience

    def detect(self, image: Image, turns: Sequence[float], stopwatch: Stopwatch) -> Detections:
        """Ask the detector, also about the picture turned as heads that lie on their side or upside down need it.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            turns: of the faces that are followed, radians.
            stopwatch: times the looks that settle doubts.
        """
        self._since_turned += 1
        quarters = {quarter_of(turn) for turn in turns}
        found = detect_turned(self.detector, image, sorted({0, *quarters}))
        if turns or (len(found) and found.scores[0] >= START_SCORE) or self._since_turned < self.patience:
            return found
        self._since_turned = 0
        errors = functools.partial(self._errors, image, stopwatch)
        fine = getattr(self.detector, "detect_fine", None)
        found = found if fine is None else settle(found, fine(image), errors)
        return settle(found, detect_turned(self.detector, image, (1, 2, 3)), errors)

    def look(self, image: Image, detections: Detections, stopwatch: Stopwatch) -> list[Look]:
        """Look where the detector saw faces; what counts is the look at the crop that the first look asks for.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            detections: found in it.
            stopwatch: times the looks.
        """
        turns = [first_turn(points) for points in detections.five_points]
        boxes = [points_box(box, turn) for box, turn in zip(detections.boxes, turns, strict=True)]
        first = self.reader.look_once([image] * len(boxes), boxes, turns, stopwatch)
        crops = [
            look.next_crop() if is_possible(look, image) else (box, turn)
            for look, box, turn in zip(first, boxes, turns, strict=True)
        ]
        images = [image] * len(crops)
        return self.reader(images, [box for box, _ in crops], [turn for _, turn in crops], stopwatch)

    def _errors(self, image: Image, stopwatch: Stopwatch, detections: Detections) -> Floats:
        """``(n,)`` the landmark errors that the network expects where faces were found."""
        turns = [first_turn(points) for points in detections.five_points]
        boxes = [points_box(box, turn) for box, turn in zip(detections.boxes, turns, strict=True)]
        looks = self.reader.look_once([image] * len(boxes), boxes, turns, stopwatch)
        return np.array([np.inf if look.error is None or not is_possible(look, image) else look.error for look in looks])
