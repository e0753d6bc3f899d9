"""One fine-tuning run on clips, from weights to weights, resumable."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from morph.datasets.clip_windows import ClipWindows
from morph.errors import MorphError
from morph.model.morphable_model import MorphableModel
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import load_weights
from morph.tracking import TrackerOptions
from morph.training.flow_clips import find_clips, prepare_windows
from morph.training.flow_config import FinetuneConfig
from morph.training.flow_module import FlowData, FlowModule
from morph.training.run import alone_in, build_network, claim_folder, fit, training_model


def finetune(
    config: FinetuneConfig,
    clips: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    progress: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Fine-tune on clips, or go on where a killed run left off.

    Writes into ``folder``: ``windows/``, cut from the clips once, and what :func:`~morph.training.run.train` writes.

    Args:
        config: the recipe; ``network.start`` are the weights to begin from.
        clips: folders of clips, clips, or folders of numbered pictures.
        folder: of the run.
        progress: show a bar.
        say: is told in one line what was found in the clips.

    Returns:
        The ONNX file.

    Raises:
        MorphError: no start, or weights of another model; clips that cannot be read or show no face; data that does not
            fit; a folder with another recipe's run or other clips.
    """
    start = config.network.start
    if start is None:
        raise MorphError("fine-tuning needs weights to begin from; give network.start, .onnx or .safetensors")
    files = find_clips(clips)
    with alone_in(folder):
        folder = claim_folder(config, folder)
        model = training_model(config.data.model)
        windows = _windows(config, files, start, folder, model, say)
        places = ", ".join(dict.fromkeys(Path(clip).name for clip in clips))
        return learn_windows(config, windows, folder, model, places, progress=progress)


def _windows(  # noqa: PLR0913 - where a run stands, and what it learns from
    config: FinetuneConfig, files: Sequence[Path], start: Path, folder: Path, model: MorphableModel, say: Callable[[str], None]
) -> ClipWindows:
    """What is cut from the clips, once, in a folder that was claimed."""
    if start.suffix.lower() != ".onnx":
        weights, start = start, folder / "start.onnx"
        if not start.is_file():
            export_onnx(load_weights(weights), start)
    windows = prepare_windows(files, TrackerOptions(start, model), folder / "windows", config.clips, config.licence)
    counts = windows.meta["windows"]
    empty = [name for name, count in zip(windows.meta["clips"], counts, strict=True) if not count]
    lost = f"; no face was followed in {', '.join(empty)}" if empty else ""
    sure = windows.trusted.mean()
    say(f"{len(windows)} windows of {len(files)} clips, {sure:.0%} of their landmarks' flow can be trusted{lost}")
    return windows


def learn_windows(  # noqa: PLR0913 - where a run stands, and what it learns from
    config: FinetuneConfig, windows: ClipWindows, folder: Path, model: MorphableModel, places: str, *, progress: bool = True
) -> Path:
    """The training itself, in a folder that was claimed; ``places`` says in the weights where the clips are from."""
    data = FlowData(config, model, windows)
    network = build_network(config, model, data)
    network.info = dataclasses.replace(network.info, trained_on=f"{network.info.trained_on}; clips {places}")
    module = FlowModule(network, model, config, data.steps_per_epoch * config.training.epochs)
    return fit(module, data, folder, progress=progress)
