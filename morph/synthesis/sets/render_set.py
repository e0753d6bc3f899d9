"""Many pictures into a crop set: in blocks of seeds, by several processes, and again from where it stopped."""

from __future__ import annotations

import contextlib
import itertools
import json
import multiprocessing
import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from morph.atomic import atomic_path, output_folder
from morph.datasets.crops import FORMAT, CropSet
from morph.datasets.npy_rows import NpyRows
from morph.datasets.set_folder import set_folder
from morph.errors import MorphError
from morph.model import MorphableModel, load_default_model
from morph.npz import open_npz
from morph.synthesis.engine import Renderer
from morph.synthesis.light.environments import panorama_files
from morph.synthesis.maps import ABOUT, MAPS, check_names
from morph.synthesis.recipe import RENDERER, Recipe

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
        recipe: which poses and ingredients.
        maps: names of :data:`morph.synthesis.maps.MAPS` to write beside the pictures.
    """

    count: int
    seed: int = 0
    start: int = 0
    size: int = 160
    supersampling: int = 1
    environments: str | None = None
    recipe: Recipe = field(default_factory=Recipe)
    maps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1:
            raise MorphError(f"`count=` must be at least 1, got {self.count}")
        if self.start < 0 or self.seed < 0:
            raise MorphError(f"`start=` and `seed=` must not be negative, got {self.start} and {self.seed}")
        if not 48 <= self.size <= 1024:
            raise MorphError(f"`size=` must lie between 48 and 1024 pixels, got {self.size}")
        if self.supersampling not in (1, 2):
            raise MorphError(f"`supersampling=` is 1 or 2, got {self.supersampling}")
        check_names(self.maps)
        object.__setattr__(self, "maps", tuple(name for name in MAPS if name in self.maps))
        if self.environments is not None and not Path(self.environments).is_dir():
            raise MorphError(
                f"no such environments folder {self.environments}; "
                "fetch some with data/synthetic/prepare.py, or leave `environments=` out"
            )

    def note(self) -> dict[str, Any]:
        """The plan as a crop set keeps it: of the environments only the folder's name and how many panoramas it holds.

        Of the recipe and the maps it holds what differs from the usual; ``renderer`` tells sets of equal plans apart whose
        bytes differ.
        """
        kept = asdict(self)
        del kept["recipe"], kept["maps"]
        kept |= self.recipe.note() | ({"maps": list(self.maps)} if self.maps else {})
        if self.environments is not None:
            name = Path(self.environments).resolve().name
            kept["environments"] = {"folder": name, "panoramas": len(panorama_files(self.environments))}
        return kept | {"renderer": RENDERER}

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
    clock: Callable[[int, float], None] | None = None,
) -> CropSet:
    """Render a crop set into ``folder``; blocks that an earlier run finished there are kept.

    Args:
        plan: what to render.
        folder: where to; parts lie in ``folder/parts`` until all are there.
        processes: how many to render with; the bytes do not depend on it.
        progress: called with the number of pictures that became ready.
        clock: called with a number of pictures and the seconds of processor time that a warm process took for them.

    Raises:
        MorphError: the folder cannot be written, or holds a set or parts of another plan or of another :data:`RENDERER`.
    """
    if processes < 1:
        raise MorphError(f"`processes=` must be at least 1, got {processes}")
    model = load_default_model(0)  # the labels mean the same at every level of subdivision
    about = {"model": {"name": model.name, "identity": model.identity}, "plan": plan.note()}
    with set_folder(folder, [f"{name}.npy" for name in plan.maps]) as place:
        return _synthesise(plan, place, model, about, processes, progress, clock)


def _synthesise(  # noqa: PLR0913 - as of the public one, in a locked folder
    plan: SynthesisPlan,
    folder: Path,
    model: MorphableModel,
    about: dict[str, Any],
    processes: int,
    progress: Callable[[int], None] | None,
    clock: Callable[[int, float], None] | None,
) -> CropSet:
    """See :func:`synthesise`; the folder is ours alone."""
    wanted = _describe(plan, model)
    if (folder / "meta.json").is_file():
        done = CropSet.open(folder)
        if {name: done.meta.get(name) for name in about} == about:
            _remove_parts(plan, folder / "parts", wanted)  # killed after the set was whole
            return done
        kept = done.meta.get("plan")
        same = isinstance(kept, dict) and {**kept, "renderer": RENDERER} == about["plan"]
        which = "this crop set as another version of the renderer drew it" if same else "another crop set"
        raise MorphError(f"{folder} holds {which}; choose an empty folder")
    parts = output_folder(folder / "parts")
    note = parts / "plan.txt"
    if note.is_file() and note.read_text() != wanted:
        if _without_renderer(note.read_text()) == _without_renderer(wanted):
            raise MorphError(f"{folder} holds parts that another version of the renderer drew; choose an empty folder")
        raise MorphError(f"{folder} holds parts of another set ({note.read_text()}); finish that one or choose an empty folder")
    if not note.is_file():
        with atomic_path(note) as path:
            path.write_text(wanted)
    missing = []
    for block in plan.blocks():
        if _part(parts, block).is_file():
            if progress:
                progress(block[1] - block[0])
        else:
            missing.append(block)
    for (first, last), seconds in _render_all(plan, parts, missing, processes):
        if progress:
            progress(last - first)
        if clock:
            clock(last - first, seconds)
    _join(plan, parts, folder, about)
    _remove_parts(plan, parts, wanted)
    return CropSet.open(folder)


def _remove_parts(plan: SynthesisPlan, parts: Path, wanted: str) -> None:
    """Remove what a set was joined from, the note whose parts they are last; nothing where the note says another plan."""
    note = parts / "plan.txt"
    if not note.is_file() or note.read_text() != wanted:
        return
    leftovers = parts.glob(".[0-9]*.npz")  # what killed runs left half written
    for path in (*(_part(parts, block) for block in plan.blocks()), *leftovers, note):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # somebody keeps other files there
        parts.rmdir()


def _describe(plan: SynthesisPlan, model: MorphableModel) -> str:
    return ", ".join(f"{key} {value}" for key, value in {**plan.note(), "model": model.identity}.items())


def _without_renderer(description: str) -> str:
    return ", ".join(entry for entry in description.split(", ") if not entry.startswith("renderer "))


def _part(parts: Path, block: tuple[int, int]) -> Path:
    return parts / f"{block[0]:08d}-{block[1]:08d}.npz"


_renderer: Renderer | None = None  # of a worker process, which makes it once and renders many blocks


def _start(environments: str | None) -> None:
    global _renderer
    cv2.setNumThreads(1)
    _renderer = Renderer(environments)
    _renderer.render(0, 48)  # loads compiled loops


def _stop() -> None:
    global _renderer
    _renderer = None


def _render_block(job: tuple[SynthesisPlan, Path, tuple[int, int]]) -> tuple[tuple[int, int], float]:
    plan, parts, block = job
    assert _renderer is not None
    begin = time.process_time()
    with atomic_path(_part(parts, block)) as path:
        np.savez(path, **render_range(_renderer, plan, *block))  # type: ignore[arg-type]
    return block, time.process_time() - begin


def _render_all(
    plan: SynthesisPlan, parts: Path, blocks: list[tuple[int, int]], processes: int
) -> Iterator[tuple[tuple[int, int], float]]:
    jobs = [(plan, parts, block) for block in blocks]
    if not jobs:
        return
    if processes == 1:
        _start(plan.environments)
        try:
            yield from map(_render_block, jobs)
        finally:
            _stop()
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(processes, len(jobs)), _start, (plan.environments,)) as pool:
        yield from pool.imap_unordered(_render_block, jobs)


def render_range(renderer: Renderer, plan: SynthesisPlan, first: int, last: int) -> dict[str, npt.NDArray[Any]]:
    """Pictures ``first`` to ``last - 1`` of a plan: images and labels as a crop set names them, and maps."""
    pictures = [
        renderer.render((plan.seed, i), plan.size, plan.supersampling, recipe=plan.recipe, maps=plan.maps)
        for i in range(first, last)
    ]
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
        **{name: np.stack([picture.maps[name] for picture in pictures]) for name in plan.maps},
    }


def _join(plan: SynthesisPlan, parts: Path, folder: Path, about: dict[str, Any]) -> None:
    """Put the parts together, ``meta.json`` last; pictures go through a memory map, so a set may be larger than memory."""
    joiner = _Joiner(plan, parts, folder)
    maps = {name: {**ABOUT[name], "crc32": joiner.join(name, *MAPS[name])} for name in plan.maps}
    checksum = joiner.join("images", np.uint8, (3,))
    rows = [dict(zip(LABELS, _load(parts, block, *LABELS), strict=True)) for block in plan.blocks()]
    joined = {name: np.concatenate([row[name] for row in rows]) for name in LABELS}
    joined["group"] = np.arange(plan.start, plan.start + plan.count) // plan.recipe.pictures_per_person
    meta = {
        "source": "rendered by morph synth",
        "licence": "CC0-1.0",
        **about,
        **({"maps": maps} if maps else {}),
        "images_crc32": checksum,
        "format": FORMAT,
        "count": plan.count,
    }
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **joined)  # type: ignore[arg-type]
    CropSet(np.load(folder / "images.npy", mmap_mode="r"), joined, meta)  # checks shapes
    with atomic_path(folder / "meta.json") as path:
        path.write_text(json.dumps(meta, indent=1))


def _load(parts: Path, block: tuple[int, int], *names: str) -> list[npt.NDArray[Any]]:
    try:
        with open_npz(_part(parts, block)) as archive:
            return [archive[name] for name in names]
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise MorphError(f"{_part(parts, block)} is damaged ({error}); delete it and run again") from None


@dataclass(frozen=True)
class _Joiner:
    """Puts the parts of a set together."""

    plan: SynthesisPlan
    parts: Path
    folder: Path

    def join(self, name: str, kind: npt.DTypeLike, channels: tuple[int, ...]) -> int:
        """Write ``name.npy`` of the set and return the checksum of its values."""
        plan, checksum = self.plan, 0
        with atomic_path(self.folder / f"{name}.npy") as path:
            shape = (plan.count, plan.size, plan.size, *channels)
            with NpyRows(path, kind, shape) as joined:
                for block in plan.blocks():
                    (rows,) = _load(self.parts, block, name)
                    joined.add(rows)
                    checksum = zlib.crc32(np.ascontiguousarray(rows).data, checksum)
        return checksum
