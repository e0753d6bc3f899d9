"""``morph profile``: turn photographed faces out of the picture plane, as 300W-LP was made."""

from __future__ import annotations

import argparse
import dataclasses
import sys
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
    from tqdm import tqdm

    from morph.fitting.profiling.profile_set import ProfileSettings, profile_set
    from morph.fitting.profiling.profiling_set import ProfilingPlan

    plan = ProfilingPlan(**{field.name: getattr(options, field.name) for field in dataclasses.fields(ProfilingPlan)})
    settings = ProfileSettings(plan, options.model, options.processes, options.max_bad, options.mat)
    with tqdm(unit="picture", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        report = profile_set(options.crops, options.out, settings, progress)
    for line in report.crops.bad:
        print(f"morph: left out: {line}", file=sys.stderr)
    print(report.as_text())
