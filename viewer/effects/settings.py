"""What an effect of a prop is told, as ``prop.yaml`` says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morph.arrays import Image
from morph.errors import MorphError
from viewer.effects.face_texture import read_face_texture


@dataclass(frozen=True)
class EyeColour:
    """Irises of another colour.

    Attributes:
        colour: display RGB 0..1.
        strength: 0 leaves them as they are.
    """

    colour: tuple[float, float, float] = (0.40, 0.54, 0.68)
    strength: float = 0.85


@dataclass(frozen=True)
class SmoothSkin:
    """Skin without its blemishes; eyes, brows, lips, nostrils, hair and beard stay.

    Attributes:
        strength: 0 leaves it as it is.
    """

    strength: float = 0.7


@dataclass(frozen=True, eq=False)
class FaceSwap:
    """Another face in the place of this one.

    Attributes:
        texture: ``(N, N, 3)`` uint8 RGB in the UV layout of the model; None: told later, see :func:`viewer.props.with_face`.
        identity: of the model whose layout it is, "" where the file does not say.
        source: where it came from.
    """

    texture: Image | None = None
    identity: str = ""
    source: Path = Path("texture")


Effect = EyeColour | SmoothSkin | FaceSwap
EFFECTS = {"eye_colour": ("colour", "strength"), "smooth_skin": ("strength",), "face_swap": ("texture",)}


def read_effect(path: Path, said: dict[Any, Any]) -> Effect:
    """An entry of ``prop.yaml`` that names an ``effect``.

    Raises:
        MorphError: no such effect, a key that it does not know, a value that cannot be, or a texture that cannot be read.
    """
    name = said["effect"]
    if name not in EFFECTS:
        raise MorphError(f"{path}: no effect {name!r}; choose from {', '.join(EFFECTS)}")
    unknown = sorted(str(key) for key in set(said) - {"effect", *EFFECTS[name]})
    if unknown:
        raise MorphError(f"{path}: unknown {', '.join(unknown)}; {name} takes {', '.join(EFFECTS[name])}")
    if name == "face_swap":
        if "texture" not in said:
            return FaceSwap()
        file = path.parent / str(said["texture"])
        if not file.is_file():
            raise MorphError(f"{path} names the texture {said['texture']}, which is not beside it")
        return FaceSwap(*read_face_texture(file), file)
    strength = said.get("strength", EyeColour.strength if name == "eye_colour" else SmoothSkin.strength)
    if not _share(strength):
        raise MorphError(f"{path}: strength must be 0 to 1, not {strength!r}")
    if name == "smooth_skin":
        return SmoothSkin(float(strength))
    colour = said.get("colour", list(EyeColour.colour))
    if not isinstance(colour, list) or len(colour) != 3 or not all(map(_share, colour)):
        raise MorphError(f"{path}: colour must be [red, green, blue], each 0 to 1, not {colour!r}")
    return EyeColour((float(colour[0]), float(colour[1]), float(colour[2])), float(strength))


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
