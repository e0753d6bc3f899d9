"""Clip windows: a few frames in a row of one face, all in the same crop, with the flow of its landmarks from each to the next.

A set of windows is a folder::

    images.npy   (N, T, S, S, 3) uint8 RGB
    labels.npz   landmarks (N, T, 68, 2) as the network saw them, in pixels of the crop; flow (N, T - 1, 68, 2), their motion
                 to the next frame; trusted (N, T - 1, 68) bool, where that motion can be believed; clip (N,) its number
    meta.json    format, count, the clips, how it was made
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from morph.arrays import Bools, Floats, Image, Ints
from morph.atomic import atomic_path, output_folder
from morph.datasets.crops import read_set
from morph.datasets.npy_rows import NpyRows
from morph.errors import MorphError

FORMAT = "morph-windows-1"
NAMES = ("landmarks", "flow", "trusted", "clip")


@dataclass(frozen=True, eq=False)
class ClipWindow:
    """One window, as :class:`ClipWindows` holds N of them; ``clip`` is the number of its clip."""

    images: Image
    landmarks: Floats
    flow: Floats
    trusted: Bools
    clip: int


@dataclass(frozen=True, eq=False)
class ClipWindows:
    """N windows of T frames; ``images`` is memory-mapped."""

    images: Image
    landmarks: Floats
    flow: Floats
    trusted: Bools
    clip: Ints
    meta: dict[str, Any]

    def __post_init__(self) -> None:
        n, frames = self.images.shape[:2]
        want = {"landmarks": (n, frames, 68, 2), "flow": (n, frames - 1, 68, 2), "trusted": (n, frames - 1, 68), "clip": (n,)}
        for name, shape in want.items():
            got = getattr(self, name).shape
            if got != shape:
                raise MorphError(f"{name} of {n} windows of {frames} frames must be {shape}, got {got}")

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> ClipWindows:
        """Open a folder that :func:`write_windows` wrote.

        Raises:
            MorphError: missing or damaged files, or another format.
        """
        meta, images, labels = read_set(folder, "set of clip windows")
        missing = [name for name in NAMES if name not in labels]
        if missing:
            raise MorphError(f"{folder} has no {missing[0]}; delete it and run again")
        if meta.get("format") != FORMAT or meta.get("count") != len(images):
            raise MorphError(f"{folder} is not a whole set of clip windows of format {FORMAT}; delete it and run again")
        try:
            return cls(images, meta=meta, **{name: labels[name] for name in NAMES})
        except (MorphError, ValueError) as error:
            raise MorphError(f"{folder} is damaged: {error}; delete it and run again") from None


def write_windows(
    folder: str | os.PathLike[str], windows: Iterable[ClipWindow], shape: tuple[int, int, int], meta: dict[str, Any]
) -> ClipWindows:
    """Write windows as they come; ``meta.json`` comes last, so a folder that has it is whole.

    Args:
        folder: to write.
        windows: as many as ``shape`` says.
        shape: windows, frames of each, side of their square pictures.
        meta: goes into ``meta.json``.
    """
    folder = output_folder(folder)
    count, frames, side = shape
    rows: list[ClipWindow] = []
    with atomic_path(folder / "images.npy") as path, NpyRows(path, np.uint8, (count, frames, side, side, 3)) as images:
        for window in windows:
            images.add(window.images[None])
            rows.append(ClipWindow(window.images[:0], window.landmarks, window.flow, window.trusted, window.clip))
    labels = {name: np.stack([getattr(row, name) for row in rows]) for name in NAMES}
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **labels)  # type: ignore[arg-type]
    with atomic_path(folder / "meta.json") as path:
        path.write_text(json.dumps({**meta, "format": FORMAT, "count": len(rows)}, indent=1))
    return ClipWindows.open(folder)
