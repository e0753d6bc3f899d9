"""Pictures by name, out of a folder or out of a Git repository without a work tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Protocol

from morph.errors import MorphError


class PictureStore(Protocol):
    """Where published pictures lie."""

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            MorphError: there is none of this name.
        """
        ...


class FolderStore:
    """Files below a folder.

    Args:
        folder: names are relative to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes:
        """See :class:`PictureStore`."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise MorphError(f"cannot read {self.folder / name}: {error.strerror}; get the pictures again") from None


class GitStore:
    """Files of a commit, read through one ``git cat-file --batch`` that stays open.

    Args:
        repository: a clone, bare or not.
        under: folder inside it that names are relative to.
        commit: any name of a commit.

    Raises:
        MorphError: git is not installed.
    """

    def __init__(self, repository: Path, under: str = "", commit: str = "HEAD") -> None:
        self.repository, self.under = repository, under
        git = ["git", "-C", str(repository)]
        try:
            tree = f"{commit}:{under}"
            listing = subprocess.run([*git, "ls-tree", "-r", "-z", tree], capture_output=True, check=False)
            self._git = subprocess.Popen([*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError:
            raise MorphError("git is not installed; check the repository out elsewhere and give the folder") from None
        entries = (entry.split("\t", 1) for entry in listing.stdout.decode().split("\0") if entry)
        self._blobs = {name: head.split()[2] for head, name in entries}  # a path costs git the whole tree each time

    def read(self, name: str) -> bytes:
        """See :class:`PictureStore`."""
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        head: list[bytes] = []
        if name in self._blobs:
            try:
                self._git.stdin.write(f"{self._blobs[name]}\n".encode())
                self._git.stdin.flush()
                head = self._git.stdout.readline().split()
            except OSError:
                head = []
        if len(head) != 3 or head[1] != b"blob":
            raise MorphError(f"{self.repository} has no {self.under}/{name}; fetch the repository again")
        data = self._git.stdout.read(int(head[2]))
        self._git.stdout.read(1)
        return data

    def close(self) -> None:
        """End git."""
        if self._git.stdin is not None:
            self._git.stdin.close()
        if self._git.stdout is not None:
            self._git.stdout.close()
        self._git.wait()


def open_pictures(place: str | os.PathLike[str], under: str) -> PictureStore:
    """The pictures of ``under`` inside a folder, a clone or a bare repository.

    Args:
        place: the folder.
        under: where the pictures lie in it.

    Raises:
        MorphError: ``place`` is neither.
    """
    place = Path(place)
    if (place / under).is_dir():
        return FolderStore(place / under)
    if (place / "HEAD").is_file() or (place / ".git").exists():
        return GitStore(place, under)
    raise MorphError(f"{place} has no folder {under} and is no Git repository; see data/free_faces/README.md")
