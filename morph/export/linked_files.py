"""Names of files that another file names: materials and textures beside a mesh."""

from __future__ import annotations

import re
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
