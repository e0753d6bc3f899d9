"""The command line only parses: the library names parameters, one place spells them as options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from morph.cli import VERBS, main
from morph.console import as_options

ROOT = Path(__file__).parents[2]
OPTION = re.compile(r"(?<![\w-])--[a-z]")
COMMANDS = {  # files that are command lines themselves, or run one
    "morph/console.py": "says how parameters become options",
    "morph/datasets/prepare.py": "the parser of the scripts in data/",
    "morph/datasets/picture_store.py": "runs git",
    "morph/export/shot/blend.py": "runs Blender",
    "morph/export/shot/blender_addon.py": "runs morph",
    "viewer/output/bench.py": "runs morph view",
}


def library_files() -> list[Path]:
    files = [file for package in ("morph", "viewer") for file in sorted((ROOT / package).rglob("*.py"))]
    return [file for file in files if not file.is_relative_to(ROOT / "morph/cli")]


def strings(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_string_outside_the_command_line_names_an_option() -> None:
    found = [
        f"{name}:{line}: {text.strip()}"
        for file in library_files()
        if (name := file.relative_to(ROOT).as_posix()) not in COMMANDS
        for line, text in strings(file)
        if OPTION.search(text)
    ]
    assert not found, "write `name=`, as morph.console.as_options says:\n" + "\n".join(found)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_may_name_options_does(name: str) -> None:
    assert any(OPTION.search(text) for _, text in strings(ROOT / name))


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        ("`max_bad=` is too small", "--max-bad is too small"),
        ("leave them out with `experts=none`", "leave them out with --experts none"),
        ("or add `overwrite=True`", "or add --overwrite"),
        ("`person=` takes one of 0, 1", "--id takes one of 0, 1"),
        ("see `morph view DIR over=CLIP`", "see `morph view DIR --over CLIP`"),
        ("`group` says whom, a=1 and `morph fit`", "`group` says whom, a=1 and `morph fit`"),
    ],
)
def test_parameters_are_spelled_as_options(message: str, printed: str) -> None:
    assert as_options(message, {"person": "--id"}) == printed


def test_a_verb_prints_its_own_spelling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--count", "0", "--out", str(tmp_path / "set")]) == 2
    assert capsys.readouterr().err == "morph: --count must be at least 1, got 0\n"
    assert main(["synth", "--count", "1", "--processes", "0", "--out", str(tmp_path / "set")]) == 2
    assert capsys.readouterr().err == "morph: --processes must be at least 1, got 0\n"


def runs() -> Iterator[tuple[str, ast.FunctionDef]]:
    for file in sorted((ROOT / "morph/cli").rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name == "run":
                yield file.name, node


def test_what_a_verb_runs_is_short() -> None:
    lengths = {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in runs()}
    assert len(lengths) == len(VERBS)
    assert {name: length for name, length in lengths.items() if length > 25} == {}


def test_verbs_neither_measure_time_nor_say_what_a_set_is() -> None:
    found = []
    for file in sorted((ROOT / "morph/cli").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            timed = isinstance(node, ast.Import) and any(name.name == "time" for name in node.names)
            said = isinstance(node, ast.Name | ast.Attribute) and "meta" in (getattr(node, "id", ""), getattr(node, "attr", ""))
            found += [f"{file.name}:{node.lineno}"] if timed or said else []
    assert found == []


def test_the_folder_of_verbs_holds_no_more_than_fifteen_files() -> None:
    for folder in ("morph/cli", "morph/cli/learning"):
        assert len(list((ROOT / folder).glob("*.py"))) <= 15


@pytest.mark.parametrize("folder", ["morph", "viewer"])
def test_texts_that_are_said_often_stand_once(folder: str) -> None:
    for words in ("pip install 'morph-face[train]'", "is for the default model; leave it out"):
        found = [file.name for file in (ROOT / folder).rglob("*.py") if words in file.read_text(encoding="utf-8")]
        assert len(found) <= 1, f"{words}: {found}"
