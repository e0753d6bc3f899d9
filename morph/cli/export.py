"""``morph export``: a trained checkpoint as ONNX."""

from __future__ import annotations

import argparse
from pathlib import Path

from morph.errors import MorphError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``morph export``."""
    parser.add_argument("weights", type=Path, help="weights.safetensors of a training run")
    parser.add_argument("--out", type=Path, required=True, help="the .onnx file to write")


def run(options: argparse.Namespace) -> None:
    """Export, compare with PyTorch, print the difference."""
    try:
        from morph.network.onnx_graph import export_onnx
        from morph.network.regressor import load_weights
    except ImportError as error:
        raise MorphError(f"exporting needs the training extra ({error.name} is missing): pip install 'morph[train]'") from None
    worst = export_onnx(load_weights(options.weights), options.out)
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:.1f} MB, differs from PyTorch by at most {worst:.1e} standard deviations")
