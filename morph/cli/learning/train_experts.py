"""``morph train-experts``: train the eye and mouth refinement networks."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.errors import needs_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--config", type=Path, required=True, help="a recipe, configs/experts.yaml")
    parser.add_argument("--out", type=Path, help="folder of the run (default: runs/NAME of the recipe); begins anew each time")


def run(options: argparse.Namespace) -> None:
    """Train and say where the experts are."""
    with needs_extra("train", "training"):
        from morph.training.config import load_config
        from morph.training.experts import train_experts
        from morph.training.experts_config import ExpertsConfig
    config: ExpertsConfig = load_config(options.config, ExpertsConfig)  # type: ignore[type-var]
    experts = train_experts(config, options.out or Path("runs") / config.name)
    print(f"{experts}: done; measure them with `morph bench renders DIR --experts {experts}`")
