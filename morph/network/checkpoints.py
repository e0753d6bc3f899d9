"""What is made of a trained checkpoint: the mean with another, and the ONNX file that the tracker runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from morph.errors import MorphError
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import average_weights, load_weights, save_weights
from morph.network.widen import widen

SUFFIXES = (".onnx", ".safetensors")


@dataclass(frozen=True)
class CheckpointOptions:
    """What becomes of a checkpoint.

    Attributes:
        average: another checkpoint of the same lineage; the mean of both is taken. A narrower one is widened first.
        half: store ONNX in half precision, half the size; it is computed in single precision.
    """

    average: str | os.PathLike[str] | None = None
    half: bool = False


@dataclass(frozen=True)
class WrittenWeights:
    """What was written.

    Attributes:
        path: of the file.
        worst: largest difference of the ONNX file from PyTorch, in standard deviations; None of a checkpoint.
    """

    path: Path
    worst: float | None

    def as_text(self) -> str:
        """One line: the file, its size, and how far it is from PyTorch."""
        size = f"{self.path}: {self.path.stat().st_size / 1e6:.1f} MB"
        return size if self.worst is None else f"{size}, differs from PyTorch by at most {self.worst:.1e} standard deviations"


def convert_checkpoint(
    source: str | os.PathLike[str], out: str | os.PathLike[str], options: CheckpointOptions | None = None
) -> WrittenWeights:
    """Write a checkpoint as ONNX, or as a checkpoint again where it was averaged.

    Args:
        source: ``.safetensors`` of `morph train` or `morph finetune`.
        out: file to write; ``.onnx`` or ``.safetensors``.
        options: see :class:`CheckpointOptions`; None is all at their defaults.

    Raises:
        MorphError: ``out`` is neither, a checkpoint cannot be read, or the two are not of one lineage.
    """
    options, out = options or CheckpointOptions(), Path(out)
    if out.suffix.lower() not in SUFFIXES:
        raise MorphError(f"{out} is not the name of weights; let `out=` end in {' or '.join(SUFFIXES)}")
    if options.half and out.suffix.lower() != ".onnx":
        raise MorphError(f"`half=` is for ONNX; let `out=` end in .onnx, not {out.name}")
    network = load_weights(source)
    if options.average is not None:
        other = load_weights(options.average)
        if other.info.width < network.info.width:  # it was widened to begin from
            other = widen(other, network.info.width)
        network = average_weights([network, other])
    if out.suffix.lower() == ".safetensors":
        save_weights(network, out)
        return WrittenWeights(out, None)
    return WrittenWeights(out, export_onnx(network, out, half=options.half))
