"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def research_data() -> Path:
    """The folder of research-only data, beside the checkout or named by MORPH_RESEARCH_DATA."""
    default = Path(__file__).resolve().parents[2] / "shared" / "research-data"
    folder = Path(os.environ.get("MORPH_RESEARCH_DATA", default))
    if not (folder / "AFLW2000_labels.npz").is_file():
        pytest.skip(f"research data not found at {folder}; set MORPH_RESEARCH_DATA to run this test")
    return folder
