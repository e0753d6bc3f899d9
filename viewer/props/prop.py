"""A prop is a folder: ``prop.yaml`` and one mesh, modelled around the mean head of the default model."""

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
from viewer.scene import Part

FOLLOWS = ("skull", "expression")
FITS = ("rigid", "similarity", "stretch")
KEYS = {"name", "mesh", "landmarks", "vertices", "follows", "fit", "clear", "licence", "source"}


@dataclass(frozen=True, eq=False)
class Anchors:
    """Points of the head that a prop holds on to.

    Attributes:
        landmarks: ``(L,)`` numbers of iBUG landmarks, 0..67; every model has them.
        vertices: ``(K,)`` vertices of the default model; left out on other models.
        weights: ``(L + K,)`` how firmly each one holds.
    """

    landmarks: npt.NDArray[np.int64]
    vertices: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prop:
    """A prop, in the frame of the default model's mean head (millimetres).

    Attributes:
        name: what it is called.
        pieces: its meshes.
        anchors: what it holds on to.
        follows: "skull": the head without expression carries it; "expression": the moving skin does.
        fit: "rigid" (keeps its size), "similarity" (grows with the head) or "stretch" (along each axis on its own).
        clear: millimetres that it keeps in front of the skin, or None where it may sink in.
    """

    name: str
    pieces: tuple[Part, ...]
    anchors: Anchors
    follows: str = "skull"
    fit: str = "similarity"
    clear: float | None = None


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

    ``prop.yaml`` holds ``mesh`` (a file beside it), ``landmarks`` (numbers, or number: weight), and if wanted ``name``,
    ``vertices`` (of the default model, in the same two ways), ``follows``, ``fit``, ``clear``, ``licence`` and ``source``.

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
        raise MorphError(f"{path} must hold `key: value` lines, among them mesh and landmarks")
    unknown = sorted(str(key) for key in set(said) - KEYS)
    if unknown:
        raise MorphError(f"{path}: unknown {', '.join(unknown)}; a prop may say {', '.join(sorted(KEYS))}")
    missing = [key for key in ("mesh", "landmarks") if key not in said]
    if missing:
        raise MorphError(f"{path} does not say {' and '.join(missing)}")
    follows = _choice(path, "follows", said.get("follows", "skull"), FOLLOWS)
    fit = _choice(path, "fit", said.get("fit", "similarity"), FITS)
    clear = said.get("clear")
    if clear is not None and (isinstance(clear, bool) or not isinstance(clear, int | float) or not 0 <= clear <= 50):
        raise MorphError(f"{path}: clear must be 0 to 50 millimetres, not {clear!r}")
    landmarks, firmness = _weighted(path, "landmarks", said["landmarks"], 68)
    vertices, more = _weighted(path, "vertices", said.get("vertices", []), None)
    if len(landmarks) < 3:
        raise MorphError(f"{path}: landmarks needs at least three, got {len(landmarks)}")
    mesh = folder / str(said["mesh"])
    if not mesh.is_file():
        raise MorphError(f"{path} names the mesh {said['mesh']}, which is not beside it")
    anchors = Anchors(landmarks, vertices, np.concatenate([firmness, more]))
    return Prop(str(said.get("name", folder.name)), read_mesh(mesh), anchors, follows, fit, clear)


def _choice(path: Path, key: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise MorphError(f"{path}: {key} must be {' or '.join(choices)}, not {value!r}")
    return str(value)


def _weighted(
    path: Path, key: str, value: Any, limit: int | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """A list of indices, or indices with weights, as arrays."""
    pairs = value.items() if isinstance(value, dict) else [(item, 1.0) for item in value] if isinstance(value, list) else None
    whole = pairs is not None and all(
        isinstance(index, int) and index >= 0 and isinstance(weight, int | float) and weight > 0 for index, weight in pairs
    )
    if pairs is None or not whole:
        raise MorphError(f"{path}: {key} must be a list of indices, or `index: weight` lines with weights above zero")
    indices = np.array([index for index, _ in pairs], np.int64)
    if limit is not None and len(indices) and indices.max() >= limit:
        raise MorphError(f"{path}: {key} go from 0 to {limit - 1}, got {indices.max()}")
    return indices, np.array([weight for _, weight in pairs], np.float64)
