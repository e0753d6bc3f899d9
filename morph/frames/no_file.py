"""Names that are of no file: addresses, and patterns of names."""

from __future__ import annotations

import re
from pathlib import Path

NETWORK = ("http", "https", "ftp", "s3", "gs", "sftp")  # addresses of files; others are of streams


def no_file_name(name: str) -> str:
    """What a name is of which there is no file, and what to do; "" where it is an ordinary one.

    Args:
        name: as it was given; a ``Path`` that made one slash of two is told too.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):/", name)
    if scheme is not None:
        kind = scheme[1].lower()
        name = re.sub(r"^([^:]+):/+", r"\1:/" + "/" * (1 + (kind == "file")), name)
        if kind == "file":
            return f"{name} is an address of a file; give its path, without file://"
        if kind in NETWORK:
            return f"{name} is an address on a network; download it first, and give the file"
        return f"{name} is a stream on a network; record it first (ffmpeg -i ADDRESS -c copy clip.mkv), and give the file"
    if re.search(r"%0?[0-9]*d|[*?]|\[.+\]|#{2,}|\$F", name):
        return f"{name} is a pattern of names; give the folder of the pictures, {Path(name).parent}"
    return ""
