"""Extras are told by the metadata of the distribution."""

from __future__ import annotations

from importlib import metadata

import pytest

from morph.cli.machine.packages import Extra, extras
from morph.errors import MorphError

REQUIRES = [
    "numpy>=1.26",
    'h5py>=3.10; extra == "convert"',
    "alembic3d>=1.8; (platform_machine == 'x86_64') and extra == 'alembic'",
    "alembic3d>=1.8; (platform_machine == 'AMD64') and extra == 'alembic'",
    "ruff>=0.8; extra == 'dev'",
]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    have = {"numpy": "2.1"}

    def version(name: str) -> str:
        if name not in have:
            raise metadata.PackageNotFoundError(name)
        return have[name]

    monkeypatch.setattr(metadata, "requires", lambda name: REQUIRES)
    monkeypatch.setattr(metadata, "version", version)
    return have


def test_each_extra_once_with_what_it_lacks(installed: dict[str, str]) -> None:
    installed["h5py"] = "3.11"
    assert extras() == [
        Extra("", {"numpy": "2.1"}, ()),
        Extra("convert", {"h5py": "3.11"}, ()),
        Extra("alembic", {}, ("alembic3d",)),
    ]


def test_code_that_was_never_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    with pytest.raises(MorphError, match=r"morph-face is not installed; run `pip install \.`"):
        extras()
