"""``morph profile``: turn photographed faces out of the picture plane, as 300W-LP was made."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("crops", type=Path, metavar="CROPS", help="crop set with coefficients, as `morph fit` writes it")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="crop set to write; a killed run goes on there")
    parser.add_argument(
        "--model", default="default", metavar="FILE", help="morphable model of the coefficients (default: ours)"
    )
    parser.add_argument("--step", type=float, default=10.0, metavar="DEG", help="yaw between pictures of one face (10)")
    parser.add_argument("--max-yaw", type=float, default=90.0, metavar="DEG", help="farthest turn of a head from frontal (90)")
    parser.add_argument("--min-yaw", type=float, default=0.0, metavar="DEG", help="leave out heads turned less than this (0)")
    parser.add_argument(
        "--start-yaw", type=float, default=50.0, metavar="DEG", help="leave out photographs turned farther than this (50)"
    )
    parser.add_argument(
        "--both-ways",
        type=float,
        default=10.0,
        metavar="DEG",
        help="up to this yaw turn to either side; beyond it only farther, so that the hidden cheek stays hidden (10)",
    )
    parser.add_argument(
        "--count", type=int, metavar="N", help="draw N pictures, evenly over faces and yaws (default: every step of every face)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of that draw (0)")
    parser.add_argument(
        "--margin",
        type=float,
        metavar="FACTOR",
        help="side of the pictures over that of the published crop (default: that of the set)",
    )
    parser.add_argument("--mat", action="store_true", help="write OUT/mat/NAME.jpg and .mat in the layout of 300W-LP too")
    parser.add_argument("--processes", type=int, default=1, help="how many processes draw (1)")
    parser.add_argument("--max-bad", type=float, default=0.01, metavar="SHARE", help="pictures that may fail (0.01)")


def run(options: argparse.Namespace) -> None:
    """Turn, write, and say how many and how fast."""
    from dataclasses import replace

    from tqdm import tqdm

    from morph.datasets.crop_writer import write_crops
    from morph.datasets.crops import CropSet
    from morph.errors import MorphError
    from morph.fitting.profiling_set import (
        ProfileMaker,
        ProfilingPlan,
        open_fitted_set,
        plan_files,
        profiled_meta,
        set_margin,
        write_mat_pairs,
    )
    from morph.model import load_default_model
    from morph.model.readers import read_model

    plan = ProfilingPlan(
        *(options.step, options.min_yaw, options.max_yaw, options.start_yaw, options.both_ways),
        *(options.count, options.seed, options.margin),
    )
    model = load_default_model() if options.model == "default" else read_model(options.model)
    crops = open_fitted_set(options.crops, model)
    if options.out.exists() and os.path.samefile(options.out, options.crops):
        raise MorphError(f"{options.out} is the set that is turned; write into another folder")
    plan = replace(plan, margin=plan.margin or set_margin(crops))
    files = plan_files(crops, plan)
    start, clock = time.perf_counter(), time.process_time()
    with tqdm(total=len(files), unit="picture", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int, bad: int) -> None:
            bar.update(done - bar.n)

        result = write_crops(
            options.out,
            files,
            ProfileMaker(options.crops, model, plan.margin or 1.0),
            profiled_meta(crops, options.crops, plan),
            workers=options.processes,
            max_bad=options.max_bad,
            progress=progress,
        )
    seconds, processor = time.perf_counter() - start, time.process_time() - clock
    if options.mat:
        write_mat_pairs(CropSet.open(result.folder), model, result.folder / "mat")
    for line in result.bad:
        print(f"morph: left out: {line}", file=sys.stderr)
    print(
        f"{result.folder}: {result.count} turned faces of {len(crops)} photographs in {seconds:.1f} s"
        + (f", {processor:.1f} s of processor time" if options.processes == 1 else "")
        + (", 300W-LP files in mat/" if options.mat else "")
    )
