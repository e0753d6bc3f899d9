"""Training of the eye and mouth experts: one look at all pictures, then short training of each expert on what was cut."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from morph.arrays import Floats
from morph.atomic import atomic_path
from morph.crop.parts import EYE, MOUTH, FacePart
from morph.datasets.crops import CropSet
from morph.datasets.part_crops import MARGIN, LookOptions, PartCrops, cut_parts, join, rows_of
from morph.errors import MorphError
from morph.inference.regressor import Regressor
from morph.model import landmark_decoder
from morph.model.default_model import load_default_model
from morph.model.morphable_model import MorphableModel, load_model
from morph.network.experts import ExpertsInfo, ExpertsModule, PartExpert, export_experts
from morph.training.experts_config import ExpertRecipe, ExpertsConfig, ExpertsTraining
from morph.training.run import alone_in, note_recipe

VIEWS = ((EYE, False), (EYE, True), (MOUTH, False))
Report = Callable[[str], None]


def train_experts(config: ExpertsConfig, folder: str | os.PathLike[str], *, report: Report = print) -> Path:
    """Train the experts; a run takes minutes and starts anew each time.

    Writes into ``folder``: ``config.yaml``, ``curve.csv``, and at the end ``experts.onnx``.

    Args:
        config: the recipe.
        folder: of the run.
        report: is given a line now and then.

    Returns:
        The ONNX file.

    Raises:
        MorphError: the data does not fit the model or the first look, or the folder cannot be written.
    """
    with alone_in(folder):
        return _train_experts(config, Path(folder), report)


def _train_experts(config: ExpertsConfig, folder: Path, report: Report) -> Path:
    """See :func:`train_experts`; the folder is ours alone."""
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    model = load_default_model(1) if config.data.model == "default" else load_model(config.data.model)
    first_look = Regressor(config.data.first_look)
    first_look.check_model(model)
    note_recipe(config, folder)
    views = VIEWS if config.mouth else VIEWS[:2]
    left, right, *mouths = look_at_sets(config, model, first_look, views, report)
    eye, curve = train_expert("eye", join([left, right]), model, config, report)
    trained: tuple[str, ...] = ("eye",)
    mouth = PartExpert(MOUTH, ExpertRecipe().widths)
    if config.mouth:
        mouth, rows = train_expert("mouth", mouths[0], model, config, report)
        curve, trained = [*curve, *rows], ("eye", "mouth")
    with atomic_path(folder / "curve.csv") as path, path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(curve[0]))
        writer.writeheader()
        writer.writerows(curve)
    names = ", ".join(source.path.name for source in config.data.sets)
    info = ExpertsInfo(model.name, model.identity, first_look.path.name, config.licence, f"{config.name}: {names}", trained)
    export_experts(ExpertsModule(eye, mouth), info, folder / "experts.onnx")
    return folder / "experts.onnx"


def look_at_sets(
    config: ExpertsConfig, model: MorphableModel, first_look: Regressor, views: Sequence[tuple[FacePart, bool]], report: Report
) -> list[PartCrops]:
    """What the first look leads to, one :class:`PartCrops` for each of ``views``, over all sets and draws.

    Raises:
        MorphError: a set is missing, damaged, or of another model.
    """
    parts: list[list[PartCrops]] = []
    for source in config.data.sets:
        crops = CropSet.open(source.path)
        crops.check_model(model, source.path, "render a set with `morph synth`")
        for draw in range(config.data.draws):
            parts.append(
                cut_parts(
                    [crops],
                    first_look,
                    model,
                    views,
                    LookOptions(config.augmentation, source.every, draw, config.training.seed),
                )
            )
            report(f"{source.path.name}: {len(parts[-1][0])} pictures looked at")
    return [join([part[view] for part in parts]) for view in range(len(views))]


def train_expert(
    name: Literal["eye", "mouth"],
    crops: PartCrops,
    model: MorphableModel,
    config: ExpertsConfig,
    report: Report = print,
) -> tuple[PartExpert, list[dict[str, float | str]]]:
    """One expert and its curve: after each epoch, errors on held-out crops without and with its corrections.

    Args:
        name: of the part that is looked at.
        crops: of the part.
        model: whose expressions are corrected.
        config: the recipe of this expert, and what holds for both.
        report: is given a line an epoch.

    Raises:
        MorphError: too few crops for a batch.
    """
    part, recipe = (EYE, config.eye) if name == "eye" else (MOUTH, config.mouth or ExpertRecipe())
    options = config.training
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    held = crops.picture % config.data.validation_every == 0
    train, validation = rows_of(crops, ~held), rows_of(crops, held)
    steps = len(train) // options.batch_size
    if not steps:
        raise MorphError(f"{len(train)} crops are too few for a batch of {options.batch_size}; use more pictures")
    expert = PartExpert(part, recipe.widths, recipe.hidden, *context_statistics(crops.context))
    moves = opening_moves(part, model)
    optimiser = torch.optim.AdamW(expert.parameters(), recipe.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps * recipe.epochs)
    curve: list[dict[str, float | str]] = []
    for epoch in range(recipe.epochs):
        expert.train()
        order = rng.permutation(len(train))[: steps * options.batch_size].reshape(steps, -1)
        for rows in order:
            batch = draw(rows_of(train, rows), moves, options, rng)
            with torch.autocast("cpu", torch.bfloat16, enabled=options.half):
                added = expert(torch.from_numpy(batch.images), torch.from_numpy(batch.context)).float()
            loss = loss_of(added, batch, moves, recipe.opening)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(expert.parameters(), 5.0)
            optimiser.step()
            schedule.step()
        curve.append({"part": name, "epoch": epoch + 1, **measure(expert, validation, moves)})
        report(", ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{value}" for key, value in curve[-1].items()))
    return expert.eval(), curve


def context_statistics(context: Floats) -> tuple[Tensor, Tensor]:
    """Whitening of contexts ``(N, C + 4)``."""
    return torch.from_numpy(context.mean(0)), torch.from_numpy(np.maximum(context.std(0), 0.02))


def opening_moves(part: FacePart, model: MorphableModel) -> Tensor:
    """``(C,)`` how far one standard deviation of each of the part's expressions opens it, in the model's unit."""
    decoder = landmark_decoder(model)
    columns = part.columns(model.expression_names, False)
    weights = np.zeros((len(columns) + 1, model.n_expression), np.float32)
    weights[np.arange(len(columns)), columns] = 1.0
    opened = part.opening(decoder(np.zeros((len(weights), model.n_shape), np.float32), weights), False)
    return torch.from_numpy((opened[:-1] - opened[-1]).astype(np.float32))


def draw(crops: PartCrops, moves: Tensor, options: ExpertsTraining, rng: np.random.Generator) -> PartCrops:
    """Crops ``(B, h, w, 3)`` shifted, lit otherwise and with noise, of a first look that is less sure."""
    count, height, width = crops.images.shape[:3]
    height, width = height - 2 * MARGIN, width - 2 * MARGIN
    y, x = rng.integers(0, 2 * MARGIN + 1, (2, count))
    windows = np.lib.stride_tricks.sliding_window_view(crops.images, (height, width), (1, 2))
    shifted = windows[np.arange(count), y, x].transpose(0, 2, 3, 1)
    gain = np.exp(rng.normal(0, options.gain, (count, 1, 1, 3))).astype(np.float32)
    level = rng.uniform(0, options.pixel_noise, (count, 1, 1, 1)).astype(np.float32)
    noise = rng.standard_normal((count, height, width, 1), np.float32) * level
    images = np.clip(shifted * gain + noise, 0, 255).astype(np.uint8)
    off = rng.normal(0, options.context_noise, crops.truth.shape).astype(np.float32)
    context, opening = crops.context.copy(), crops.opening.copy()
    context[:, : off.shape[1]] += off
    opening[:, 1] += off @ moves.numpy()
    return dataclasses.replace(crops, images=images, context=context, opening=opening)


def loss_of(added: Tensor, crops: PartCrops, moves: Tensor, opening: float) -> Tensor:
    """What is left of the first look's errors after ``added`` ``(B, C)``, faded as it is when it is used.

    Args:
        added: what the expert says.
        crops: what it was shown.
        moves: of :func:`opening_moves`.
        opening: weight of the opening's error beside that of the z-scores.
    """
    weight, left, gap = residuals(added, crops, moves)
    z = nn.functional.smooth_l1_loss(left, torch.zeros_like(left), reduction="none").mean(1)
    loss = z + opening * nn.functional.smooth_l1_loss(gap, torch.zeros_like(gap), reduction="none")
    return (loss * weight).sum() / weight.sum().clamp_min(1e-6)


def residuals(added: Tensor, crops: PartCrops, moves: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weight ``(B,)``, errors of the z-scores ``(B, C)`` and of the opening ``(B,)`` that are left."""
    weight = torch.from_numpy(crops.weight)
    first = torch.from_numpy(crops.context[:, : crops.truth.shape[1]])
    faded = weight[:, None] * added
    opening = torch.from_numpy(crops.opening)
    return weight, torch.from_numpy(crops.truth) - first - faded, opening[:, 0] - opening[:, 1] - faded @ moves


@torch.no_grad()
def measure(expert: PartExpert, crops: PartCrops, moves: Tensor, batch: int = 1024) -> dict[str, float]:
    """On whole crops: weighted root mean square errors of z-scores and opening, and the openings' correlation with truth."""
    expert.eval()
    inside = (slice(None), slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    out: dict[str, float] = {}
    added = [
        expert(torch.from_numpy(crops.images[inside][i : i + batch]), torch.from_numpy(crops.context[i : i + batch]))
        for i in range(0, len(crops), batch)
    ]
    for name, value in (("before", torch.zeros_like(torch.cat(added))), ("after", torch.cat(added))):
        weight, left, gap = residuals(value, crops, moves)
        total = weight.sum().clamp_min(1e-6)
        truth = torch.from_numpy(crops.opening[:, 0])
        seen = weight > 0.99
        out[f"z_{name}"] = float(((left.square().mean(1) * weight).sum() / total).sqrt())
        out[f"opening_{name}"] = float(((gap.square() * weight).sum() / total).sqrt())
        out[f"correlation_{name}"] = float(torch.corrcoef(torch.stack([truth - gap, truth])[:, seen])[0, 1])
    return out
