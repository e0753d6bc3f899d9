"""A weighted mean of checkpoints of one lineage: ``python data/weights/mix.py a.safetensors=0.7 b.onnx=0.3 --out c.onnx``.

An ONNX file, whose batch normalisation is folded into its convolutions, is unfolded on pictures of ``--pictures``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from morph.crop.face_crop import cut
from morph.crop.geometry import crop_similarity
from morph.datasets.crops import CropSet
from morph.datasets.prepare import run_script
from morph.errors import MorphError
from morph.network.folded import load_onnx_weights, unfold
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import CoefficientRegressor, load_weights, save_weights

BATCHES, BATCH = 8, 64


def read(path: Path, pictures: Path | None) -> CoefficientRegressor:
    """A checkpoint with its batch normalisation.

    Raises:
        MorphError: missing or damaged, or an ONNX file without pictures to unfold it on.
    """
    if path.suffix != ".onnx":
        return load_weights(path)
    if pictures is None:
        raise MorphError(f"{path} is folded; name a crop set with --pictures to unfold it on")
    folded, crops = load_onnx_weights(path), CropSet.open(pictures)
    size = folded.info.input_size

    def batch(start: int) -> torch.Tensor:
        rows = range(start, min(start + BATCH, len(crops)))
        ways = [crop_similarity(crops.labels["landmarks"][row], size) for row in rows]
        images = [cut(crops.images[row], way, size) for row, way in zip(rows, ways, strict=True)]
        return torch.stack([torch.from_numpy(image) for image in images])

    return unfold(folded, (batch(start * BATCH) for start in range(BATCHES)))


def mean(key: str, like: torch.Tensor, shares: Sequence[float], states: Sequence[Mapping[str, torch.Tensor]]) -> torch.Tensor:
    """Weighted mean of one tensor; a network that does not read cells by themselves has nothing to say by them."""
    if not like.is_floating_point():
        return like
    have = [(share, state[key]) for share, state in zip(shares, states, strict=True) if key in state]
    whole = 1.0 if key.startswith("regions.say.") else sum(share for share, _ in have)
    return sum((share / whole * value for share, value in have), torch.zeros_like(like))


def run(options: argparse.Namespace) -> None:
    """Mix, and write a checkpoint or an ONNX file."""
    pairs = [text.rpartition("=") for text in options.parts]
    try:
        shares = [float(share) for _, _, share in pairs]
    except ValueError:
        raise MorphError("give each checkpoint as FILE=SHARE, as a.safetensors=0.7") from None
    if abs(sum(shares) - 1) > 1e-6:
        raise MorphError(f"the shares add up to {sum(shares):g}, not to 1")
    networks = [read(Path(name), options.pictures) for name, _, _ in pairs]
    states = [network.state_dict() for network in networks]
    fullest = max(range(len(states)), key=lambda index: len(states[index]))  # with cells of its own where one has them
    network = networks[fullest]
    network.load_state_dict({key: mean(key, value, shares, states) for key, value in states[fullest].items()})
    if options.out.suffix == ".onnx":
        export_onnx(network.eval(), options.out)
    else:
        save_weights(network, options.out)
    print(f"{options.out}: mean of {', '.join(options.parts)}")


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    out = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    out.add_argument("parts", nargs="+", metavar="FILE=SHARE", help="checkpoints of one lineage")
    out.add_argument("--pictures", type=Path, metavar="CROPS", help="crop set on which ONNX files are unfolded")
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help=".safetensors or .onnx")
    return out


if __name__ == "__main__":
    sys.exit(run_script(parser(), run))
