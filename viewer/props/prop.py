"""A prop is a folder: ``prop.yaml`` and its meshes and textures, made for the mean head of the default model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from morph.errors import MorphError
from viewer.props.meshes import read_mesh
from viewer.props.textures import read_prop_texture
from viewer.scene import Part

FOLLOWS = ("skull", "expression")
FITS = ("rigid", "similarity", "stretch")
ITEM_KEYS = ("mesh", "landmarks", "points", "follows", "fit", "clear")
TEXTURE_KEYS = ("texture", "clear")
EITHER_KEYS = tuple(dict.fromkeys((*ITEM_KEYS, *TEXTURE_KEYS)))
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

    pieces: tuple[Part, ...]
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

    rgba: npt.NDArray[np.uint8]
    clear: float = SKIN_DEEP
    source: Path = Path("texture")


@dataclass(frozen=True, eq=False)
class Prop:
    """What a face wears.

    Attributes:
        name: what it is called.
        items: each with its own hold on the head.
    """

    name: str
    items: tuple[Item | SkinTexture, ...]


def shipped_props() -> dict[str, Path]:
    """Names and folders of the props that come with the viewer."""
    here = Path(__file__).parent
    return {path.parent.name: path.parent for path in sorted(here.glob("*/prop.yaml"))}


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
    ``texture`` (a PNG beside it) and if wanted ``clear``, see :class:`SkinTexture`. A prop of several meshes that move on
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
    keys = EITHER_KEYS if "items" in said else TEXTURE_KEYS if "texture" in said else ITEM_KEYS
    _check_keys(path, said, (*keys, "items", *ABOUT_KEYS))
    items = said.get("items", [{key: said[key] for key in keys if key in said}])
    if "items" in said and any(key in said for key in keys):
        raise MorphError(f"{path}: say mesh and landmarks, or texture, either under items or at the top, not both")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise MorphError(f"{path}: items must be a list, each entry with a mesh and landmarks, or a texture")
    read = tuple(_texture(path, item) if "texture" in item else _item(path, item) for item in items)
    return Prop(str(said.get("name", folder.name)), read)


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
