"""Loads alembic3d after triton: with some releases the process crashes where PyTorch's compiler comes second."""

from __future__ import annotations

import contextlib
from typing import Any


def load_alembic() -> Any:
    """The package ``alembic3d``, with ``Abc``, ``AbcGeom`` and ``AbcCoreAbstract``.

    triton, which torchvision imports, is loaded first where it is installed (0.1 s).

    Raises:
        ImportError: it is not installed.
    """
    with contextlib.suppress(ImportError):
        import triton  # noqa: F401
    import alembic3d

    return alembic3d
