"""One face in one frame."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from morph.arrays import Doubles, Floats, Reals
from morph.errors import MorphError
from morph.model import Coefficients, Decoder, HeadPoses, Lens, MorphableModel, place_heads
from morph.model.rest_pose import head_angles, rest_turn
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
        lens: the camera that ``pose`` is before; ``coefficients`` do not depend on it.
        metric: true millimetres of one of the model's.
        depth: distance of the head over that at which its coefficients have it, where distances are smoothed on their own.

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
    lens: Lens | None = field(default=None, repr=False)
    metric: float = field(default=1.0, repr=False)
    depth: float = field(default=1.0, repr=False)

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

    @functools.cached_property
    def placed(self) -> HeadPoses:
        """Where the head is before the lens, one row: turn, place, quaternion and angles in the camera's frame.

        Raises:
            MorphError: the face was made without a lens.
        """
        if self.lens is None:
            raise MorphError("this face knows no camera; give `lens=`, as a tracker does")
        return place_heads(self.model, self.coefficients, self.lens, self.metric).farther(self.depth)

    @property
    def pose(self) -> Doubles:
        """``(4, 4)`` from the model's frame to the camera's in millimetres: x right, y up, z to the viewer, so seen at -z.

        ``pose @ [x, y, z, 1]``, see docs/conventions.md; where nobody gave the lens, it is assumed, and with it the distance.

        Raises:
            MorphError: the face was made without a lens.
        """
        return np.asarray(self.placed.matrices[0])

    @functools.cached_property
    def camera_vertices(self) -> Doubles:
        """``(V, 3)`` millimetres before the camera: each vertex as far away as ``pose`` puts it, on the ray of its own pixel.

        ``lens.project`` of them is ``image_vertices``. No turn and place of a head that was found without perspective brings
        all of it onto its pixels: ``pose`` alone leaves 0.8 to 1.9 % of the face, however long it is fitted.

        Raises:
            MorphError: the face was made without a lens.
        """
        pose, lens = self.pose, self.lens
        assert lens is not None  # `pose` has seen to it
        away = self.vertices.astype(np.float64) @ pose[2, :3] * (self.model.millimetres * self.metric) + pose[2, 3]
        return lens.unproject(self.image_vertices[:, :2], -away)

    @functools.cached_property
    def euler_degrees(self) -> dict[str, float]:
        """``yaw`` (positive to the subject's left), ``pitch`` (up) and ``roll`` (crown to the subject's right) in degrees.

        They are those of ``pose``, the turn in space, as tables, streams and exports say it, and are counted from 300W-LP's
        frontal pose, see :mod:`morph.model.rest_pose`. A face without a lens knows only :attr:`picture_euler_degrees`.
        """
        return self.picture_euler_degrees if self.lens is None else _named(self.placed.euler_degrees(self.model))

    @property
    def picture_euler_degrees(self) -> dict[str, float]:
        """The same of ``coefficients.rotation``, the scaled orthographic turn in the picture, which 300W-LP's angles are.

        A head at the edge of a wide picture that faces the camera is unturned by these, and turned by ``euler_degrees``.
        """
        turn = np.asarray(self.coefficients.rotation, np.float64) @ rest_turn(self.model)
        return _named(np.degrees(head_angles(turn[None])))

    def to_dict(self) -> dict[str, Any]:
        """All but the mesh, as plain values for JSON.

        ``frame``, ``time``, ``id``, ``score``, ``box``, ``landmarks``, ``blendshapes`` and ``euler_degrees`` as the attributes;
        ``pose`` 4 × 4 and ``lens`` where the camera is known (or assumed, as it then says);
        ``rotation`` 3 × 3, rows first, from the model to the picture, ``scale`` pixels a unit of the model and ``translation``
        pixels, as :class:`morph.model.Coefficients` has them: scaled orthographic, so not the turn of ``euler_degrees``.
        """
        pose = self.coefficients
        plain: dict[str, Any] = {name: getattr(self, name) for name in ("frame", "time", "id", "score")}
        plain |= {name: np.asarray(getattr(self, name)).tolist() for name in ("box", "landmarks")}
        plain |= {"blendshapes": self.blendshapes, "euler_degrees": self.euler_degrees}
        plain |= {} if self.lens is None else {"pose": self.pose.tolist(), "lens": self.lens.as_json()}
        return plain | {name: np.asarray(getattr(pose, name)).tolist() for name in ("rotation", "scale", "translation")}

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: no mesh that can be decoded again; the decoder goes as the place of its model."""
        return {attribute.name: getattr(self, attribute.name) for attribute in dataclasses.fields(self)}

    @property
    def blendshapes(self) -> dict[str, float]:
        """Weights of the model's expressions by name, 0..1 (ARKit's 52 for the default model)."""
        raw = np.asarray(self.coefficients.expression, np.float64) * self.model.expression_std
        weights = np.clip(raw if self.resting is None else self.resting.weights(raw), 0.0, 1.0)
        return dict(zip(self.model.expression_names, weights.tolist(), strict=True))


def _named(angles: Doubles) -> dict[str, float]:
    """``(1, 3)`` degrees by their names."""
    yaw, pitch, roll = angles[0].tolist()
    return {"yaw": yaw, "pitch": pitch, "roll": roll}
