"""``morph train``: train a regressor from a recipe."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from morph.errors import MorphError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``morph train``."""
    parser.add_argument("--config", type=Path, required=True, help="a recipe, configs/*.yaml")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the recipe, as losses.wing=0, network.width=0.5 or data.sets.0.path=DIR; may be given again",
    )
    parser.add_argument("--out", type=Path, help="folder of the run (default: runs/NAME of the recipe); resumes what is there")


def run(options: argparse.Namespace) -> None:
    """Train and say where the weights are."""
    try:
        from morph.training.config import TrainingConfig, load_config
    except ImportError as error:
        raise MorphError(f"training needs the training extra ({error.name} is missing): pip install 'morph[train]'") from None
    config: TrainingConfig = load_config(options.config, changes=options.set)
    try:
        from morph.training.run import train
    except ImportError as error:
        raise MorphError(f"training needs the training extra ({error.name} is missing): pip install 'morph[train]'") from None
    out = options.out or Path("runs") / config.name
    weights = train(config, out, progress=sys.stderr.isatty())
    print(f"{weights}: done; measure it with `morph bench aflw2000 --weights {weights} --data DIR`")
