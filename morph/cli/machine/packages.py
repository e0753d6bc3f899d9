"""Which extras are installed, by what the distribution's own metadata says they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from morph.errors import MorphError

DISTRIBUTION = "morph-face"
HIDDEN = ("all", "dev")  # extras that are sums of others, or for who changes the code
NAME = re.compile(r"[A-Za-z0-9._-]+")
EXTRA = re.compile(r"extra\s*==\s*['\"]([A-Za-z0-9._-]+)['\"]")


@dataclass(frozen=True)
class Extra:
    """An extra of the distribution.

    Attributes:
        name: as in ``pip install 'morph-face[NAME]'``; "" for what is always installed.
        found: version by distribution, for what is installed.
        missing: distributions that are not.
    """

    name: str
    found: dict[str, str]
    missing: tuple[str, ...]


def extras() -> list[Extra]:
    """What is always needed first, and then each extra, in the order of the metadata.

    Raises:
        MorphError: the code runs without having been installed, and no metadata says what it needs.
    """
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise MorphError(f"{DISTRIBUTION} is not installed; run `pip install .` in its folder") from None
    wanted: dict[str, list[str]] = {"": []}
    for extra, name in _requirements(lines):
        names = wanted.setdefault(extra, [])
        if name not in names and extra not in HIDDEN:
            names.append(name)
    return [_look_for(extra, names) for extra, names in wanted.items() if names]


def _requirements(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Extra ("" for none) and distribution of each line, as ``h5py>=3.10; extra == 'convert'``."""
    for line in lines:
        needed, _, marker = line.partition(";")
        name = NAME.match(needed.strip())
        if name is not None:
            extra = EXTRA.search(marker)
            yield (extra.group(1) if extra else ""), name.group()


def _look_for(extra: str, names: list[str]) -> Extra:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return Extra(extra, found, tuple(name for name in names if name not in found))
