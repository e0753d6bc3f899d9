"""What a scene holds beside the head of a performance."""

from __future__ import annotations

from dataclasses import dataclass

from morph.export.shot.plate import Plate
from morph.export.shot.worn import Worn


@dataclass(frozen=True, eq=False)
class SceneOptions:
    """What a scene shows beside the head of a performance.

    Attributes:
        worn: what the head wears, or None.
        static_head: the head stands still at the origin and the camera moves; otherwise the camera does.
        plate: the footage behind the head, for a .blend or .shot.
        blender: the program that writes a .blend; None looks for it.
        one_material: all is skin, for a viewer that wants one mesh.
    """

    worn: Worn | None = None
    static_head: bool = False
    plate: Plate | None = None
    blender: str | None = None
    one_material: bool = False


HEAD_ALONE = SceneOptions()
