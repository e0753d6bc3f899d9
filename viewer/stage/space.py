"""Heads of a track before its lens, frame by frame, and how the picture sees what stands there."""

from __future__ import annotations

import collections
import dataclasses
from dataclasses import dataclass

import numpy as np

from morph.arrays import Doubles, Floats
from morph.export.shot.pinhole import identity_of, placed_before
from morph.model import Lens, MorphableModel
from morph.track_folder.read import Track
from viewer.draw.scene import MeshPart
from viewer.props import Wearer

METRE = 1000.0  # millimetres from the camera at which z of a picture is 0
NEAREST = 10.0  # millimetres: what is nearer, or behind the camera, is drawn there
KEPT = 256  # rows that are remembered


@dataclass(frozen=True, eq=False)
class PlacedHead:
    """Where a head stands.

    Attributes:
        wearer: identity and expression before the lens.
        linear: ``(3, 3)`` model to camera, millimetres for one unit of the model.
        shift: ``(3,)`` millimetres of the model's origin; the camera looks along -z.
    """

    wearer: Wearer
    linear: Doubles
    shift: Doubles


class Space:
    """The lens of a track and the heads before it.

    Args:
        track: coefficients of every face.
        model: the model that they are for.
        lens: the camera.
    """

    def __init__(self, track: Track, model: MorphableModel, lens: Lens) -> None:
        self.track, self.model, self.lens = track, model, lens
        self._identities: dict[int, Doubles] = {}
        self._placed: collections.OrderedDict[int, PlacedHead] = collections.OrderedDict()

    def placed(self, row: int) -> PlacedHead:
        """Where the face of a row of the track stands."""
        if row not in self._placed:
            pose = self.track.coefficients[np.array([row])]
            shape = self._identity(int(self.track.id[row]))
            found = placed_before(self.model, pose, self.lens, shape)
            wearer = Wearer(shape.astype(np.float32), found.expression[0].astype(np.float32))
            self._placed[row] = PlacedHead(wearer, found.rotation[0] * self.model.millimetres, found.position[0])
            if len(self._placed) > KEPT:
                self._placed.popitem(last=False)
        return self._placed[row]

    def pictured(self, part: MeshPart, zoom: float, corner: tuple[float, float]) -> MeshPart:
        """A part that stands before the lens as the picture sees it: column, minus row, and z in pixels.

        Args:
            part: vertices in millimetres before the camera.
            zoom: pixels of the picture for one pixel of the clip.
            corner: column and row of the clip's upper left corner in the picture.
        """
        return pictured(part, self.lens, zoom, corner)

    def before_origin(self, row: int, z: Floats, zoom: float) -> Floats:
        """Millimetres towards the viewer from the plane of a head's origin, of z of the picture.

        Args:
            row: of the track.
            z: any shape, as :meth:`pictured` has it.
            zoom: pixels of the picture for one pixel of the clip.
        """
        away = METRE * np.exp(-np.asarray(z, np.float64) / (self.lens.focal * zoom))
        return np.asarray(-away - self.placed(row).shift[2], np.float32)

    def _identity(self, person: int) -> Doubles:
        if person not in self._identities:
            rows = np.flatnonzero(self.track.id == person)
            pose = self.track.coefficients[rows]
            self._identities[person] = identity_of(self.model, pose, self.lens)
        return self._identities[person]


def pictured(part: MeshPart, lens: Lens, zoom: float = 1.0, corner: tuple[float, float] = (0.0, 0.0)) -> MeshPart:
    """A part that stands before a lens as the picture sees it: column, minus row, and z in pixels.

    Args:
        part: vertices in millimetres before the camera.
        lens: the camera.
        zoom: pixels of the picture for one pixel of the lens's.
        corner: column and row of the lens's upper left corner in the picture.
    """
    points = part.vertices.astype(np.float64)
    points[:, 2] = np.minimum(points[:, 2], -NEAREST)
    seen = (lens.project(points) + 0.5) * zoom - 0.5 + np.asarray(corner)
    z = lens.focal * zoom * np.log(METRE / -points[:, 2])
    return dataclasses.replace(part, vertices=np.column_stack([seen[:, 0], -seen[:, 1], z]).astype(np.float32))
