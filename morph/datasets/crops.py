"""Crop sets: training pictures as one memory-mapped array of uint8 crops beside their labels.

A crop set is a folder::

    images.npy   (N, H, W, 3) uint8 RGB
    labels.npz   landmarks (N, 68, 2) in crop pixels, and as far as they are known: landmark_weights (N, 68),
                 shape (N, S), expression (N, E) z-scores, rotation (N, 3, 3), scale (N,), translation (N, 2),
                 expression_weights (N, E) how far each expression is to be trusted, 1 where nothing is said,
                 group (N,) identity number, name (N,)
    meta.json    format, model ({"name", "identity"}, where there are coefficients), licence, counts, checksum of the
                 pictures, how it was made
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError, reading
from morph.model.coefficients import Coefficients
from morph.model.morphable_model import MorphableModel
from morph.npz import read_npz

FORMAT = "morph-crops-1"


def read_set(folder: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], Image, dict[str, npt.NDArray[Any]]]:
    """``meta.json``, memory-mapped ``images.npy`` and ``labels.npz`` of a folder; ``kind`` names it in the error.

    Raises:
        MorphError: missing or damaged files.
    """
    folder = Path(folder)
    if not (folder / "meta.json").is_file():
        raise MorphError(f"{folder} is not a whole {kind}: it has no meta.json; make it again")
    with reading(folder, f"a whole {kind}", "make it again"):
        meta = json.loads((folder / "meta.json").read_text())
        if not isinstance(meta, dict):
            raise ValueError("meta.json holds no object")
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    return meta, images, read_npz(folder / "labels.npz", f"the labels of a {kind}", "make the set again")


def is_set(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder is a set of crops, and not of pictures or a clip."""
    return all(Path(folder, name).is_file() for name in ("meta.json", "images.npy"))


@dataclass(frozen=True, eq=False)
class CropSet:
    """N crops with labels; ``images`` is memory-mapped."""

    images: Image
    labels: dict[str, npt.NDArray[Any]]
    meta: dict[str, Any]

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.ndim != 4 or self.images.shape[-1] != 3 or self.images.dtype != np.uint8:
            raise MorphError(f"crop images must be (N, H, W, 3) uint8, got {self.images.shape} {self.images.dtype}")
        if self.labels["landmarks"].shape != (n, 68, 2):
            raise MorphError(f"crop landmarks must be ({n}, 68, 2), got {self.labels['landmarks'].shape}")
        for name, array in self.labels.items():
            if array.shape[:1] != (n,):
                raise MorphError(f"crop set has {n} images but labels {array.shape} of {name}")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def coefficients(self) -> Coefficients:
        """Coefficients of every crop.

        Raises:
            MorphError: the set has landmarks only.
        """
        names = ("shape", "expression", "rotation", "scale", "translation")
        missing = [name for name in names if name not in self.labels]
        if missing:
            raise MorphError(f"this crop set has no {', '.join(missing)}; fit a model to it with `morph fit`")
        return Coefficients(*(self.labels[name] for name in names))

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> CropSet:
        """Open a folder that :meth:`save` wrote.

        Raises:
            MorphError: missing or damaged files, or another format.
        """
        meta, images, labels = read_set(folder, "crop set")
        if meta.get("format") != FORMAT or "landmarks" not in labels:
            raise MorphError(f"{folder} is not a crop set of format {FORMAT}; make it again")
        if meta.get("count", len(images)) != len(images):
            raise MorphError(f"{folder} should hold {meta['count']} crops but has {len(images)}; make it again")
        try:
            return cls(images, labels, meta)
        except MorphError as error:
            raise MorphError(f"{folder} is damaged: {error}; make it again") from None

    def check_model(self, model: MorphableModel, folder: str | os.PathLike[str], hint: str) -> None:
        """See that the coefficients belong to ``model``; the error names ``folder`` and ends in ``hint``.

        Raises:
            MorphError: they belong to another, or nobody knows to which.
        """
        owner = self.meta.get("model")
        owner = owner if isinstance(owner, dict) else {"name": owner}
        if owner.get("identity") != model.identity:
            raise MorphError(
                f"{folder} holds coefficients of model {owner.get('name')!r} ({owner.get('identity')}), "
                f"not of {model.name!r} ({model.identity}); {hint}"
            )

    def verify(self) -> None:
        """Read every picture and compare with the checksum in ``meta.json`` (sets without one pass).

        Raises:
            MorphError: the bytes are not those that were written.
        """
        wanted, got = self.meta.get("images_crc32"), 0
        if wanted is None:
            return
        for start in range(0, len(self), 1024):
            got = zlib.crc32(np.ascontiguousarray(self.images[start : start + 1024]).data, got)
        if got != wanted:
            raise MorphError(f"the pictures of this crop set have changed (checksum {got}, written {wanted}); make it again")

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the folder; ``meta.json`` comes last, so a folder that has it is whole."""
        folder = output_folder(folder)
        with atomic_path(folder / "images.npy") as path:
            np.save(path, self.images)
        with atomic_path(folder / "labels.npz") as path:
            np.savez(path, **self.labels)  # type: ignore[arg-type]
        with atomic_path(folder / "meta.json") as path:
            meta = self.meta | {"images_crc32": zlib.crc32(np.ascontiguousarray(self.images).data)}
            path.write_text(json.dumps({**meta, "format": FORMAT, "count": len(self)}, indent=1))
