"""Examples in docstrings: they run, and every public function and main class of ``model``, ``tracking`` and ``export`` has one.

Public is what a package lists in ``__all__``, what ``morph`` itself exports, and the whole of ``morph.model.rotation``; of
classes, those that a program makes or calls itself.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import morph

PACKAGES = ("morph.model", "morph.tracking", "morph.export")
CLASSES = (
    *("CenterFaceDetector", "Coefficients", "Decoder", "Face", "FlatLayout", "LiveSession", "MorphableModel", "ObjWriter"),
    *("Performance", "PerspectiveCamera", "ScaledOrthographicCamera", "SmoothingConfig", "Tracker", "VideoWriter"),
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        yield package
        path = importlib.import_module(package).__path__
        yield from (found.name for found in pkgutil.walk_packages(path, f"{package}."))


def _public() -> dict[str, object]:
    found = {f"morph.{name}": getattr(morph, name) for name in morph.__all__}
    for package in (*PACKAGES, "morph.model.rotation"):
        module = importlib.import_module(package)
        names = getattr(module, "__all__", None) or [
            name for name, value in vars(module).items() if inspect.isfunction(value) and value.__module__ == package
        ]
        found |= {f"{package}.{name}": getattr(module, name) for name in names if not name.startswith("_")}
    return {name: value for name, value in found.items() if inspect.isfunction(value) or name.rpartition(".")[2] in CLASSES}


@pytest.mark.parametrize("name", sorted({*_modules(), *{f"{v.__module__}" for v in _public().values()}}))  # type: ignore[attr-defined]
def test_examples_run(name: str) -> None:
    if name == "morph.model.torch_decoder":
        pytest.importorskip("torch")
    result = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert result.failed == 0


@pytest.mark.parametrize("name", sorted(_public()))
def test_public_names_have_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(_public()[name]) or ""), f"{name} has no example"
