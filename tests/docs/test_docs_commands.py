"""Commands and code of README and docs are true: ``bash`` and ``python`` blocks run, the others at least parse."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import shutil
from pathlib import Path

import cv2
import pytest

from morph.cli import VERBS, main, module_of
from morph.cli.demo import demo_files
from morph.export.video import VideoWriter

ROOT = Path(__file__).parents[2]
PICTURE, CLIP = demo_files()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CAMERA_LOOP = "VideoCapture(0)"  # test_docs_examples.py runs it


def runnable(page: Path) -> list[tuple[str, str]]:
    """Blocks of a page that are run, in order: their language and text."""
    return [block for block in RUN.findall(page.read_text(encoding="utf-8")) if CAMERA_LOOP not in block[1]]


def commands(text: str) -> list[str]:
    """Lines of code blocks, indented or fenced, that call morph, without what stands around them."""
    blocks = [*re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL), *re.findall(r"^    .*$", text, re.MULTILINE)]
    lines = [line.strip() for block in blocks for line in re.sub(r"\\\n\s*", " ", block).splitlines()]
    return [part for line in lines for part in map(str.strip, line.split("&&")) if part.startswith("morph ")]


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clip and the picture that pages speak of; six frames, and one face."""
    folder = tmp_path_factory.mktemp("footage")
    capture = cv2.VideoCapture(str(CLIP))
    with VideoWriter(folder / "clip.mp4", 25.0) as writer:
        for number in range(6):
            writer.write(capture.read()[1][..., ::-1].copy(), number / 25)
    shutil.copy(PICTURE, folder / "face.jpg")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page: Path, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in footage.iterdir():
        shutil.copy(file, tmp_path / file.name)
    monkeypatch.chdir(tmp_path)
    for language, text in runnable(page):
        if language == "python":
            text = text.replace("LiveSession(0,", 'LiveSession("clip.mp4",')
            exec(compile(text, page.name, "exec"), {"__name__": "page"})
            continue
        lines = text.strip().splitlines()
        assert [line for line in lines if not line.startswith("morph ")] == []
        for line in lines:
            assert main(shlex.split(line, comments=True)[1:]) == 0, line


def parse(line: str) -> None:
    """Let the verb's own parser read a line; what stands in capitals or is cut short is no value to check."""
    words = shlex.split(re.sub(r"\[[^\]]*\]", "", line), comments=True)[1:]
    verb = words[0]
    parser = argparse.ArgumentParser(prog=verb, exit_on_error=False)
    importlib.import_module(module_of(verb)).add_arguments(parser)
    parser.parse_args([word for word in words[1:] if word != "..."])


def test_commands_in_blocks_are_understood() -> None:
    found = {line for page in PAGES for line in commands(page.read_text(encoding="utf-8"))}
    assert len(found) > 25
    wrong = {}
    for line in sorted(found):
        if line.split()[1] in ("VERB", "--help", "--version"):
            continue
        try:
            parse(line)
        except (argparse.ArgumentError, SystemExit, ModuleNotFoundError) as error:
            wrong[line] = str(error)
    assert wrong == {}


def test_commands_in_sentences_have_options_that_there_are() -> None:
    wrong = []
    known: dict[str, str] = {}
    for page in PAGES:
        for verb, rest in re.findall(r"`morph ([\w-]+)([^`]*)`", page.read_text(encoding="utf-8")):
            if verb == "VERB":
                continue
            assert verb in VERBS, page.name
            if verb not in known:
                parser = argparse.ArgumentParser(prog=verb)
                importlib.import_module(module_of(verb)).add_arguments(parser)
                known[verb] = _help_of(parser)
            wrong += [
                f"{page.name}: morph {verb} {flag}" for flag in re.findall(r"--[a-z][\w-]*", rest) if flag not in known[verb]
            ]
    assert wrong == []


def _help_of(parser: argparse.ArgumentParser) -> str:
    """Help of a verb and of all below it."""
    rooms = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return parser.format_help() + "".join(_help_of(below) for room in rooms for below in room.choices.values())


def test_extras_and_scripts_that_are_named_are_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    extras = set(
        re.findall(
            r"^([a-z-]+) = \[",
            text.partition("[project.optional-dependencies]")[2].partition("[project.scripts]")[0],
            re.MULTILINE,
        )
    )
    for page in PAGES:
        said = page.read_text(encoding="utf-8")
        named = {
            name.strip() for group in re.findall(r'pip install (?:-e )?"?\.\[([\w,-]+)\]', said) for name in group.split(",")
        }
        assert named <= extras, page.name
        scripts = re.findall(r"python ((?:data|tests)/[\w/]+\.py)", said)
        assert [script for script in scripts if not (ROOT / script).is_file()] == [], page.name


def test_links_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for link in re.findall(r"\]\(([^()\s#]+)(?:#[^()\s]*)?\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", link) and not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_every_page_is_in_the_navigation() -> None:
    named = set(re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert named == {page.relative_to(ROOT / "docs").as_posix() for page in PAGES[1:]}
