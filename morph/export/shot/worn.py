"""What a head wears, as plain arrays that every format can take."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from morph.arrays import Doubles, Floats, Image, Ints
from morph.model.rotation import nearest_rotation
from morph.model.space.quaternions import quaternions_along


@dataclass(frozen=True, eq=False)
class WornPiece:
    """One mesh with one material, in its item's own frame.

    Attributes:
        vertices: ``(V, 3)`` in the item's unit.
        normals: ``(V, 3)`` of unit length.
        colours: ``(V, 4)`` linear RGB and alpha.
        triangles: ``(F, 3)``, anticlockwise seen from outside.
        metallic, roughness: of the surface, 0..1.
        see_through: alpha is meant.
    """

    vertices: Floats
    normals: Floats
    colours: Floats
    triangles: Ints
    metallic: float
    roughness: float
    see_through: bool


@dataclass(frozen=True, eq=False)
class WornItem:
    """Meshes that move together; ``linear @ x + shift`` brings them to the head without rotation and translation.

    Attributes:
        pieces: the meshes.
        linear: ``(T, 3, 3)`` a rotation after a scale for each axis, so that tools can hold it as such.
        shift: ``(T, 3)`` millimetres.
    """

    pieces: tuple[WornPiece, ...]
    linear: Doubles
    shift: Doubles

    @property
    def scale(self) -> Doubles:
        """``(T, 3)`` millimetres for one unit of each axis of the item."""
        return np.asarray(np.linalg.norm(self.linear, axis=1))

    @property
    def quaternions(self) -> Doubles:
        """``(T, 4)`` x, y, z, w; neighbours lie on the same side."""
        return quaternions_along(np.asarray(nearest_rotation(self.linear / self.scale[:, None, :]), np.float64))

    @property
    def moves(self) -> bool:
        """Whether it moves on the head."""
        return bool(np.ptp(self.linear, axis=0).max() > 1e-6 or np.ptp(self.shift, axis=0).max() > 1e-4)


@dataclass(frozen=True, eq=False)
class Worn:
    """A prop on the head of a performance.

    Attributes:
        name: what it is called.
        items: its meshes.
        paint: ``(H, W, 4)`` uint8 RGBA pictures that lie on the texture of the head, row 0 on top.
    """

    name: str
    items: tuple[WornItem, ...] = ()
    paint: tuple[Image, ...] = ()

    def painted(self, texture: Image) -> Image:
        """The texture of the head ``(H, W, 3)`` with the paint on it, as large as the larger of them."""
        size = max([len(texture), *(len(layer) for layer in self.paint)])
        out = _sized(texture, size).astype(np.float32)
        for layer in self.paint:
            over = _sized(layer, size).astype(np.float32)
            share = over[..., 3:] / 255
            out += (over[..., :3] - out) * share
        return np.asarray(np.rint(out), np.uint8)


def _sized(picture: Image, size: int) -> Image:
    if picture.shape[0] == size:
        return picture
    return np.asarray(cv2.resize(picture, (size * picture.shape[1] // picture.shape[0], size), interpolation=cv2.INTER_AREA))
