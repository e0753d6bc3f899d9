"""Which networks a tracker has, told by their contents."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any


def network_contents(tracker: Any) -> dict[str, str]:
    """A checksum of the bytes of every network of a tracker: two files of one name differ, two copies of one file do not.

    Args:
        tracker: a :class:`morph.tracking.Tracker`.

    Returns:
        For "weights", "detector", "identity" and "experts" 16 hexadecimal digits of SHA-256; "none" where there is none, and
        the name of its class for a detector that is not a network in a file.
    """
    parts = {name: getattr(tracker, name) for name in ("detector", "identity", "experts")}
    return {name: _content(part) for name, part in {"weights": tracker.regressor, **parts}.items()}


def _content(part: Any) -> str:
    if part is None:
        return "none"
    path = getattr(part, "path", None)
    if not isinstance(path, (str, os.PathLike)):
        return type(part).__name__
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
