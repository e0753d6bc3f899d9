"""Expressions as strong as they are: ``python data/weights/spread.py weights.safetensors RENDERS --out spread.safetensors``.

A network that learned by squared error says less than it sees where it is unsure: a weight that follows the truth with a
correlation of 0.6 moves by 0.36 of it. Here the answers for each expression are stretched about zero until their regression on
the truth of RENDERS has the slope ``--share`` times the correlation, at least by nothing and at most by ``--most``, the same on
both sides of the face. RENDERS is a set of ``morph synth --expressions measured`` that the network did not learn from.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from morph.crop.rules import CLOSE, close_crops
from morph.crop.upright import upright_crops
from morph.datasets.crops import CropSet
from morph.datasets.prepare import run_script
from morph.errors import MorphError
from morph.model import load_default_model
from morph.network.regressor import load_weights, save_weights

FRONTAL = 0.7  # sine of the yaw up to which faces count


def run(options: argparse.Namespace) -> None:
    """Measure, stretch and write."""
    if options.out.suffix != ".safetensors":
        raise MorphError(f"--out ends in .safetensors, not {options.out.name}")
    torch.set_num_threads(1)
    network, crops, model = load_weights(options.weights), CropSet.open(options.renders), load_default_model(0)
    crops.check_model(model, options.renders, "render a set with `morph synth`")
    truth = crops.coefficients
    rows = np.flatnonzero(np.abs(truth.rotation[:, 2, 0]) < FRONTAL)
    images = [np.asarray(crops.images[row]) for row in rows]
    cut_crops = close_crops if network.info.crop == CLOSE else upright_crops
    pictures = cut_crops(images, crops.labels["landmarks"][rows], truth.rotation[rows], network.info.input_size)
    with torch.no_grad():
        parts = [network(torch.from_numpy(pictures[i : i + 64]))[0].numpy() for i in range(0, len(rows), 64)]
    at = network.info.layout.expression
    said, true = np.concatenate(parts)[:, at], truth.expression[rows]
    gains = gains_of(said, true, options.share, options.most)
    partner = [model.expression_names.index(_other(name)) for name in model.expression_names]
    gains = torch.from_numpy((gains + gains[partner]) / 2).float()
    network.mean[at] *= gains
    network.std[at] *= gains
    save_weights(network, options.out)
    for name, gain in zip(model.expression_names, gains.tolist(), strict=True):
        print(f"{name:20s} {gain:.2f}")


def gains_of(said: np.ndarray, true: np.ndarray, share: float, most: float) -> np.ndarray:
    """``(E,)`` by how much to stretch expressions ``(N, E)`` so that their slope is ``share`` times the correlation."""
    spread = [np.maximum(values.std(0), 1e-6) for values in (said, true)]
    return np.clip(share * spread[1] / spread[0], 1.0, most)


def _other(name: str) -> str:
    swap = {"Left": "Right", "Right": "Left"}
    return next((name.removesuffix(side) + other for side, other in swap.items() if name.endswith(side)), name)


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("weights", type=Path, metavar="WEIGHTS", help=".safetensors of `morph train`")
    out.add_argument("renders", type=Path, metavar="RENDERS", help="crop set of renders")
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help=".safetensors to write")
    out.add_argument("--share", type=float, default=0.85, help="slope over correlation (0.85)")
    out.add_argument("--most", type=float, default=1.6, help="largest gain (1.6)")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
