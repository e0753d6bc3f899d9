"""A prop is a folder: ``prop.yaml`` and its meshes and textures, made for the mean head of the default model."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from morph.arrays import Image
from morph.errors import MorphError
from morph.model import MorphableModel
from viewer.draw.scene import MeshPart
from viewer.effects.face_texture import face_of_track, read_face_texture
from viewer.effects.settings import Effect, EyeColour, FaceSwap, SmoothSkin, read_effect
from viewer.props.meshes import read_mesh
from viewer.props.textures import read_prop_texture

FOLLOWS = ("skull", "expression")
FITS = ("rigid", "similarity", "stretch")
ITEM_KEYS = ("mesh", "landmarks", "points", "follows", "fit", "clear")
TEXTURE_KEYS = ("texture", "clear")
EFFECT_KEYS = ("effect", "colour", "strength", "texture")
EITHER_KEYS = tuple(dict.fromkeys((*ITEM_KEYS, *TEXTURE_KEYS, *EFFECT_KEYS)))
ABOUT_KEYS = ("name", "licence", "source")
SKIN_DEEP = 0.3  # millimetres that a texture keeps before the skin unless its prop says otherwise


@dataclass(frozen=True, eq=False)
class Item:
    """Meshes that hold on to the head together, in the frame of the default model's mean head (millimetres).

    Attributes:
        pieces: the meshes.
        landmarks: numbers of iBUG landmarks, 0..67, and how firmly each one holds.
        points: ``(x, y, z)`` on the mean head, snapped to its nearest vertex, and how firmly each one holds; left out on
            other models than the default one.
        follows: "skull": the head without expression carries it; "expression": the moving skin does.
        fit: "rigid" (keeps its size), "similarity" (grows with the head) or "stretch" (width and depth on their own).
        clear: millimetres that it keeps in front of the skin, or None where it may sink in.
    """

    pieces: tuple[MeshPart, ...]
    landmarks: dict[int, float]
    points: dict[tuple[float, float, float], float]
    follows: str = "skull"
    fit: str = "similarity"
    clear: float | None = None


@dataclass(frozen=True, eq=False)
class SkinTexture:
    """A picture in the UV layout of the default model that lies on the head's own mesh and moves with it.

    Attributes:
        rgba: ``(N, N, 4)`` uint8, row 0 on top, alpha 0 where the skin shows.
        clear: millimetres that it keeps in front of the skin.
        source: the file that it was read from.
    """

    rgba: Image
    clear: float = SKIN_DEEP
    source: Path = Path("texture")


@dataclass(frozen=True, eq=False)
class Prop:
    """What a face wears.

    Attributes:
        name: what it is called.
        items: each with its own hold on the head, or an effect on the footage.
    """

    name: str
    items: tuple[Item | SkinTexture | Effect, ...]

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Those of the items that change the footage."""
        return tuple(item for item in self.items if isinstance(item, EyeColour | SmoothSkin | FaceSwap))

    @property
    def worn(self) -> tuple[Item | SkinTexture, ...]:
        """Those of the items that are seen without footage."""
        return tuple(item for item in self.items if isinstance(item, Item | SkinTexture))

    def check_footage(self) -> None:
        """See that the prop can be shown where there is no footage under it.

        Raises:
            MorphError: it has an effect.
        """
        if self.effects:
            raise MorphError(
                f"prop {self.name} changes the footage, so it needs some: `morph view DIR prop={self.name} over=CLIP`"
            )


def shipped_props() -> dict[str, Path]:
    """Names and folders of the props that come with the viewer."""
    here = Path(__file__).parent
    return {path.parent.name: path.parent for path in sorted(here.glob("*/prop.yaml"))}


def prop_names(footage: bool) -> list[str]:
    """Names of the shipped props that need nothing else, after "none"; with ``footage``, those that change it too."""
    kinds = {name: yaml.safe_load((folder / "prop.yaml").read_text()).get("effect") for name, folder in shipped_props().items()}
    return ["none", *(name for name, kind in kinds.items() if kind is None or (footage and kind != "face_swap"))]


def with_face(prop: Prop | None, face: str | os.PathLike[str], model: MorphableModel) -> Prop:
    """The prop with a face to swap in.

    Args:
        prop: one with the effect ``face_swap``.
        face: a texture that `morph export` wrote, or the folder of a track, whose footage is then looked through.
        model: that the faces of both tracks are of.

    Raises:
        MorphError: the prop swaps no face, or no face texture could be loaded.
    """
    if prop is None or not any(isinstance(item, FaceSwap) for item in prop.items):
        raise MorphError("`face=` is for a prop that swaps faces; add `prop=swap`")
    if not Path(face).exists():
        raise MorphError(f"no face {face}; give a texture that `morph export` wrote, or the folder of a track")
    texture, identity = face_of_track(face, model) if Path(face).is_dir() else read_face_texture(face)
    swap = FaceSwap(texture, identity, Path(face))
    return dataclasses.replace(prop, items=tuple(swap if isinstance(item, FaceSwap) else item for item in prop.items))


def find_prop(name: str | os.PathLike[str]) -> Prop | None:
    """The prop of a shipped name or a folder; "none" is no prop.

    Raises:
        MorphError: neither, or the folder is not a whole prop.
    """
    if str(name) == "none":
        return None
    shipped = shipped_props()
    if str(name) in shipped:
        return load_prop(shipped[str(name)])
    if not Path(name).exists():
        raise MorphError(f"no prop {name}; choose none, {', '.join(shipped)}, or give the folder of one")
    return load_prop(name)


def load_prop(folder: str | os.PathLike[str]) -> Prop:
    """Read a prop from its folder.

    ``prop.yaml`` says ``mesh`` (a file beside it) and ``landmarks`` (a list, or ``number: weight`` lines), and if wanted
    ``points`` (rows of x, y, z and perhaps a weight), ``follows``, ``fit`` and ``clear``, see :class:`Item`. Or it says
    ``texture`` (a PNG beside it) and if wanted ``clear``, see :class:`SkinTexture`; or ``effect`` and its keys, see
    :func:`viewer.effects.read_effect`. A prop of several meshes that move on
    their own, or of meshes and textures, says all this under ``items``. ``name``, ``licence`` and ``source`` may be added.

    Raises:
        MorphError: a file is missing, an entry is unknown or cannot be right.
    """
    folder = Path(folder)
    path = folder / "prop.yaml"
    try:
        said = yaml.safe_load(path.read_text())
    except OSError:
        raise MorphError(f"{folder} is not a prop: it has no prop.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark is not None else ""
        raise MorphError(f"{path} is not YAML: mend the mistake{line}") from None
    if not isinstance(said, dict):
        raise MorphError(f"{path} must hold `key: value` lines, among them mesh and landmarks, or texture")
    keys = EITHER_KEYS if "items" in said else _keys(said)
    _check_keys(path, said, (*keys, "items", *ABOUT_KEYS))
    items = said.get("items", [{key: said[key] for key in keys if key in said}])
    if "items" in said and any(key in said for key in keys):
        raise MorphError(f"{path}: say mesh and landmarks, or texture, either under items or at the top, not both")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise MorphError(f"{path}: items must be a list, each entry with a mesh and landmarks, a texture, or an effect")
    return Prop(str(said.get("name", folder.name)), tuple(_read(path, item) for item in items))


def _keys(said: dict[Any, Any]) -> tuple[str, ...]:
    """What may be said of one item."""
    return EFFECT_KEYS if "effect" in said else TEXTURE_KEYS if "texture" in said else ITEM_KEYS


def _read(path: Path, said: dict[Any, Any]) -> Item | SkinTexture | Effect:
    if "effect" in said:
        return read_effect(path, said)
    return _texture(path, said) if "texture" in said else _item(path, said)


def _texture(path: Path, said: dict[Any, Any]) -> SkinTexture:
    _check_keys(path, said, TEXTURE_KEYS)
    clear = _clear(path, said)
    texture = path.parent / str(said["texture"])
    if not texture.is_file():
        raise MorphError(f"{path} names the texture {said['texture']}, which is not beside it")
    return SkinTexture(read_prop_texture(texture), SKIN_DEEP if clear is None else clear, texture)


def _item(path: Path, said: dict[Any, Any]) -> Item:
    _check_keys(path, said, ITEM_KEYS)
    missing = [key for key in ("mesh", "landmarks") if key not in said]
    if missing:
        raise MorphError(f"{path} does not say {' and '.join(missing)}")
    clear = _clear(path, said)
    mesh = path.parent / str(said["mesh"])
    landmarks = _landmarks(path, said["landmarks"])
    points = _points(path, said.get("points", []))
    follows, fit = _choice(path, said, "follows", FOLLOWS), _choice(path, said, "fit", FITS)
    if not mesh.is_file():
        raise MorphError(f"{path} names the mesh {said['mesh']}, which is not beside it")
    return Item(read_mesh(mesh), landmarks, points, follows, fit, clear)


def _check_keys(path: Path, said: dict[Any, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(str(key) for key in set(said) - set(known))
    if unknown:
        raise MorphError(f"{path}: unknown {', '.join(unknown)}; choose from {', '.join(known)}")


def _choice(path: Path, said: dict[Any, Any], key: str, choices: tuple[str, ...]) -> str:
    value = said.get(key, "skull" if key == "follows" else "similarity")
    if value not in choices:
        raise MorphError(f"{path}: {key} must be {' or '.join(choices)}, not {value!r}")
    return str(value)


def _clear(path: Path, said: dict[Any, Any]) -> float | None:
    clear = said.get("clear")
    if clear is None:
        return None
    if not _number(clear) or not 0 <= clear <= 50:
        raise MorphError(f"{path}: clear must be 0 to 50 millimetres, not {clear!r}")
    return float(clear)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _landmarks(path: Path, value: Any) -> dict[int, float]:
    pairs = value if isinstance(value, dict) else dict.fromkeys(value, 1.0) if isinstance(value, list) else {}
    whole = all(type(mark) is int and 0 <= mark < 68 and _number(weight) and weight > 0 for mark, weight in pairs.items())
    if not whole or len(pairs) < 3:
        raise MorphError(f"{path}: landmarks must be at least three numbers of 0 to 67, or `number: weight` lines")
    return {int(mark): float(weight) for mark, weight in pairs.items()}


def _points(path: Path, value: Any) -> dict[tuple[float, float, float], float]:
    rows: list[Any] = value if isinstance(value, list) else [None]
    whole = all(
        isinstance(row, list) and len(row) in (3, 4) and all(map(_number, row)) and (len(row) == 3 or row[3] > 0)
        for row in rows
    )
    if not whole:
        raise MorphError(f"{path}: points must be rows of [x, y, z] or [x, y, z, weight] in millimetres")
    return {(float(row[0]), float(row[1]), float(row[2])): float(row[3]) if len(row) == 4 else 1.0 for row in rows}
