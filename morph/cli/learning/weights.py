"""``morph weights``: a trained checkpoint as ONNX, or averaged with another."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.cli.options.claims import add_overwrite, claim
from morph.errors import needs_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("source", metavar="FILE", type=Path, help="weights.safetensors of `morph train` or `morph finetune`")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="w.onnx for the tracker, or w.safetensors to train on"
    )
    parser.add_argument(
        "--average",
        type=Path,
        metavar="FILE",
        help="average with a checkpoint of the same lineage; a narrower one is widened first",
    )
    parser.add_argument("--half", action="store_true", help="ONNX of half the size, stored in half precision")
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Write the file, and say how far it is from PyTorch."""
    with needs_extra("train", "converting weights"):
        from morph.network.checkpoints import CheckpointOptions, convert_checkpoint
    claim(options, ("source", "average"), [options.out])
    wanted = CheckpointOptions(average=options.average, half=options.half)
    print(convert_checkpoint(options.source, options.out, wanted).as_text())
