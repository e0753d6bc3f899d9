"""A rendered crop set with labels that lie on its pictures: ``python data/synthetic/apparent.py crops/a --out crops/b``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np

from morph.atomic import atomic_path, output_folder
from morph.datasets.crops import FORMAT, CropSet
from morph.errors import MorphError
from morph.model import load_default_model
from morph.synthesis.sets.apparent import apparent_shapes, landmark_misfit


def main() -> None:
    """Relabel and write; the pictures are linked where the file system can."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("crops", type=Path, metavar="DIR", help="what `morph synth` wrote")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="crop set to write")
    options = parser.parse_args()
    try:
        crops, model = CropSet.open(options.crops), load_default_model(1)
        new = apparent_shapes(crops, model)
        folder = output_folder(options.out)
        if folder.resolve() == options.crops.resolve():
            raise MorphError(f"{folder} is the set itself; write into another folder")
        (folder / "meta.json").unlink(missing_ok=True)
        with atomic_path(folder / "images.npy") as path:
            path.unlink()
            try:
                os.link((options.crops / "images.npy").resolve(), path)
            except OSError:
                shutil.copyfile(options.crops / "images.npy", path)
        with atomic_path(folder / "labels.npz") as path:
            np.savez(path, **new.labels)  # type: ignore[arg-type]
        with atomic_path(folder / "meta.json") as path:
            path.write_text(json.dumps({"format": FORMAT, "count": len(new), **new.meta}, indent=1))
    except MorphError as error:
        sys.exit(f"apparent: {error}")
    before, after = landmark_misfit(crops, model), landmark_misfit(new, model)
    print(
        f"{len(new)} pictures in {options.out}; landmarks are {after:.2f} mm from their pixels, with true shapes {before:.2f}"
    )


if __name__ == "__main__":
    main()
