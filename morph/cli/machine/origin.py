"""Where a figure comes from: version, commit, command, machine, threads and packages."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from morph import __version__

PACKAGES = ("numpy", "scipy", "onnxruntime", "opencv-python-headless", "av", "numba", "torch")  # that figures depend on
ROOT = Path(__file__).resolve().parents[3]


def origin(words: Sequence[str]) -> dict[str, Any]:
    """What a bench says of its run, as plain values.

    ``morph`` the version; ``commit`` of the checkout that ran, "-dirty" where files were changed, None outside of one;
    ``command``, paths cut to their last name; ``machine``: ``processor``, ``cores``, ``system``; ``threads`` of each library,
    "BLAS" and "OpenCV" as they are set now, "ONNX Runtime" as sessions are made; ``python``; ``packages`` with versions.

    Args:
        words: of the command line after ``morph``.
    """
    return {
        "morph": __version__,
        "commit": commit(ROOT),
        "command": " ".join(["morph", *(Path(word).name if os.sep in word else word for word in words)]),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count() or 1,
            "system": f"{platform.system()} {platform.machine()}",
        },
        "threads": _threads(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
    }


def commit(root: Path) -> str | None:
    """Twelve digits of the commit of the checkout whose top is ``root``; None where git or the checkout is not there."""
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return None  # installed within somebody else's checkout
        return _git(root, "describe", "--always", "--abbrev=12", "--exclude", "*", "--dirty")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()


def processor() -> str:
    """Name of the processor as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _threads() -> dict[str, int]:
    import cv2
    from threadpoolctl import threadpool_info

    blas = [int(pool["num_threads"]) for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {"BLAS": max(blas, default=1), "OpenCV": cv2.getNumThreads(), "ONNX Runtime": 1}


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
