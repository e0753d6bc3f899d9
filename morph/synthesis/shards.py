"""Many pictures into a crop set: in blocks of seeds, by several processes, and again from where it stopped."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path, output_folder
from morph.datasets.crops import CropSet
from morph.errors import MorphError
from morph.synthesis.engine import Renderer

BLOCK = 250
LABELS = (
    "landmarks",
    "visibility",
    "shape",
    "expression",
    "rotation",
    "scale",
    "translation",
    "camera_rotation",
    "camera_position",
    "camera_focal",
    "camera_centre",
)


@dataclass(frozen=True)
class SynthesisPlan:
    """What to render; two plans that are equal give the same bytes.

    Attributes:
        count: how many pictures.
        seed: of the whole set.
        start: number of the first picture: ``start=K`` continues the set that ``count=K`` made.
        size: pixels of the square pictures.
        supersampling: 1, or 2 for smoother edges at a third of the speed.
        environments: folder of panoramas; None uses procedural ones.
    """

    count: int
    seed: int = 0
    start: int = 0
    size: int = 160
    supersampling: int = 1
    environments: str | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise MorphError(f"--count must be at least 1, got {self.count}")
        if self.start < 0 or self.seed < 0:
            raise MorphError(f"--start and --seed must not be negative, got {self.start} and {self.seed}")
        if not 48 <= self.size <= 1024:
            raise MorphError(f"--size must lie between 48 and 1024 pixels, got {self.size}")
        if self.supersampling not in (1, 2):
            raise MorphError(f"--supersampling is 1 or 2, got {self.supersampling}")
        if self.environments is not None and not Path(self.environments).is_dir():
            raise MorphError(
                f"no such environments folder {self.environments}; "
                "fetch some with data/synthetic/prepare.py, or leave --environments out"
            )

    def blocks(self) -> list[tuple[int, int]]:
        """First number and one past the last of each block; blocks lie on multiples of the block's length."""
        stop = self.start + self.count
        cuts = [self.start, *range((self.start // BLOCK + 1) * BLOCK, stop, BLOCK), stop]
        return list(itertools.pairwise(cuts))


def synthesise(
    plan: SynthesisPlan,
    folder: str | os.PathLike[str],
    *,
    processes: int = 1,
    progress: Callable[[int], None] | None = None,
) -> CropSet:
    """Render a crop set into ``folder``; blocks that an earlier run finished there are kept.

    Args:
        plan: what to render.
        folder: where to; parts lie in ``folder/parts`` until all are there.
        processes: how many to render with; the bytes do not depend on it.
        progress: called with the number of pictures that became ready.

    Raises:
        MorphError: the folder cannot be written, or holds parts of another plan.
    """
    if processes < 1:
        raise MorphError(f"--processes must be at least 1, got {processes}")
    folder = output_folder(folder)
    if (folder / "meta.json").is_file():
        done = CropSet.open(folder)
        if done.meta.get("plan") == asdict(plan):
            return done
        raise MorphError(f"{folder} holds another crop set; choose an empty folder")
    parts = output_folder(folder / "parts")
    note = parts / "plan.txt"
    if note.is_file() and note.read_text() != _describe(plan):
        raise MorphError(f"{folder} holds parts of another set ({note.read_text()}); finish that one or choose an empty folder")
    if not note.is_file():
        with atomic_path(note) as path:
            path.write_text(_describe(plan))
    missing = []
    for block in plan.blocks():
        if _part(parts, block).is_file():
            if progress:
                progress(block[1] - block[0])
        else:
            missing.append(block)
    for first, last in _render_all(plan, parts, missing, processes):
        if progress:
            progress(last - first)
    return _join(plan, parts, folder)


def _describe(plan: SynthesisPlan) -> str:
    return ", ".join(f"{key} {value}" for key, value in asdict(plan).items())


def _part(parts: Path, block: tuple[int, int]) -> Path:
    return parts / f"{block[0]:08d}-{block[1]:08d}.npz"


_renderer: Renderer | None = None


def _start(environments: str | None) -> None:
    global _renderer
    cv2.setNumThreads(1)
    _renderer = Renderer(environments)


def _render_block(job: tuple[SynthesisPlan, Path, tuple[int, int]]) -> tuple[int, int]:
    plan, parts, block = job
    assert _renderer is not None
    with atomic_path(_part(parts, block)) as path:
        np.savez(path, **render_range(_renderer, plan, *block))
    return block


def _render_all(plan: SynthesisPlan, parts: Path, blocks: list[tuple[int, int]], processes: int) -> Iterator[tuple[int, int]]:
    jobs = [(plan, parts, block) for block in blocks]
    if not jobs:
        return
    if processes == 1:
        _start(plan.environments)
        yield from map(_render_block, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(processes, len(jobs)), _start, (plan.environments,)) as pool:
        yield from pool.imap_unordered(_render_block, jobs)


def render_range(renderer: Renderer, plan: SynthesisPlan, first: int, last: int) -> dict[str, npt.NDArray[Any]]:
    """Pictures ``first`` to ``last - 1`` of a plan: images and labels as a crop set names them."""
    pictures = [renderer.render((plan.seed, i), plan.size, plan.supersampling) for i in range(first, last)]
    cameras, exact = [picture.camera for picture in pictures], [picture.perspective for picture in pictures]
    return {
        "images": np.stack([picture.image for picture in pictures]),
        "landmarks": np.stack([picture.landmarks for picture in pictures]),
        "visibility": np.stack([picture.visibility for picture in pictures]),
        "shape": np.stack([picture.shape for picture in pictures]),
        "expression": np.stack([picture.expression for picture in pictures]),
        "rotation": np.stack([camera.rotation for camera in cameras]).astype(np.float32),
        "scale": np.array([camera.scale for camera in cameras], np.float32),
        "translation": np.stack([camera.translation for camera in cameras]).astype(np.float32),
        "camera_rotation": np.stack([camera.rotation for camera in exact]).astype(np.float32),
        "camera_position": np.stack([camera.position for camera in exact]).astype(np.float32),
        "camera_focal": np.array([camera.focal for camera in exact], np.float32),
        "camera_centre": np.stack([camera.centre for camera in exact]).astype(np.float32),
    }


def _join(plan: SynthesisPlan, parts: Path, folder: Path) -> CropSet:
    """Put the parts together; pictures go through a memory map, so a set may be larger than memory."""
    labels: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in LABELS}
    model = ""
    with atomic_path(folder / "images.npy") as path:
        shape = (plan.count, plan.size, plan.size, 3)
        images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        for first, last in plan.blocks():
            try:
                with np.load(_part(parts, (first, last)), allow_pickle=False) as archive:
                    images[first - plan.start : last - plan.start] = archive["images"]
                    for name in LABELS:
                        labels[name].append(archive[name])
            except (OSError, ValueError, EOFError) as error:
                raise MorphError(f"{_part(parts, (first, last))} is damaged ({error}); delete it and run again") from None
        images.flush()
        del images
    from morph.model import load_default_model

    base = load_default_model(0)
    model = base.name
    joined = {name: np.concatenate(rows) for name, rows in labels.items()}
    joined["group"] = np.arange(plan.start, plan.start + plan.count)
    meta = {
        "source": "rendered by morph synth",
        "licence": "CC0-1.0",
        "model": model,
        "model_identity": base.identity,
        "plan": asdict(plan),
    }
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **joined)
    images = np.load(folder / "images.npy", mmap_mode="r")
    CropSet(images, joined, meta)  # checks shapes
    _write_meta(folder, meta, plan.count)
    for block in plan.blocks():
        _part(parts, block).unlink(missing_ok=True)
    (parts / "plan.txt").unlink(missing_ok=True)
    parts.rmdir()
    return CropSet.open(folder)


def _write_meta(folder: Path, meta: dict[str, Any], count: int) -> None:
    import json

    from morph.datasets.crops import FORMAT

    with atomic_path(folder / "meta.json") as path:
        path.write_text(json.dumps({"format": FORMAT, "count": count, **meta}, indent=1))
