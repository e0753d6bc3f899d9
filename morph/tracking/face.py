"""One face in one frame."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np

from morph.arrays import Floats, Reals
from morph.model import Coefficients, Decoder, MorphableModel
from morph.tracking.resting import RestingFace


@dataclass(frozen=True, eq=False)
class Face:
    """What was found in one frame of one person; the mesh is decoded when it is asked for.

    Attributes:
        frame: number of the frame in its source.
        time: seconds.
        id: which person; the same number through a track.
        box: ``(4,)`` x0, y0, x1, y1 of the 68 landmarks in pixels.
        score: 0..1, how sure the tracker is.
        coefficients: shape, expression and pose, in pixels of the frame.
        landmarks: ``(68, 2)`` pixels, iBUG order.
        resting: what ``blendshapes`` are counted from, and where they are 1; None: from the model's own neutral face. Mesh and
            coefficients do not depend on it.

    Example:
        >>> from morph.tracking import Tracker
        >>> from morph.cli.demo import demo_files
        >>> from morph.frames import read_picture
        >>> portrait = read_picture(demo_files()[0])  # ships with morph
        >>> face, = Tracker(level=0).process(portrait)
        >>> face.blendshapes["mouthSmileLeft"] > 0.2
        True
    """

    frame: int
    time: float
    id: int
    box: Reals
    score: float
    coefficients: Coefficients
    landmarks: Reals
    decoder: Decoder = field(repr=False)
    resting: RestingFace | None = field(default=None, repr=False)

    @property
    def model(self) -> MorphableModel:
        """The model that the coefficients belong to."""
        return self.decoder.model

    @functools.cached_property
    def vertices(self) -> Floats:
        """``(V, 3)`` in the model frame and unit (millimetres for the default model): identity and expression, no pose."""
        return self.decoder(self.coefficients.shape, self.coefficients.expression)

    @functools.cached_property
    def image_vertices(self) -> Floats:
        """``(V, 3)`` pixels of the frame: x right, y down, depth in pixels (larger is nearer)."""
        return self.coefficients.camera.project(self.vertices)  # type: ignore[return-value]

    def posed_vertices(self, width: int, height: int) -> Floats:
        """``(V, 3)`` in the model's unit, turned and shifted as in the frame: x right, y up, z to the viewer.

        The origin is the middle of a ``width`` x ``height`` frame. The scale of the picture is taken out of the shift, so
        that the mesh keeps its true size; how far the head is from the camera is not known, so its origin has z = 0.
        """
        pose = self.coefficients
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        shift = (pose.translation - middle) * np.array([1.0, -1.0]) / pose.scale
        turned = self.vertices @ np.asarray(pose.rotation, np.float32).T
        return np.asarray(turned + np.array([*shift, 0.0], np.float32))

    @property
    def blendshapes(self) -> dict[str, float]:
        """Weights of the model's expressions by name, 0..1 (ARKit's 52 for the default model)."""
        raw = np.asarray(self.coefficients.expression, np.float64) * self.model.expression_std
        weights = np.clip(raw if self.resting is None else self.resting.weights(raw), 0.0, 1.0)
        return dict(zip(self.model.expression_names, weights.tolist(), strict=True))
