"""Applies the effects of a prop to the footage."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from morph.arrays import Floats, Image
from morph.model import MorphableModel
from viewer.effects.eyes import EyeRecolouring
from viewer.effects.face import PlateFace
from viewer.effects.settings import Effect, EyeColour, FaceSwap
from viewer.effects.skin import SkinSmoothing
from viewer.effects.swap import Swap


class Retouching:
    """The effects of a prop on faces of one model.

    Args:
        effects: in the order in which they are applied.
        model: whose faces will come.

    Raises:
        MorphError: an effect does not fit the model, or a face that is swapped in is missing.
    """

    def __init__(self, effects: Iterable[Effect], model: MorphableModel) -> None:
        self._steps: list[Callable[[Floats, PlateFace], Floats]] = [_step(effect, model) for effect in effects]

    def __bool__(self) -> bool:
        return bool(self._steps)

    def __call__(self, plate: Image, faces: Iterable[PlateFace]) -> Image:
        """``(H, W, 3)`` uint8 RGB with the effects on every face; pixels that none of them touches stay as they are."""
        out = plate
        for face in faces:
            if face.box is None:
                continue
            before = out[face.box]
            small = np.asarray(before / 255, np.float32)
            changed = small
            for step in self._steps:
                changed = step(changed, face)
            if out is plate:
                out = plate.copy()
            moved = np.rint(255 * np.clip(changed, 0, 1) - 255 * small)
            out[face.box] = np.clip(before + moved, 0, 255).astype(np.uint8)
        return out


def _step(effect: Effect, model: MorphableModel) -> Callable[[Floats, PlateFace], Floats]:
    if isinstance(effect, EyeColour):
        return EyeRecolouring(effect, model)
    if isinstance(effect, FaceSwap):
        return Swap(effect, model)
    return SkinSmoothing(effect, model)
