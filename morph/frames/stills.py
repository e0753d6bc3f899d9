"""One picture, and the pictures of a folder, as frames."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from morph.errors import MorphError
from morph.frames.animation import count_pictures
from morph.frames.formats import CLIP_SUFFIXES, HEAD, PICTURE_SUFFIXES, format_of, is_system_file, listed
from morph.frames.frame import SEQUENCE_RATE, Frame, FrameSource
from morph.frames.picture import decode_file, read_file
from morph.frames.sequence import mixed_sequences, natural_key, picture_names, sequence_numbers

LOGGER = logging.getLogger("morph")
NAMED = 10  # files that are left out are named up to this many


class PictureSource(FrameSource):
    """One picture; of a file that holds several, the first."""

    kind = "picture"

    def __init__(self, path: Path) -> None:
        self.name, self.count, self._path = str(path), 1, path

    def __iter__(self) -> Iterator[Frame]:
        data = read_file(self._path)
        image = decode_file(self._path, data)
        _say_more(self, self._path, data)
        yield Frame(0, 0.0, image, self._path.stem)


class FolderSource(FrameSource):
    """The pictures of a folder, sorted as people count (2 before 10); subfolders are left alone.

    Numbered ones (:func:`morph.frames.sequence.sequence_numbers`) are a sequence: the number is the frame's, and its time is
    ``(number - first) / rate``, so that gaps stay gaps. Others are a heap of unrelated pictures, counted from 0.

    Attributes:
        files: the pictures, in order.
        numbers: of their frames.
        names: a name for each that no other one has.
        missing: numbers between the first and the last that no file has.
    """

    def __init__(self, path: Path) -> None:
        self.name, self.damaged = str(path), 0
        try:
            inside = sorted((file for file in path.iterdir() if not is_system_file(file.name)), key=natural_key)
        except OSError as error:
            raise MorphError(f"cannot read the folder {path}: {error.strerror}") from None
        self.files = [file for file in inside if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()]
        if not self.files:
            clips = sum(file.suffix.lower() in CLIP_SUFFIXES for file in inside)
            also = f", but {clips} clip{'s' * (clips > 1)}; give one of them," if clips else "; give a folder with"
            raise MorphError(f"{path} holds no pictures{also} {'or ' if clips else ''}{listed(PICTURE_SUFFIXES)} files")
        self.count = len(self.files)
        numbers = sequence_numbers(self.files)
        self.kind = "pictures" if numbers is None else "sequence"
        if numbers is None and (mixed := mixed_sequences(self.files)):
            LOGGER.warning(
                "%s: numbered pictures (%s) lie among others, so all are taken for unrelated ones; give a sequence a folder of "
                "its own",
                *(path, _some(mixed)),
            )
        order = sorted(zip(numbers or range(len(self.files)), self.files, strict=True))
        self.numbers, self.files = [number for number, _ in order], [file for _, file in order]
        self.names = picture_names(self.files)
        there = set(self.numbers)
        self.missing = tuple(k for k in range(self.numbers[0], self.numbers[-1]) if k not in there)
        pictures = set(self.files)
        self._say_left_out([file for file in inside if file not in pictures])

    def _say_left_out(self, others: list[Path]) -> None:
        folders = [file.name for file in others if file.is_dir()]
        files = [file.name for file in others if file.name not in folders]
        if files:
            what = "file that is no picture" if len(files) == 1 else "files that are no pictures"
            self.leave_out(f"{len(files)} {what} ({_some(files)})")
        if folders:
            self.leave_out(f"{len(folders)} folder{'s' * (len(folders) > 1)} inside it ({_some(folders)})")

    def __iter__(self) -> Iterator[Frame]:
        self.damaged = 0
        for number, file, name in zip(self.numbers, self.files, self.names, strict=True):
            try:
                data = read_file(file)
                image = decode_file(file, data)
            except MorphError as error:
                self.damaged += 1
                if self.damaged <= NAMED:
                    self.leave_out(str(error))
                continue
            _say_more(self, file, data, f"{file.name}: ")
            time = (number - self.numbers[0]) / self.rate if self.kind == "sequence" else number / SEQUENCE_RATE
            yield Frame(number, time, image, name)
        if self.damaged == len(self.files):
            raise MorphError(f"none of the {self.damaged} picture files in {self.name} can be read")


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def _say_more(source: FrameSource, path: Path, data: bytes, before: str = "") -> None:
    """Name what a file holds beside its first picture."""
    kind = format_of(data[:HEAD], path.suffix)
    more = 0 if kind is None else count_pictures(data, kind) - 1
    if kind is not None and more:
        what = "page" if kind.name == "TIFF" else "frame"
        source.leave_out(f"{before}{more} {what}{'s' * (more > 1)} after the first")
