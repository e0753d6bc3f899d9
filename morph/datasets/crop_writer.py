"""Writes a crop set piece by piece: a killed run resumes, bad files are reported and skipped up to a stated share."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from morph.arrays import Image
from morph.atomic import atomic_path
from morph.datasets.crops import FORMAT, CropSet
from morph.datasets.set_folder import set_folder
from morph.errors import MorphError
from morph.npz import open_npz

Labels = dict[str, npt.NDArray[Any]]
HEADER = 128  # bytes of the .npy header, fixed, so that the number of rows can be set at the end


@dataclass
class Piece:
    """What was made of some files: crops with labels, and the files that are bad, each with its reason on one line."""

    images: Image
    labels: Labels
    bad: list[str] = field(default_factory=list)


MakePiece = Callable[[Sequence[str]], Piece]


@dataclass(frozen=True)
class PreparedCrops:
    """The outcome: the folder, how many crops it holds, and what was skipped."""

    folder: Path
    count: int
    bad: list[str]


def write_crops(  # noqa: PLR0913 - keyword options of one long run
    folder: str | os.PathLike[str],
    files: Sequence[str],
    make: MakePiece,
    meta: dict[str, Any],
    *,
    piece: int = 256,
    workers: int = 1,
    max_bad: float = 0.01,
    progress: Callable[[int, int, int], None] | None = None,
) -> PreparedCrops:
    """Write a crop set of ``files``.

    Each finished piece is recorded with the checksum so far; a run that is started again with the same files and settings
    goes on after the last one and ends with the same bytes. A finished set is left as it is.

    Args:
        folder: of the crop set.
        files: names given to ``make``, in order.
        make: turns some of the names into crops and labels; must be importable where ``workers`` is more than 1.
        meta: goes into ``meta.json``; must be the same for a run to go on.
        piece: files made at a time.
        workers: processes; 1 works in this one.
        max_bad: share of the files that may be bad.
        progress: called with the number of files done, of all files, and of bad ones.

    Raises:
        MorphError: no files, more bad ones than allowed (the first is named), or a folder that holds something else.
    """
    if not files:
        raise MorphError("there are no files to prepare")
    if not 0 <= max_bad <= 1 or piece < 1 or workers < 1:
        raise MorphError(f"max_bad {max_bad} must lie in 0..1, and piece {piece} and workers {workers} be at least 1")
    with set_folder(folder) as place:
        return _write_crops(place, files, make, meta, piece=piece, workers=workers, max_bad=max_bad, progress=progress)


def _write_crops(  # noqa: PLR0913 - as of the public one, in a locked folder
    folder: Path,
    files: Sequence[str],
    make: MakePiece,
    meta: dict[str, Any],
    *,
    piece: int,
    workers: int,
    max_bad: float,
    progress: Callable[[int, int, int], None] | None,
) -> PreparedCrops:
    """See :func:`write_crops`; the folder is ours alone."""
    fingerprint = hashlib.sha256(json.dumps([list(files), meta, piece], sort_keys=True).encode()).hexdigest()
    if (folder / "meta.json").is_file():
        old = CropSet.open(folder)
        if old.meta.get("fingerprint") != fingerprint:
            raise MorphError(f"{folder} holds another crop set ({old.meta.get('source', 'unknown')}); give a new folder")
        return PreparedCrops(folder, len(old), list(old.meta.get("bad", [])))
    records = _records(folder, fingerprint)
    done = len(records)
    starts = range(0, len(files), piece)
    parts = [files[start : start + piece] for start in starts]
    size, crc = (records[-1]["end"], records[-1]["crc32"]) if records else (HEADER, 0)
    bad = [line for record in records for line in record["bad"]]
    shape: tuple[int, ...] = tuple(records[-1]["shape"]) if records else ()
    with (folder / "images.partial").open("r+b" if records else "w+b") as stream:
        stream.truncate(size)  # what a killed run wrote after its last record goes; a new file gets room for the header
        stream.seek(size)
        for number, made in enumerate(_made(make, parts[done:], workers), start=done):
            bad += made.bad
            allowed = int(max_bad * len(files))
            if len(bad) > allowed:
                raise MorphError(
                    f"{len(bad)} bad files are more than {max_bad:.1%} of {len(files)}; "
                    f"mend them or raise `max_bad=`; the first: {bad[0]}"
                )
            shape = made.images.shape[1:] or shape
            data = np.ascontiguousarray(made.images).tobytes()
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            size, crc = size + len(data), zlib.crc32(data, crc)
            _record(folder, number, made, fingerprint, {"end": size, "crc32": crc, "shape": list(shape), "bad": made.bad})
            if progress:
                progress(min((number + 1) * piece, len(files)), len(files), len(bad))
        labels = _join(folder, len(parts))
        count = len(labels["landmarks"]) if labels else 0
        if not count:
            raise MorphError(f"not one of the {len(files)} files could be used; the first: {bad[0]}")
        stream.seek(0)
        stream.write(_header((count, *shape)))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(folder / "images.partial", folder / "images.npy")
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **labels)  # type: ignore[arg-type]
    more = {"fingerprint": fingerprint, "images_crc32": crc, "files": len(files), "bad": bad}
    with atomic_path(folder / "meta.json") as path:
        path.write_text(json.dumps({"format": FORMAT, "count": count, **meta, **more}, indent=1))
    for path in folder.glob("piece-*.npz"):
        path.unlink()
    return PreparedCrops(folder, count, bad)


def _made(make: MakePiece, parts: Sequence[Sequence[str]], workers: int) -> Iterator[Piece]:
    if workers == 1 or len(parts) < 2:
        yield from map(make, parts)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_start_worker, initargs=(make,))
    try:
        waiting = [pool.submit(_work, part) for part in parts[: 2 * workers]]
        for i in range(len(parts)):
            if (ahead := i + 2 * workers) < len(parts):
                waiting.append(pool.submit(_work, parts[ahead]))
            yield waiting[i].result()
            waiting[i] = None  # type: ignore[call-overload]  # the crops of a piece are megabytes
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker(make: MakePiece) -> None:
    """Keep ``make`` in the worker process: it may hold a whole model, too much to send with each piece."""
    _work.make = make  # type: ignore[attr-defined]


def _work(part: Sequence[str]) -> Piece:
    piece: Piece = _work.make(part)  # type: ignore[attr-defined]
    return piece


def _record(folder: Path, number: int, made: Piece, fingerprint: str, state: dict[str, Any]) -> None:
    text = json.dumps({"fingerprint": fingerprint, **state})
    with atomic_path(folder / f"piece-{number:06d}.npz") as path:
        np.savez(path, state_=np.array(text), **made.labels)  # type: ignore[arg-type]


def _records(folder: Path, fingerprint: str) -> list[dict[str, Any]]:
    """States of the pieces that a killed run finished, as far as they follow each other."""
    out: list[dict[str, Any]] = []
    partial = folder / "images.partial"
    if not partial.is_file() and (folder / "images.npy").is_file():
        # killed between moving the pictures into place and writing meta.json: take them back, the bytes are whole
        os.replace(folder / "images.npy", partial)
    stored = partial.stat().st_size if partial.is_file() else 0
    while (path := folder / f"piece-{len(out):06d}.npz").is_file():
        try:
            with open_npz(path) as archive:
                state = json.loads(str(archive["state_"]))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            break
        if state["fingerprint"] != fingerprint:
            raise MorphError(f"{folder} holds an unfinished crop set of other files or settings; empty it or give a new folder")
        if state["end"] > stored:
            break
        out.append(state)
    return out


def _join(folder: Path, pieces: int) -> Labels:
    parts = []
    for number in range(pieces):
        with open_npz(folder / f"piece-{number:06d}.npz") as archive:
            labels = {name: archive[name] for name in archive.files if name != "state_"}
        if labels:
            parts.append(labels)
    names: Iterable[str] = parts[0] if parts else ()
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _header(shape: tuple[int, ...]) -> bytes:
    """A version 1 ``.npy`` header of :data:`HEADER` bytes for uint8 rows."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {tuple(int(n) for n in shape)}, }}"
    body = text.encode().ljust(HEADER - 11) + b"\n"
    return b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little") + body
