"""One face that is followed, from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from morph.inference.appearance import tone
from morph.inference.face_reader import Look
from morph.model import Coefficients, Decoder
from morph.tracking.association import Appearance, Motion
from morph.tracking.detection.boxes import overlap, overlap_of
from morph.tracking.smoothing.face_smoother import FaceSmoother, SmoothingConfig

Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8]

TWICE = 0.5  # two tracks that overlap this much are one face
JUMP = 0.5  # a face that was found again and overlaps its last box less than this has not moved there, but jumped


@dataclass(eq=False)
class FaceTrack:
    """What is known of one person.

    Attributes:
        id: number of the person.
        look: what the network said of the last frame.
        detection_score: of the detector, when it was last asked.
        time: seconds of the last frame in which the face was seen.
        smoother: its filters.
        motion: where it was going.
        appearance: what it looks like.
        box: from which the next crop is cut, in the picture turned by ``turn``.
        coefficients: smoothed.
        landmarks: ``(68, 2)`` pixels of the smoothed face.
        turn: radians by which the next crop turns the picture clockwise.
        was_cut: it was lost where the scene changed.
        unconfirmed: runs of the detector, in a crowd, that did not see it.
        shape: as the identity network read it.
        shape_age: frames since then.
    """

    id: int
    look: Look
    detection_score: float
    time: float
    smoother: FaceSmoother
    motion: Motion
    appearance: Appearance
    box: Floats
    coefficients: Coefficients
    landmarks: Floats
    turn: float = 0.0
    was_cut: bool = False
    unconfirmed: int = 0
    shape: Floats | None = None
    shape_age: int = 0

    @property
    def score(self) -> float:
        """How sure the network is, 0..1, or the detector where the network does not say."""
        return float(self.detection_score if self.look.score is None else self.look.score)

    def follow(self, look: Look, time: float, image: Image, smoothing: SmoothingConfig | None, landmarks: Decoder) -> None:
        """Take in what was seen of the face, smoothed.

        Args:
            look: of this frame.
            time: seconds.
            image: ``(H, W, 3)`` uint8 RGB.
            smoothing: None smooths nothing.
            landmarks: decodes the 68 landmarks.
        """
        if overlap_of(look.box, self.look.box) < JUMP:
            self.smoother.restart()
            self.motion.restart(look.box, time)
        self.motion.see(look.box, time)
        self.look, self.time = look, time
        if look.identified:
            self.shape, self.shape_age = look.coefficients.shape, 0
        self.shape_age += 1
        self.coefficients, self.landmarks = look.coefficients, look.landmarks
        self.box, self.turn = look.next_crop()
        if smoothing is None:
            return
        self.box = self.smoother.box(self.box, time, self.turn)
        if smoothing.online:
            side = float((look.box[2:] - look.box[:2]).max())
            self.coefficients = self.smoother.coefficients(look.coefficients, time, side, self.score, image)
            self.landmarks = landmarks.project(self.coefficients)[..., :2]


def appearance_of(look: Look) -> Appearance:
    """What is seen of a person in one look; the shape only where the identity network read it."""
    return Appearance(tone(look.small), look.coefficients.shape if look.identified else None)


def without_twins(tracks: Sequence[FaceTrack]) -> list[FaceTrack]:
    """Of two tracks on one face that which looks like it, or else the older one.

    Args:
        tracks: all that are followed.

    Returns:
        Those that stay.
    """
    boxes = np.array([track.look.box for track in tracks]).reshape(-1, 4)
    if len(tracks) < 2 or (np.triu(overlap(boxes, boxes), 1) < TWICE).all():
        return list(tracks)
    kept: list[FaceTrack] = []
    for track in sorted(tracks, key=lambda track: (_strangeness(track), track.id)):
        if not kept or overlap(track.look.box, np.array([other.look.box for other in kept])).max() < TWICE:
            kept.append(track)
    return kept


def _strangeness(track: FaceTrack) -> float:
    """How unlike itself a track looks now, in coarse steps."""
    return round(track.appearance.unlike(Appearance(tone(track.look.small))), 1)
