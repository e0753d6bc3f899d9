"""Words and files that name a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from morph.errors import MorphError
from morph.inference.choices import find_network, name_network
from morph.inference.regressor import default_weights

SHIPPED = Path("ships.onnx")


def test_words_and_files(tmp_path: Path) -> None:
    first = default_weights().name
    assert find_network(None, SHIPPED, "identity", first) == SHIPPED
    assert find_network(None, SHIPPED, "identity", "own.onnx") is None
    assert find_network("none", SHIPPED, "identity", first) is None
    assert find_network("default", SHIPPED, "identity", "own.onnx") == SHIPPED
    assert find_network(tmp_path / "own.onnx", SHIPPED, "identity", first) == tmp_path / "own.onnx"
    with pytest.raises(MorphError, match=r"no expression network called .eyes.; choose default, none, or an \.onnx file"):
        find_network("eyes", SHIPPED, "expression", first)


def test_names_in_reports() -> None:
    assert [name_network(path, SHIPPED) for path in (None, SHIPPED, Path("a/own.onnx"))] == ["none", "default", "own.onnx"]
