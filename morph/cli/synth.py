"""``morph synth``: render labelled training pictures."""

from __future__ import annotations

import argparse
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("--count", type=int, required=True, help="how many pictures")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the crop set; a killed run goes on there")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same bytes (default 0)")
    parser.add_argument("--size", type=int, default=160, help="pixels of the square pictures (default 160)")
    parser.add_argument("--start", type=int, default=0, help="number of the first picture (default 0)")
    parser.add_argument("--processes", type=int, default=1, help="how many processes render (default 1)")
    parser.add_argument("--supersampling", type=int, default=1, help="2 renders twice as large and scales down (default 1)")
    parser.add_argument(
        "--environments", metavar="DIR", help="folder of HDR panoramas (data/synthetic/prepare.py fetches some)"
    )


def run(options: argparse.Namespace) -> None:
    """Render and report."""
    from tqdm import tqdm

    from morph.synthesis import SynthesisPlan, synthesise

    plan = SynthesisPlan(options.count, options.seed, options.start, options.size, options.supersampling, options.environments)
    begin = time.perf_counter()
    with tqdm(total=plan.count, unit="picture", disable=None) as bar:
        crops = synthesise(plan, options.out, processes=options.processes, progress=bar.update)
    seconds = time.perf_counter() - begin
    print(f"{len(crops)} pictures of {plan.size} x {plan.size} in {options.out}, {len(crops) / seconds:.1f} a second")
