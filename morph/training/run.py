"""One training run from a recipe to weights, resumable."""

from __future__ import annotations

import contextlib
import csv
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import lightning
import numpy as np
import torch
import yaml
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from pydantic import BaseModel

from morph.atomic import atomic_path, output_folder
from morph.errors import MorphError
from morph.folder_lock import only_run_in
from morph.inference.regressor import find_weights
from morph.model.default_model import load_default_model
from morph.model.morphable_model import MorphableModel, load_model
from morph.network.folded import load_onnx_weights, unfold
from morph.network.onnx_graph import export_onnx
from morph.network.regressor import CoefficientRegressor, WeightsInfo, at_input_size, load_weights, rewhiten, save_weights
from morph.network.widen import widen
from morph.training.config import TrainingConfig, load_config
from morph.training.data_module import CropData
from morph.training.module import RegressorModule

RESULTS = (
    *("last.ckpt", "weights.safetensors", "weights.onnx", "experts.onnx", "start.onnx"),
    *("curve.csv", "curve.png", "windows", "csv", "tensorboard"),
)


def training_model(name: str) -> MorphableModel:
    """The morphable model of a recipe: ``default`` once subdivided, as it is tracked with, or a file."""
    return load_default_model(1) if name == "default" else load_model(name)


def build_network(config: TrainingConfig, model: MorphableModel, data: CropData) -> CoefficientRegressor:
    """A fresh network with the whitening of the data, or one that starts from the recipe's weights."""
    mean, std = (torch.from_numpy(values) for values in data.batches.label_statistics())
    names = ", ".join(source.path.name for source in config.data.sets)
    info = WeightsInfo(
        model_name=model.name,
        model_identity=model.identity,
        n_shape=model.n_shape,
        n_expression=model.n_expression,
        width=config.network.width,
        input_size=config.network.input_size,
        licence=config.licence,
        trained_on=f"{config.name}: {names}",
        angle_borders=config.network.angle_borders,
        backbone=config.network.backbone,
        regions=config.network.regions,
        crop=config.network.crop,
    )
    network = CoefficientRegressor(info, mean, std)
    if config.network.start is not None:
        start = _read_start(config.network.start, data)
        if start.info.backbone != info.backbone:
            raise MorphError(f"{config.network.start} has the backbone {start.info.backbone}, the recipe {info.backbone}")
        if start.info.width > info.width:
            raise MorphError(f"{config.network.start} has width {start.info.width}, the recipe asks for only {info.width}")
        if start.info.input_size != info.input_size:
            start = at_input_size(start, info.input_size)
        if start.info.width < info.width:
            start = widen(start, info.width, seed=config.training.seed)
        if config.network.rewhiten:
            rewhiten(start, mean, std)
        same_head = start.info.model_identity == info.model_identity
        keep = {k: v for k, v in start.state_dict().items() if same_head or not k.startswith(("head.", "mean", "std"))}
        network.load_state_dict(keep, strict=False)
    return network if torch.cuda.is_available() else network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _read_start(path: Path, data: CropData) -> CoefficientRegressor:
    """Weights to begin from: safetensors as they are, ONNX with its batch normalisation brought back on pictures of the run."""
    path = find_weights(path)
    if path.suffix.lower() != ".onnx":
        return load_weights(path)
    start = load_onnx_weights(path)
    rows = np.resize(np.flatnonzero(data.weights), (8, 64))
    pixels = start.info.input_size
    return unfold(start, (torch.from_numpy(data.batches.batch(batch, pixels=pixels)["image"]) for batch in rows.tolist()))


class _Curve(Callback):
    """``curve.png`` of the mean error after each epoch, and the weights as they stand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        assert isinstance(module, RegressorModule)
        save_weights(module.final, self.folder / "weights.safetensors")
        row = {name: float(value) for name, value in trainer.callback_metrics.items()}
        rows = [
            *(row for row in read_curve(self.folder) if row["epoch"] < trainer.current_epoch),
            {"epoch": float(trainer.current_epoch), **row},
        ]
        names = list(dict.fromkeys(name for item in rows for name in item))
        with atomic_path(self.folder / "curve.csv") as path, path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(rows)
        draw_curve(rows, self.folder / "curve.png")


def read_curve(folder: Path) -> list[dict[str, float]]:
    """Rows of ``curve.csv``, one an epoch; empty before the first."""
    path = folder / "curve.csv"
    if not path.is_file():
        return []
    with path.open(newline="") as stream:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(stream)]


def draw_curve(rows: list[dict[str, float]], path: Path) -> None:
    """A picture of the landmark error for each epoch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    for name, label in (("train/nme", "training, augmented"), ("validation/nme", "held out, moving average")):
        points = [(row["epoch"] + 1, row[name]) for row in rows if name in row]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    axes.set(xlabel="epoch", ylabel="mean landmark error, % of the crop's side", yscale="log")
    axes.legend()
    axes.grid(which="both", alpha=0.3)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100, bbox_inches="tight")


def train(config: TrainingConfig, folder: str | os.PathLike[str], *, progress: bool = True) -> Path:
    """Train, or go on where a killed run left off.

    Writes into ``folder``: ``config.yaml``, ``last.ckpt`` after each epoch, ``curve.csv`` and ``curve.png``, logs,
    and at the end ``weights.safetensors`` and ``weights.onnx``.

    Returns:
        The ONNX file.

    Raises:
        MorphError: the data does not fit, or the folder holds another recipe's run.
    """
    with alone_in(folder):
        folder = claim_folder(config, folder)
        model = training_model(config.data.model)
        data = CropData(config, model)
        network = build_network(config, model, data)
        module = RegressorModule(network, model, config, data.steps_per_epoch * config.training.epochs)
        return fit(module, data, folder, progress=progress)


@contextlib.contextmanager
def alone_in(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of the folder of a run, in the first of its processes.

    Raises:
        MorphError: another run writes into it, or it cannot be written.
    """
    with only_run_in(output_folder(folder)) if getattr(rank_zero_only, "rank", 0) == 0 else contextlib.nullcontext():
        yield


def claim_folder(config: TrainingConfig, folder: str | os.PathLike[str]) -> Path:
    """Make the folder of a run, note its recipe there, and set seed and threads.

    Raises:
        MorphError: the folder holds another recipe's run, or cannot be written.
    """
    folder = output_folder(folder)
    note_recipe(config, folder)
    lightning.seed_everything(config.training.seed, verbose=False)
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    return folder


def note_recipe(config: BaseModel, folder: Path) -> None:
    """Write the recipe of a run into its folder, where it is not there already.

    Raises:
        MorphError: the folder holds another recipe's run, or files with the names of a run's that are not of one.
    """
    note = folder / "config.yaml"
    results = [folder / name for name in RESULTS if os.path.lexists(folder / name)]
    noted = _read_recipe(note, type(config)) if note.is_file() else None
    if noted == config:
        return  # it stays as it is: it may be the very file that was given
    if os.path.lexists(note) and (results or noted is None):
        raise MorphError(f"{folder} holds a run of another recipe; give an empty folder, or the config it was started with")
    if results:
        raise MorphError(f"{results[0]} exists and is not of a run that morph began there; choose another folder")
    with atomic_path(note) as path:
        path.write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))


def _read_recipe(note: Path, kind: type[BaseModel]) -> BaseModel | None:
    """A noted recipe, where keys that it lacks have their defaults; None for anything else."""
    try:
        return load_config(note, kind)  # type: ignore[type-var]
    except MorphError:
        return None


def _device_name(device: torch.device) -> str:
    """The kind of a device, and what a graphics card is called."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def fit(module: RegressorModule, data: CropData, folder: Path, *, progress: bool = True) -> Path:
    """Train a module on its data in a folder that was claimed, from its last checkpoint where there is one.

    Returns:
        The ONNX file.
    """
    options = module.config.training
    keep = ModelCheckpoint(dirpath=folder, filename="last", save_top_k=1, every_n_epochs=1, enable_version_counter=False)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")
    trainer = lightning.Trainer(
        max_epochs=options.epochs,
        accelerator="auto",
        devices=options.devices,
        num_nodes=options.nodes,
        strategy="ddp" if options.devices * options.nodes > 1 else "auto",
        precision=options.precision,  # type: ignore[arg-type]
        gradient_clip_val=options.clip,
        accumulate_grad_batches=options.accumulate,
        use_distributed_sampler=False,
        callbacks=[_Curve(folder), keep],
        logger=[CSVLogger(folder, "csv"), TensorBoardLogger(folder, "tensorboard")],
        enable_progress_bar=progress,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=50,
    )
    if trainer.is_global_zero:
        print(f"training on {_device_name(trainer.strategy.root_device)}", flush=True)
    last = folder / "last.ckpt"
    trainer.fit(module, data, ckpt_path=last if last.is_file() else None, weights_only=True)
    if trainer.is_global_zero:
        final = module.final.cpu().to(memory_format=torch.contiguous_format)
        save_weights(final, folder / "weights.safetensors")
        export_onnx(final, folder / "weights.onnx")
    return folder / "weights.onnx"
