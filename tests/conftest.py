"""Shared fixtures, markers, and the watch over skips."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from skips import SkipWatch

MARKED_BY_FIXTURE = {"research_data": "research", "run_node": "node", "display": "display"}


def pytest_configure(config: pytest.Config) -> None:
    """With MORPH_CI set, a skip that is not expected fails the run."""
    config.pluginmanager.register(SkipWatch(strict=bool(os.environ.get("MORPH_CI"))), "skip-watch")


def pytest_sessionstart() -> None:
    """torchvision brings triton, whose library crashes the process where Alembic's was loaded before it."""
    with contextlib.suppress(ImportError):
        import torchvision  # noqa: F401


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need research data, Node.js or a screen are marked by the fixture that they ask for."""
    for item in items:
        for fixture, marker in MARKED_BY_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.fixture(scope="session")
def research_data() -> Path:
    """The folder of research-only data, beside the checkout or named by MORPH_RESEARCH_DATA."""
    default = Path(__file__).resolve().parents[2] / "shared" / "research-data"
    folder = Path(os.environ.get("MORPH_RESEARCH_DATA", default))
    if not (folder / "AFLW2000_labels.npz").is_file():
        pytest.skip(f"research data not found at {folder}; set MORPH_RESEARCH_DATA to run this test")
    return folder
