"""What a visitor looks at first is true: versions, citation, classifiers, hooks, forms of the issues."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

import morph

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest there

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_changes_and_citation_are_of_this_version() -> None:
    newest = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert morph.__version__ == newest == cited["version"]
    assert cited["authors"] == PROJECT["authors"] == [{"name": "The morph authors"}]
    assert cited["license"] == PROJECT["license"]


def test_classifiers_begin_with_the_oldest_python_that_is_asked_for() -> None:
    minors = [int(found[1]) for word in PROJECT["classifiers"] if (found := re.search(r":: 3\.(\d+)$", word))]
    assert minors == list(range(minors[0], minors[0] + len(minors)))
    assert PROJECT["requires-python"] == f">=3.{minors[0]}"


def test_the_way_in_is_short_and_names_what_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert len(text.splitlines()) <= 40
    assert [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (ROOT / link).exists()] == []
    named = re.findall(r"`((?:tests|\.ci|morph|docs)/[\w./]+)`", text)
    assert len(named) > 3
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_hooks_are_the_tools_of_the_developers_extra() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    tools = {hook["entry"].split()[0] for hook in hooks if hook["language"] == "system"}
    wanted = {re.split(r"[^\w-]", need)[0] for need in PROJECT["optional-dependencies"]["dev"]}
    assert {{"lint-imports": "import-linter"}.get(tool, tool) for tool in tools} <= wanted


def test_a_hook_stops_no_file_that_is_there() -> None:
    (forbidden,) = [
        hook["files"]
        for hook in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
        if hook["language"] == "fail"
    ]
    shipped = [file for folder in ("morph", "data", "docs", "viewer") for file in (ROOT / folder).rglob("*.*")]
    assert [file for file in shipped if re.search(forbidden, file.name)] == []
    assert re.search(forbidden, "runs/last.ckpt")


def test_forms_of_issues_ask_for_the_doctor() -> None:
    forms = {file.stem: yaml.safe_load(file.read_text()) for file in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")}
    assert set(forms) == {"bug", "wish", "config"}
    assert any("morph doctor" in str(part) for part in forms["bug"]["body"])
    for form in (forms["bug"], forms["wish"]):
        assert {"name", "description", "body"} <= set(form)
