"""``morph finetune``: make a trained regressor steadier on clips, with optical flow as the teacher."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from morph.cli.learning.train import add_changes
from morph.errors import needs_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``morph finetune``."""
    parser.add_argument(
        "--clips", type=Path, nargs="+", required=True, metavar="DIR", help="folders of clips of faces, or of numbered pictures"
    )
    parser.add_argument("--config", type=Path, required=True, help="a recipe, configs/finetune_*.yaml")
    add_changes(parser)
    parser.add_argument("--weights", type=Path, metavar="FILE", help="begin from these instead of the recipe's network.start")
    parser.add_argument("--out", type=Path, help="folder of the run (default: runs/NAME of the recipe); resumes what is there")


def run(options: argparse.Namespace) -> None:
    """Fine-tune and say where the weights are."""
    with needs_extra("train", "training"):
        from morph.training.config import load_config
        from morph.training.finetune import finetune
        from morph.training.flow_config import FinetuneConfig
    config = load_config(options.config, FinetuneConfig, options.set)
    if options.weights is not None:
        network = config.network.model_copy(update={"start": options.weights})
        config = config.model_copy(update={"network": network})
    out = options.out or Path("runs") / config.name
    weights = finetune(config, options.clips, out, progress=sys.stderr.isatty(), say=print)
    print(f"{weights}: done; compare `morph bench video CLIP --weights {weights}` with the weights it began from")
