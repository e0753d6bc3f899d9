"""Check AFLW2000-3D and cut its published crops: ``python data/aflw2000/prepare.py --data AFLW2000 --out crops/aflw2000``."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from morph.datasets.prepare import prepare, run_script, script_parser
from morph.datasets.published.aflw2000 import CropReader, open_aflw2000
from morph.evaluation.aflw2000.nme import YAW_BINS, yaw_bin


def run(options: argparse.Namespace) -> None:
    """Count what is there, then write the crops; they are for measuring, never for training."""
    benchmark = open_aflw2000(options.data)
    counts = np.bincount(yaw_bin(benchmark.yaw), minlength=len(YAW_BINS))
    print(f"faces: {len(benchmark)} of 2000; " + ", ".join(f"|yaw| {b}: {c}" for b, c in zip(YAW_BINS, counts, strict=True)))
    meta = {
        "source": "AFLW2000-3D",
        "licence": "AFLW2000-3D: research use only",
        "crop": f"published roi_box resized to {options.size} pixels",
        "use": "measure only: training on it makes every figure worthless",
    }
    prepare(options, benchmark.names.tolist(), CropReader(benchmark, options.size), meta)


if __name__ == "__main__":
    parser = script_parser(__doc__ or "", model=False)
    parser.add_argument("--size", type=int, default=120, help="side of the crops in pixels (120)")
    sys.exit(run_script(parser, run))
