"""Effects that change the footage itself where a face is."""

from viewer.effects.face import PlateFace
from viewer.effects.retouching import Retouching
from viewer.effects.settings import EFFECTS, Effect, EyeColour, FaceSwap, SmoothSkin, read_effect

__all__ = ["EFFECTS", "Effect", "EyeColour", "FaceSwap", "PlateFace", "Retouching", "SmoothSkin", "read_effect"]
