"""Loops that Numba compiles: one decorator, which needs no cache on disk, and takes a full or damaged one for none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from numba import njit
from numba.core.caching import FunctionCache


@overload
def compiled(function: Callable[..., Any]) -> Any: ...
@overload
def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]: ...
def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function of NumPy arrays at its first call, without the interpreter's lock.

    The machine code is kept beside the module or in the user's cache (``NUMBA_CACHE_DIR`` names another place) and taken
    from there the next time. Where neither can be written, each process compiles anew.

    Args:
        function: of numbers and arrays; None gives a decorator.
        options: of ``numba.njit``, as ``fastmath=True``.
    """
    if function is None:
        return lambda function: compiled(function, **options)
    dispatcher = njit(nogil=True, **options)(function)
    try:
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
    except (RuntimeError, OSError):  # "no locator available": no place for the cache
        return dispatcher
    return dispatcher


class _Cache(FunctionCache):
    """Numba's own, but that a cache that cannot be read or written costs time and nothing else."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # a cut-off pickle raises anything
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except Exception:  # the disk is full, or the index that is added to is damaged
            self.disable()  # type: ignore[no-untyped-call]
