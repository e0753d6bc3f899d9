"""One renderer for all tests of rendered pictures; compiled loops are cached on disk after its first picture."""

from __future__ import annotations

import cv2
import pytest

from morph.synthesis import Renderer


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    cv2.setNumThreads(1)
    made = Renderer()
    made.render(0, 64)
    return made
