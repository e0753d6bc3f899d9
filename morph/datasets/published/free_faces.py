"""Photographs of faces that anyone may use, with points that a labeller saw: what is kept apart, and crop sets of them.

Two layouts are read, both described in ``data/free_faces/README.md``: pictures with 478 points each, and coefficients that
were fitted to the pictures of FairFace, which are published elsewhere.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.arrays import Bools, Floats, Image, Indices
from morph.crop.geometry import resize_similarity
from morph.datasets.picture_store import PictureStore
from morph.errors import MorphError, reading
from morph.model.coefficients import Coefficients
from morph.npz import open_npz

SIZE = 144  # pixels of the pictures that are written
HELD_OUT = 8  # one person in so many is kept apart
CLIPS = ("grid_lipnet", "intel", "obama_wh")  # frames of few persons: each source counts as one
CONGRESS = ("hainish", "cse151a")  # the same portraits under the same file names


@dataclass(frozen=True, eq=False)
class FreeFaces:
    """Photographs with dense points.

    Attributes:
        folder: where ``images/`` is.
        names: ``(N,)`` files in ``images/``, without suffix.
        sources: ``(N,)``.
        persons: ``(N,)`` what is thought to be one person.
        points: ``(N, 478, 2)`` pixels of the picture, 0-based, y down.
        sizes: ``(N,)`` sides of the square pictures.
    """

    folder: Path
    names: npt.NDArray[np.str_]
    sources: npt.NDArray[np.str_]
    persons: npt.NDArray[np.str_]
    points: Floats
    sizes: Indices

    def __len__(self) -> int:
        return len(self.names)

    def picture(self, row: int) -> Image:
        """``(S, S, 3)`` uint8 RGB.

        Raises:
            MorphError: missing, or not a picture.
        """
        for suffix in (".jpg", ".webp"):
            path = self.folder / "images" / f"{self.names[row]}{suffix}"
            if path.is_file():
                return decode_picture(path.read_bytes(), str(path))
        raise MorphError(f"{self.folder / 'images'} has no picture {self.names[row]}; get the files again")


def _read(path: Path, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    how = "see data/free_faces/README.md"
    with reading(path, f"an npz with {', '.join(names)}", how), open_npz(path) as archive:
        arrays = {name: archive[name] for name in names}
    if len({array.shape[:1] for array in arrays.values()}) != 1:
        raise MorphError(f"{path}: {', '.join(names)} differ in length; get the file again")
    return arrays


def decode_picture(data: bytes, name: str) -> Image:
    """``(H, W, 3)`` uint8 RGB of the bytes of a picture file; ``name`` stands in the error.

    Raises:
        MorphError: not a picture.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise MorphError(f"{name} is not a picture that can be read; get it again")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def person_of(source: str, origin: str) -> str:
    """What stands for the person of a picture: the file's name for portraits, the source for frames of clips.

    Args:
        source: which collection.
        origin: the picture's path there.
    """
    if source in CLIPS:
        return source
    stem = re.sub(r"[^a-z0-9]+", " ", Path(origin.split("#")[0]).stem.lower()).strip()
    return f"{'congress' if source in CONGRESS else source.split('_')[0]}/{stem}"


def number_of(person: str) -> int:
    """A number that stands for a person, the same on every machine."""
    return zlib.crc32(person.encode())


def kept_apart(numbers: npt.ArrayLike) -> Bools:
    """Which persons never teach: one number in eight.

    Args:
        numbers: ``(N,)`` of :func:`number_of`, or checksums of pictures.
    """
    return np.asarray(np.asarray(numbers, np.int64) % HELD_OUT == 0)


def open_free_faces(folder: str | os.PathLike[str], *, without: Sequence[str] = ("fairface",)) -> FreeFaces:
    """Read ``labels.npz`` beside ``images/``.

    Args:
        folder: of both.
        without: sources to leave out; FairFace's whole pictures are elsewhere.

    Raises:
        MorphError: missing or damaged.
    """
    folder = Path(folder)
    arrays = _read(folder / "labels.npz", ("name", "source", "origin", "size", "points478_x8"))
    points = (arrays["points478_x8"] / np.float32(8)).astype(np.float32)
    if points.shape[1:] != (478, 2):
        raise MorphError(f"{folder / 'labels.npz'}: points478_x8 must be (N, 478, 2), got {points.shape}")
    rows = np.flatnonzero(~np.isin(arrays["source"].astype(str), list(without)))
    sources, origins = arrays["source"].astype(str)[rows], arrays["origin"].astype(str)[rows]
    persons = np.array([person_of(source, origin) for source, origin in zip(sources, origins, strict=True)])
    return FreeFaces(
        folder, arrays["name"].astype(str)[rows], sources, persons, points[rows], arrays["size"][rows].astype(np.int64)
    )


def resized(picture: Image, size: int = SIZE) -> Image:
    """A square picture at another size.

    Args:
        picture: ``(S, S, 3)``.
        size: side in pixels.
    """
    how = cv2.INTER_AREA if size < len(picture) else cv2.INTER_LINEAR
    return cv2.resize(picture, (size, size), interpolation=how)  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class FittedFairFace:
    """What was fitted to FairFace's pictures, in the pixels of pictures of ``SIZE``.

    Attributes:
        names: ``(N,)`` as ``train/123.jpg``.
        coefficients: of all N.
        error: ``(N,)`` distance of the fit from the labeller's points, per cent of the face.
    """

    names: npt.NDArray[np.str_]
    coefficients: Coefficients
    error: Floats


def open_fairface_fit(path: str | os.PathLike[str], n_shape: int, *, published: int = 224) -> FittedFairFace:
    """Read ``fairface_fit.npz``; only pictures of ``train/`` are taken.

    Args:
        path: the file.
        n_shape: shape modes of the model.
        published: side in pixels of the pictures that it was fitted to.

    Raises:
        MorphError: missing or damaged.
    """
    arrays = _read(Path(path), ("name", "shape_expression", "pose", "error"))
    flat = np.concatenate([arrays["shape_expression"], arrays["pose"]], axis=1).astype(np.float64)
    rows = np.flatnonzero(np.char.startswith(arrays["name"].astype(str), "train/"))
    found = Coefficients.from_flat(flat[rows], n_shape)
    moved = found.transform(np.repeat(resize_similarity(published, SIZE)[None], len(rows), 0))
    return FittedFairFace(arrays["name"].astype(str)[rows], moved, arrays["error"][rows].astype(np.float32))


def read_fairface(store: PictureStore, name: str) -> tuple[Image, int]:
    """A picture of FairFace at ``SIZE``, and the checksum that stands for it.

    Args:
        store: where the pictures lie.
        name: as ``train/123.jpg``.

    Raises:
        MorphError: missing, not a picture, or of ``val/``, which never teaches.
    """
    if not name.startswith("train/"):
        raise MorphError(f"{name} is not of train/; the pictures of val/ are for measuring alone")
    data = store.read(name)
    return resized(decode_picture(data, name)), zlib.crc32(data)
