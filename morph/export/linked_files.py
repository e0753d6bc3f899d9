"""Names of files that other programs and libraries have to read: in the text of a mesh, or given to C++."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def linked_path(path: Path, suffix: str) -> Path:
    """The file beside ``path`` that it names in its text.

    Readers split lines of OBJ and MTL at spaces and end them at ``#``, and bytes that are no UTF-8 cannot be text, so all but
    letters, digits, dots, dashes and underscores becomes ``_``.

    Args:
        path: of the mesh.
        suffix: of the file beside it.

    Example:
        >>> linked_path(Path("my head #2.obj"), ".mtl").name
        'my_head__2.mtl'
    """
    return path.with_name(re.sub(r"[^\w.-]", "_", path.stem) + suffix)


@contextlib.contextmanager
def path_for_cpp(path: Path) -> Iterator[Path]:
    """A path that a C++ library can write to: ``path``, or where its bytes are no UTF-8 another one, moved there in the end."""
    if os.fspath(path).isascii() or os.fsencode(path) == os.fspath(path).encode("utf-8", "replace"):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder, f"file{path.suffix if path.suffix.isascii() else ''}")
        yield inside
        shutil.copyfile(inside, path)
