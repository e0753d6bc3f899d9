"""What a numbered sequence of pictures is, and what is a heap of unrelated ones."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

NUMBER = re.compile(r"(?:(?<=[._])-|^-)?[0-9]+")  # a minus sign stands at the start or after . or _; "take-2" has none
FEWEST = 3  # pictures that are called a sequence among others
MOST_NAMED = 10
SPARSEST = 100  # numbers there would be for each one that is there; beyond that they are dates or names, and count no frames


def sequence_numbers(files: Sequence[Path]) -> list[int] | None:
    """The frame numbers of pictures that are one numbered sequence.

    They are one where there are several, of one suffix and, as far as their first bytes tell, one size; where their names are
    the same but for one number, which may stand anywhere, with zeros before it or not (``shot.v003.1001.jpg``,
    ``img (1).png``, ``0001_left.png``); and where these numbers differ and leave no gaps so large that they cannot count
    frames.

    Args:
        files: the pictures of a folder.

    Returns:
        A number a file, or None where they are unrelated.
    """
    if len(files) < 2:
        return None
    suffix, texts = files[0].suffix.lower(), NUMBER.split(files[0].stem.lower())
    found = []
    for file in files:
        stem = file.stem.lower()
        if file.suffix.lower() != suffix or NUMBER.split(stem) != texts:
            return None
        found.append(NUMBER.findall(stem))
    changing = [column for column in zip(*found, strict=True) if len(set(column)) > 1]
    if len(changing) != 1:
        return None
    numbers = [int(text) for text in changing[0]]
    if len(set(numbers)) < len(numbers) or max(numbers) - min(numbers) >= SPARSEST * len(numbers):
        return None
    sizes = {size for size in map(stored_size, files) if size is not None}
    return numbers if len(sizes) < 2 else None


def mixed_sequences(files: Sequence[Path]) -> list[str]:
    """Names, with # for the number, of sequences among pictures that together are none.

    Args:
        files: the pictures of a folder for which :func:`sequence_numbers` found nothing.
    """
    groups: dict[str, list[Path]] = {}
    for file in files:
        place = list(NUMBER.finditer(file.stem))
        for number in place:
            name = file.stem[: number.start()] + "#" + file.stem[number.end() :] + file.suffix
            groups.setdefault(name.lower(), []).append(file)
    likely = [(name, group) for name, group in groups.items() if len(group) >= FEWEST][:MOST_NAMED]
    return [name for name, group in likely if sequence_numbers(group) is not None]


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sorts names with their numbers as numbers."""
    parts = re.split(r"([0-9]+)", path.name.lower())
    return [(0, int(part), "") if re.fullmatch("[0-9]+", part) else (1, 0, part) for part in parts]


def picture_names(files: Sequence[Path]) -> list[str]:
    """A name for each file that no other one has, also where case does not count: its stem, or its whole name.

    Args:
        files: of one folder.
    """
    stems = Counter(_same(file.stem) for file in files)
    taken: set[str] = set()
    out = []
    for file in files:
        name = file.stem if stems[_same(file.stem)] == 1 else file.name
        free, k = name, 2
        while _same(free) in taken:
            free, k = f"{name}-{k}", k + 1
        taken.add(_same(free))
        out.append(free)
    return out


def _same(name: str) -> str:
    """Equal for names that some file system holds for one."""
    return unicodedata.normalize("NFC", name).casefold()


def stored_size(file: Path) -> tuple[int, int] | None:
    """Width and height of a JPEG or PNG as stored, from its first bytes; None of other files and damaged ones."""
    try:
        with file.open("rb") as stream:
            head = stream.read(26)
            if head.startswith(b"\x89PNG"):
                return struct.unpack_from(">II", head, 16)
            if not head.startswith(b"\xff\xd8"):
                return None
            stream.seek(2)
            while len(mark := stream.read(4)) == 4 and mark[0] == 0xFF:
                if 0xC0 <= mark[1] <= 0xCF and mark[1] not in (0xC4, 0xC8, 0xCC):
                    height, width = struct.unpack(">xHH", stream.read(5))
                    return width, height
                stream.seek(int.from_bytes(mark[2:], "big") - 2, 1)
    except (OSError, struct.error):
        pass
    return None
