"""Networks that look after the first one, by the word or file that names them."""

from __future__ import annotations

import os
from pathlib import Path

from morph.errors import MorphError
from morph.inference.regressor import SHIPPED, shipped_weights


def find_network(choice: str | os.PathLike[str] | None, default: Path, kind: str, first_look: str) -> Path | None:
    """The file of the network that ``choice`` names; None for none.

    Args:
        choice: "default", "none", or an ``.onnx`` file; None is the default with weights that ship, and none with others.
        default: the one that ships.
        kind: what it is, for the message.
        first_look: file name of the weights of the first look.

    Raises:
        MorphError: another choice.
    """
    if choice is None:
        choice = "default" if first_look in [shipped_weights(width).name for width in SHIPPED] else "none"
    if os.fspath(choice) == "none":
        return None
    if os.fspath(choice) == "default":
        return default
    if Path(choice).suffix.lower() != ".onnx":
        raise MorphError(f"no {kind} network called {os.fspath(choice)!r}; choose default, none, or an .onnx file")
    return Path(choice)


def name_network(path: Path | None, default: Path) -> str:
    """For reports: the choice, and the file where it is not the shipped one; ``path`` None for none."""
    if path is None:
        return "none"
    return "default" if path == default else path.name
