"""Verbs that track keep NumPy and OpenCV to one thread, and give the others back."""

from __future__ import annotations

import argparse
import importlib

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from morph.cli import main


def blas_threads() -> set[int]:
    np.ones((4, 4)) @ np.ones((4, 4))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.mark.parametrize(("verb", "arguments"), [("track", ["x", "--out", "y"]), ("bench", ["video", "x"])])
def test_one_thread_while_a_verb_tracks(monkeypatch: pytest.MonkeyPatch, verb: str, arguments: list[str]) -> None:
    before, seen = (blas_threads(), cv2.getNumThreads()), []

    def look(options: argparse.Namespace) -> None:
        seen.append((blas_threads(), cv2.getNumThreads()))

    monkeypatch.setattr(importlib.import_module(f"morph.cli.{verb}"), "run", look)
    assert main([verb, *arguments]) == 0
    assert seen == [({1}, 1)]
    assert (blas_threads(), cv2.getNumThreads()) == before
