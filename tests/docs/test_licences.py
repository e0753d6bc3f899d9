"""The table of licences, NOTICE and what ships name the same things."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from morph.model import load_default_model

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
NOTICE = (ROOT / "morph" / "assets" / "NOTICE.md").read_text(encoding="utf-8")
TEXTS = (".py", ".md", ".txt")


def rows() -> list[list[str]]:
    """The cells of the table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line.startswith("| ")][2:]


def test_every_asset_stands_in_the_table_and_in_notice() -> None:
    assets = ROOT / "morph" / "assets"
    shipped = [file.relative_to(assets).as_posix() for file in assets.rglob("*") if file.is_file()]
    names = {name for name in shipped if not name.endswith(TEXTS) and "__pycache__" not in name}
    assert names == {name for name in names if f"`{name}`" in TABLE}
    assert {name for name in names if name.endswith((".onnx", ".npz", ".js"))} == {
        n for n in names if n in NOTICE and "demo/" not in n
    }


def test_props_have_the_licence_that_they_state() -> None:
    said = {name: cells[1] for cells in rows() if cells[0].startswith("props") for name in re.findall(r"`(\w+)`", cells[0])}
    props = {
        file.parent.name: yaml.safe_load(file.read_text())["licence"] for file in (ROOT / "viewer/props").glob("*/prop.yaml")
    }
    assert said == props


def test_networks_say_what_they_saw_and_what_chose_them() -> None:
    networks = [cells for cells in rows() if ".onnx" in cells[0]]
    assert len(networks) == 6
    assert all(cells[2] and cells[3] for cells in networks)


def test_the_model_states_the_licence_of_the_table() -> None:
    assert load_default_model(0).licence == next(cells[1] for cells in rows() if "default_model" in cells[0])
