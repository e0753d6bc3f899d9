"""``morph train``: train a regressor from a recipe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from morph.errors import MorphError, needs_extra

if TYPE_CHECKING:
    from morph.training.config import TrainingConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``morph train``."""
    parser.add_argument("--config", type=Path, required=True, help="a recipe, configs/*.yaml")
    add_changes(parser)
    parser.add_argument("--out", type=Path, help="folder of the run (default: runs/NAME of the recipe); resumes what is there")
    parser.add_argument(
        "--benchmark",
        type=int,
        metavar="STEPS",
        help="train nothing: time STEPS batches of the recipe, and of the bare network",
    )


def add_changes(parser: argparse.ArgumentParser) -> None:
    """The option that changes a recipe."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the recipe, as losses.wing=0, network.width=0.5 or data.sets.0.path=DIR; may be given again",
    )


def run(options: argparse.Namespace) -> None:
    """Train and say where the weights are, or how fast it goes."""
    with needs_extra("train", "training"):
        from morph.training.config import load_config
    config: TrainingConfig = load_config(options.config, changes=options.set)
    if options.benchmark is not None:
        return _benchmark(config, options.benchmark)
    with needs_extra("train", "training"):
        from morph.training.run import train
    out = options.out or Path("runs") / config.name
    weights = train(config, out, progress=sys.stderr.isatty())
    print(f"{weights}: done; measure it with `morph bench aflw2000 --weights {weights} --data DIR`")


def _benchmark(config: TrainingConfig, steps: int) -> None:
    if steps < 1:
        raise MorphError(f"--benchmark needs at least 1 step, got {steps}")
    from morph.training.throughput import measure_throughput

    print(measure_throughput(config, steps).as_text(), end="")
