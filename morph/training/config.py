"""What a training run is made of; read from ``configs/*.yaml``, where an unknown key is an error."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_type_hints

import pydantic
import yaml

from morph.datasets.augmentation import AugmentationConfig
from morph.errors import MorphError


class _Section(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class CropSource(_Section):
    """A crop set.

    Attributes:
        path: its folder.
        weight: how often its pictures are drawn relative to those of other sets.
    """

    path: Path
    weight: float = pydantic.Field(default=1.0, gt=0)


class Data(_Section):
    """Crop sets of one morphable model.

    Attributes:
        sets: at least one crop set.
        model: ``default``, or a model file.
        validation_share: share of the identities (``group``) that is held out.
        balance_yaw: exponent on the inverse frequency of |yaw| in bins of 10 degrees; 0 draws as the data is, 1 evenly.
    """

    sets: tuple[CropSource, ...] = pydantic.Field(min_length=1)
    model: str = "default"
    validation_share: float = pydantic.Field(default=0.03, gt=0, lt=0.5)
    balance_yaw: float = pydantic.Field(default=0.0, ge=0, le=1)


class Network(_Section):
    """The regressor.

    Attributes:
        backbone: "shufflenet_v2" of ``width``, or "timm/NAME", a convolutional network of timm, from chance.
        width: of ShuffleNetV2: 0.5, 1.0, 1.5 or 2.0.
        input_size: side of the crops in pixels.
        start: weights to begin from, .safetensors or .onnx, of the same backbone and width or a smaller one, then widened
            (:func:`morph.network.widen.widen`); their head counts only if it is of the same model. A name that ships
            (``x1.0``) will do.
        angle_borders: degrees of |yaw| between experts by angle, :class:`morph.network.regressor.AngleExperts`.
        freeze: only experts by angle learn.
        rewhiten: the start's answers are put into the whitening of this run's labels, where they spread otherwise.
        regions: cells of two maps are read by themselves, too (:class:`morph.network.regions.RegionHead`), so that sides and
            small parts come apart.
        crop: how faces are cut, one of :data:`morph.crop.rules.RULES`.
    """

    backbone: str = "shufflenet_v2"
    width: float = 1.0
    input_size: int = pydantic.Field(default=120, ge=32, le=512)
    start: Path | None = None
    angle_borders: tuple[float, ...] = ()
    freeze: bool = False
    rewhiten: bool = False
    regions: bool = False
    crop: Literal["box68-sqrt2", "upright68-1.2"] = "box68-sqrt2"

    @pydantic.field_validator("angle_borders")
    @classmethod
    def _rising(cls, borders: tuple[float, ...]) -> tuple[float, ...]:
        if list(borders) != sorted(set(borders)) or any(not 0 < border < 90 for border in borders):
            raise ValueError("give rising degrees between 0 and 90")
        return borders

    @pydantic.model_validator(mode="after")
    def _something_learns(self) -> Network:
        if self.freeze and not (self.angle_borders and self.start):
            raise ValueError("freeze leaves only experts by angle to learn: give angle_borders, and start")
        return self

    @pydantic.field_validator("width")
    @classmethod
    def _known_width(cls, width: float) -> float:
        if width not in (0.5, 1.0, 1.5, 2.0):
            raise ValueError("choose 0.5, 1.0, 1.5 or 2.0")
        return width


class Losses(_Section):
    """Weights of the losses; 0 switches one off. Wing and vertices are in pixels, parameters in standard deviations.

    Attributes:
        wing: Wing loss on the 68 projected landmarks.
        wing_w, wing_epsilon: of the Wing loss, in pixels of the crop.
        shape, expression, pose: mean square of each group's whitened coefficients.
        vertices: distance of ``vertex_count`` vertices in the model frame, times the picture's scale.
        vertex_count: vertices that are compared.
        identity: distance of the same vertices of the neutral heads, shifted onto each other, in the model's unit.
        error: regression of the network's own expected landmark error.
    """

    wing: float = 1.0
    wing_w: float = pydantic.Field(default=10.0, gt=0)
    wing_epsilon: float = pydantic.Field(default=2.0, gt=0)
    shape: float = 1.0
    expression: float = 1.0
    pose: float = 2.0
    vertices: float = 1.0
    vertex_count: int = 400
    identity: float = 0.0
    error: float = 0.2


class PictureSizeStage(_Section):
    """Picture size up to a share of the epochs: small pictures first make early epochs cheap.

    Attributes:
        until: share of the epochs, 0..1.
        pixels: side of the crops up to there.
    """

    until: float = pydantic.Field(gt=0, le=1)
    pixels: int = pydantic.Field(ge=32, le=512)


class Training(_Section):
    """Optimisation.

    Attributes:
        epochs: of ``samples_per_epoch`` pictures.
        samples_per_epoch: pictures drawn in an epoch; None is all of them once.
        batch_size: pictures a step.
        learning_rate: of AdamW, after the warm-up.
        weight_decay: of AdamW.
        schedule: ``cosine`` to a hundredth of the rate after ``warmup`` batches, or ``constant``.
        warmup: batches over which the rate rises from nothing.
        clip: largest norm of the gradient.
        stages: picture sizes; empty trains at ``input_size`` throughout.
        decay: of the moving average of weights that is measured and saved; 0 switches it off.
        accumulate: parts of a batch whose gradients are added up before a step, one after another: less memory, and with as
            many parts as processes would be, what those processes compute. Batch normalisation sees a part at a time.
        workers: loader processes.
        threads: of the network; None leaves PyTorch's choice.
        precision: as Lightning names it (``32-true``, ``bf16-mixed``).
        compile: the network is compiled by ``torch.compile`` first: a minute at the start, then 1.5 times as fast on a CPU.
        devices: processes on each machine.
        nodes: machines.
        seed: of everything that is drawn.
    """

    epochs: int = pydantic.Field(default=100, ge=1)
    samples_per_epoch: int | None = pydantic.Field(default=None, ge=1)
    batch_size: int = pydantic.Field(default=32, ge=1)
    accumulate: int = pydantic.Field(default=1, ge=1)
    learning_rate: float = pydantic.Field(default=1e-3, gt=0)
    weight_decay: float = pydantic.Field(default=0.0, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: int = pydantic.Field(default=200, ge=0)
    clip: float = pydantic.Field(default=10.0, gt=0)
    decay: float = pydantic.Field(default=0.999, ge=0, lt=1)
    stages: tuple[PictureSizeStage, ...] = ()
    workers: int = pydantic.Field(default=1, ge=0)
    threads: int | None = None
    precision: str = "32-true"
    compile: bool = False
    devices: int = 1
    nodes: int = 1
    seed: int = 0


class TrainingConfig(_Section):
    """A recipe of ``morph train``.

    Attributes:
        name: of the run: it is written to ``runs/NAME`` unless another folder is given.
        data: crop sets.
        network: the regressor.
        augmentation: of the pictures.
        losses: their weights.
        training: optimisation.
        licence: of the weights, written into them.
        result: what it gave, in words; it changes nothing.
    """

    name: str
    data: Data
    network: Network = Network()
    augmentation: AugmentationConfig = AugmentationConfig()
    losses: Losses = Losses()
    training: Training = Training()
    licence: str = ""
    result: str = ""

    def epoch_pixels(self) -> list[int]:
        """Picture size of each epoch."""
        sizes = []
        for epoch in range(self.training.epochs):
            share = (epoch + 1) / self.training.epochs
            fitting = [stage.pixels for stage in self.training.stages if share <= stage.until + 1e-9]
            sizes.append(fitting[0] if fitting else self.network.input_size)
        return sizes


def _change(values: dict[str, Any], change: str) -> None:
    """Put one ``KEY=VALUE`` into a recipe."""
    key, equals, text = change.partition("=")
    *way, last = key.strip().split(".")
    place: Any = values
    try:
        value = yaml.safe_load(text)
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[int(last) if isinstance(place, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError, yaml.YAMLError):
        equals = ""
    if not equals or not last:
        raise MorphError(
            f"cannot change {change!r}; give KEY=VALUE with a key of the recipe, as losses.wing=0 or data.sets.0.path=DIR"
        )


def keys_of(section: type[Any]) -> dict[str, Any]:
    """Keys of a section of a recipe, a pydantic model or a dataclass, with the type of each."""
    if dataclasses.is_dataclass(section):
        return get_type_hints(section)
    return {name: item.annotation for name, item in section.model_fields.items()}


def section_in(kind: Any) -> type[Any] | None:
    """The section that a key's type holds, as ``CropSource`` in ``tuple[CropSource, ...]``; None for plain values."""
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, pydantic.BaseModel)):
        return kind
    return next((found for part in get_args(kind) if (found := section_in(part)) is not None), None)


def _known_keys(section: type[Any], way: Sequence[int | str]) -> str:
    """The keys beside the last one of ``way``."""
    for part in way[:-1]:
        if isinstance(part, str):
            section = section_in(keys_of(section)[part]) or section
    return ", ".join(keys_of(section))


Recipe = TypeVar("Recipe", bound=TrainingConfig)


def load_config(
    path: str | os.PathLike[str],
    kind: type[Recipe] = TrainingConfig,  # type: ignore[assignment]
    changes: Iterable[str] = (),
) -> Recipe:
    """Read a recipe, of training or of another ``kind``.

    Args:
        path: YAML.
        kind: what it is a recipe of.
        changes: ``KEY=VALUE`` each, a dotted key (``data.sets.0.path``) and YAML, put in place of what the file says.

    Raises:
        MorphError: no such file, not YAML, an unknown key or a value out of range; the line names the key.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text())
    except OSError as error:
        raise MorphError(f"cannot read config {path}: {error.strerror}; recipes are in configs/") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MorphError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise MorphError(f"{path} holds no recipe; start from one in configs/")
    for change in changes:
        _change(values, change)
    try:
        return kind.model_validate(values)
    except pydantic.ValidationError as error:
        faults = []
        for item in error.errors():
            key = ".".join(str(part) for part in item["loc"])
            unknown = "extra" in item["type"] or "unexpected" in item["type"]
            faults.append(
                f"unknown key {key}; known are {_known_keys(kind, item['loc'])}" if unknown else f"{key}: {item['msg']}"
            )
        raise MorphError(f"{path}: {'; '.join(faults)}") from None
