"""What the site's hook brings along: files outside ``docs/`` that pages lead to."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("repository_files", ROOT / "docs" / "site" / "repository_files.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def turned(hook, place: str, text: str) -> str:
    return hook.on_page_markdown(text, SimpleNamespace(file=SimpleNamespace(src_uri=place)))


def test_cards_and_what_they_lead_to_come_along(hook) -> None:
    found = hook.outside()
    assert {"LICENSE", "morph/assets/shufflenet_v2_x1.0.md", "data/free_faces/README.md", "viewer/props/README.md"} <= set(
        found
    )
    assert not any(place.startswith("docs/") for place in found)


def test_links_that_leave_the_folder_lead_to_copies(hook) -> None:
    assert turned(hook, "faq.md", "[a](../LICENSE)") == "[a](repository/LICENSE.txt)"
    assert (
        turned(hook, "guides/track.md", "[a](../../data/clips/README.md#measured)")
        == "[a](../repository/data/clips/README.md#measured)"
    )
    assert turned(hook, "repository/data/clips/README.md", "[a](../../docs/faq.md)") == "[a](../../../faq.md)"
    assert turned(hook, "repository/configs/README.md", "in [data](../data).") == "in data."


def test_links_within_the_folder_and_to_nothing_stay(hook) -> None:
    for text in ("[a](glossary.md)", "[a](nowhere.md)", "[a](https://example.org/x)", "[a](#below)"):
        assert turned(hook, "faq.md", text) == text
