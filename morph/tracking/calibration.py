"""From which resting face a tracker counts weights, and whether they are stretched; as frames come, and over a whole track."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from morph.arrays import Doubles
from morph.errors import MorphError
from morph.tracking.face import Face
from morph.tracking.resting import RestingEstimator, RestingFace, counts, estimate

NEUTRAL = ("none", "auto")
GAINS = ("none", "auto")
LOG = logging.getLogger(__name__)


def frame_of(neutral: str | os.PathLike[str] | int) -> int | None:
    """The number of the frame that shows the resting face, or None where a word or a picture says which it is."""
    if isinstance(neutral, int):
        return neutral
    text = os.fspath(neutral)
    return int(text) if re.fullmatch("[0-9]+", text) else None


def picture_of(neutral: str | os.PathLike[str] | int) -> str | None:
    """The file of a picture of the resting face, or None where a word or a frame says which it is."""
    return None if frame_of(neutral) is not None or neutral in NEUTRAL else os.fspath(neutral)  # type: ignore[arg-type]


class Calibrator:
    """Gives faces the resting face that their weights are counted from.

    Args:
        names: of the weights.
        std: ``(E,)`` weight of a z-score of 1.
        neutral: "none", "auto", the number of a frame, or a picture.
        gains: "auto" stretches weights so that what the person does at the most is 1, or "none".

    Attributes:
        given: ``(E,)`` raw weights of the resting face that the picture shows; whoever reads it says so.
    """

    def __init__(
        self,
        names: Sequence[str],
        std: npt.ArrayLike,
        neutral: str | os.PathLike[str] | int = "none",
        gains: str = "none",
    ) -> None:
        self._names, self._std, self._gains = tuple(names), np.asarray(std, np.float64), gains == "auto"
        self._neutral = neutral
        self.given: Doubles | None = None
        self._known: dict[int, RestingEstimator] = {}
        self._take = False

    @property
    def active(self) -> bool:
        """Whether weights are counted from anything but the model's own neutral face, or stretched."""
        return self._neutral != "none" or self._gains or bool(self._known) or self._take

    def forget(self) -> None:
        """Nobody is known any more."""
        self._known = {}

    def switch(self, word: str) -> None:
        """From here on another resting face: "auto", "none", or "now", which is that of the next frame of each person in it.

        Raises:
            MorphError: another word.
        """
        if word not in (*NEUTRAL, "now"):
            raise MorphError(f"a resting face is taken `auto`, `none` or `now`, not {word!r}")
        self._take = word == "now"
        if word != "now":
            self._neutral, self._known = word, {}

    def see(self, faces: list[Face]) -> list[Face]:
        """The faces of a frame with what is known of them now.

        Args:
            faces: of people by their numbers.
        """
        if not self.active:
            return faces
        taken, self._take = self._take, self._take and not faces
        return [dataclasses.replace(face, resting=self._see(face, taken)) for face in faces]

    def of(self, faces: Sequence[Face]) -> dict[int, RestingFace]:
        """The resting face of each person of a whole track.

        Args:
            faces: of all frames. A frame that shows the resting face of somebody who is not in it is named by a warning of the
                logger "morph", and takes nothing off.
        """
        people = sorted({face.id for face in faces}) if self.active else []
        return {person: self._of([face for face in faces if face.id == person]) for person in people}

    def _of(self, faces: Sequence[Face]) -> RestingFace:
        raw = [self._raw(face) for face in faces if counts(face.score, face.coefficients.rotation)]
        frame, rest = frame_of(self._neutral), self._first_rest()
        if frame is not None:
            there = [self._raw(face) for face in faces if face.frame == frame]
            if there:
                rest = RestingFace.of(there[0], self._names).rest
            else:
                LOG.warning("face %d is not in frame %d: its weights stay as they are", faces[0].id, frame)
        return estimate(np.array(raw).reshape(-1, len(self._names)), self._names, gains=self._gains, rest=rest)

    def _see(self, face: Face, taken: bool) -> RestingFace:
        raw = self._raw(face)
        if taken or face.frame == frame_of(self._neutral):
            rest = RestingFace.of(raw, self._names).rest
            self._known[face.id] = RestingEstimator(self._names, gains=self._gains, rest=rest)
        elif face.id not in self._known:
            self._known[face.id] = RestingEstimator(self._names, gains=self._gains, rest=self._first_rest())
        good = counts(face.score, face.coefficients.rotation)
        return self._known[face.id].see(raw, face.time, good=good)

    def _first_rest(self) -> Doubles | None:
        """What people rest at before a frame says more: None is to be found."""
        if self._neutral == "auto":
            return None
        return np.zeros(len(self._names)) if self.given is None else RestingFace.of(self.given, self._names).rest

    def _raw(self, face: Face) -> Doubles:
        return np.asarray(face.coefficients.expression, np.float64) * self._std
