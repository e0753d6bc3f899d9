"""What `morph doctor` tries, and that a broken part does not hide the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from morph.cli.machine import checks
from morph.cli.machine.packages import HIDDEN, Extra
from morph.errors import MorphError

ROOT = Path(__file__).parents[3]


def test_tracking_is_tried_on_the_picture_that_ships() -> None:
    (check,) = checks._tracking()
    assert check.works
    assert check.needed
    assert "16005 vertices" in check.found


def test_codecs_that_are_there_and_one_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "READ", {"H.264": "h264", "Smoke": "no such codec"})
    read, _ = checks._codecs()
    assert not read.works
    assert read.found.startswith("H.264 (PyAV")
    assert read.advice == "no Smoke: pip install --force-reinstall av"


def test_a_missing_extra_says_what_it_is_for_and_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "extras", lambda: [Extra("", {"numpy": "2"}, ()), Extra("usd", {}, ("usd-core",))])
    base, usd = checks._packages()
    assert (base.works, base.needed, base.found) == (True, True, "numpy 2")
    assert (usd.works, usd.needed, usd.found) == (False, False, "without usd-core")
    assert usd.advice == "for export to USD: pip install 'morph-face[usd]'"


def test_every_extra_has_a_purpose() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.split("[project.optional-dependencies]\n")[1].split("\n[")[0]
    named = set(re.findall(r"^([a-z-]+) = \[", section, re.MULTILINE))
    assert named - set(HIDDEN) == set(checks.PURPOSES) - {""}


def test_a_check_that_falls_over_is_one_line_and_the_rest_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def _opengl() -> list[checks.Check]:
        raise RuntimeError("driver\nfell over")

    def _blender() -> list[checks.Check]:
        return [checks.Check("Blender", True, "here")]

    for name in ("_packages", "_tracking", "_devices", "_codecs", "_window", "_cameras"):
        monkeypatch.setattr(checks, name, list)
    monkeypatch.setattr(checks, "_opengl", _opengl)
    monkeypatch.setattr(checks, "_blender", _blender)
    by_name = {check.name: check for check in checks.run_checks()}
    assert by_name["opengl"].found == "driver fell over"
    assert not by_name["opengl"].works
    assert by_name["Blender"].works


def test_without_blender_its_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> list[str]:
        raise MorphError("give it with `blender=`")

    monkeypatch.setattr("morph.export.shot.blend.blender_command", none)
    (check,) = checks._blender()
    assert not check.works
    assert check.advice == "give it with --blender"
