"""Free photographs to crop sets and point sets: ``python data/free_faces/prepare.py --data DIR --fairface DIR --out crops``.

Writes OUT/fairface and OUT/fairface_held (crop sets with coefficients), OUT/portraits and OUT/portraits_held (pictures with 478
points, for ``morph fit --points``). One person in eight is in a ``_held`` folder and never teaches.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from morph.atomic import atomic_path, output_folder
from morph.datasets.crops import FORMAT
from morph.datasets.npy_rows import NpyRows
from morph.datasets.picture_store import open_pictures
from morph.datasets.prepare import run_script
from morph.datasets.published.free_faces import (
    SIZE,
    kept_apart,
    number_of,
    open_fairface_fit,
    open_free_faces,
    read_fairface,
    resized,
)
from morph.model import load_default_model
from morph.model.decoder import landmark_decoder

Labels = dict[str, npt.NDArray[Any]]
FAIRFACE = {
    "source": "FairFace (Karkkainen and Joo, WACV 2021), photographs from Flickr",
    "licence": "CC BY 4.0",
}
PORTRAITS = {
    "source": "US Congress, UK Parliament, 18F, Innovation Fellows, rOpenSci, Intel sample videos, GRID, White House",
    "licence": "public domain, CC0 1.0, CC BY 3.0 and CC BY 4.0; see data/free_faces/README.md",
}


def write_set(
    folder: Path, picture: Callable[[int], npt.NDArray[np.uint8]], labels: Labels, rows: npt.NDArray[np.int64], meta: dict
) -> None:
    """Write the pictures and labels of some rows; ``meta.json`` comes last where it is a crop set."""
    folder = output_folder(folder)
    (folder / "meta.json").unlink(missing_ok=True)
    with atomic_path(folder / "images.npy") as path, NpyRows(path, np.uint8, (len(rows), SIZE, SIZE, 3)) as images:
        for row in tqdm(rows.tolist(), desc=folder.name, disable=not sys.stderr.isatty()):
            images.add(picture(row)[None])
    with atomic_path(folder / "labels.npz") as path:
        np.savez(path, **{key: array[rows] for key, array in labels.items()})
    if meta.get("format") == FORMAT:
        with atomic_path(folder / "meta.json") as path:
            path.write_text(json.dumps({**meta, "count": len(rows)}, indent=1))
    print(f"{folder}: {len(rows)} pictures")


def fairface(fits: Path, pictures: Path, out: Path, limit: int | None) -> None:
    """FairFace's training pictures with the coefficients that were fitted to them."""
    model = load_default_model(1)
    store, fit = open_pictures(pictures, "fair_face"), open_fairface_fit(fits, model.n_shape)
    count = min(limit or len(fit.names), len(fit.names))
    images = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    group = np.zeros(count, np.int64)
    for row in tqdm(range(count), desc="reading", disable=not sys.stderr.isatty()):
        images[row], group[row] = read_fairface(store, str(fit.names[row]))
    found = fit.coefficients[np.arange(count)]
    marks = landmark_decoder(model).project(found)[..., :2]
    numbers = {
        "landmarks": marks,
        "landmark_weights": np.ones(marks.shape[:2]),
        "shape": found.shape,
        "expression": found.expression,
        "rotation": found.rotation,
        "scale": found.scale,
        "translation": found.translation,
        "fit_error": fit.error[:count],
    }
    labels: Labels = {key: array.astype(np.float32) for key, array in numbers.items()}
    labels |= {"name": fit.names[:count], "group": group}
    meta = {**FAIRFACE, "format": FORMAT, "model": {"name": model.name, "identity": model.identity}}
    held = kept_apart(group)
    write_set(out / "fairface", images.__getitem__, labels, np.flatnonzero(~held), meta)
    write_set(out / "fairface_held", images.__getitem__, labels, np.flatnonzero(held), meta)


def portraits(folder: Path, out: Path, limit: int | None) -> None:
    """The other sources: pictures of one size with their points."""
    faces = open_free_faces(folder)
    count = min(limit or len(faces), len(faces))
    scale = (SIZE / faces.sizes).astype(np.float32)[:, None, None]
    group = np.array([number_of(person) for person in faces.persons])
    labels: Labels = {
        "name": faces.names,
        "source": faces.sources,
        "group": group,
        "points": (faces.points + 0.5) * scale - 0.5,
    }
    held = kept_apart(group)
    for name, which in (("portraits", ~held), ("portraits_held", held)):
        rows = np.flatnonzero(which[:count])
        write_set(out / name, lambda row: resized(faces.picture(row)), labels, rows, PORTRAITS)


def run(options: argparse.Namespace) -> None:
    """Write what there is data for."""
    if options.fairface:
        fairface(options.fits or options.data / "fairface_fit.npz", options.fairface, options.out, options.limit)
    portraits(options.data, options.out, options.limit)


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("--data", type=Path, required=True, metavar="DIR", help="labels.npz with images/, and fairface_fit.npz")
    out.add_argument("--fairface", type=Path, metavar="DIR", help="repository or folder that has fair_face/train")
    out.add_argument("--fits", type=Path, metavar="FILE", help="coefficients of FairFace (DATA/fairface_fit.npz)")
    out.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the sets to write")
    out.add_argument("--limit", type=int, metavar="N", help="only the first N pictures of each, to try it out")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
