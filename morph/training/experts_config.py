"""What training the eye and mouth experts is made of; read from ``configs/experts*.yaml``."""

from __future__ import annotations

from pathlib import Path

import pydantic

from morph.datasets.augmentation import AugmentationConfig
from morph.training.config import _Section


class RenderedSet(_Section):
    """A crop set of ``morph synth``.

    Attributes:
        path: its folder.
        every: of every so many pictures one is used.
    """

    path: Path
    every: int = pydantic.Field(default=1, ge=1)


class ExpertsData(_Section):
    """Crop sets of one morphable model.

    Attributes:
        sets: at least one crop set.
        model: ``default``, or a model file.
        first_look: ONNX weights whose answers are corrected; None are the ones that ship.
        draws: how often each picture is drawn and looked at, augmented in another way each time.
        validation_every: of every so many pictures one is held out.
    """

    sets: tuple[RenderedSet, ...] = pydantic.Field(min_length=1)
    model: str = "default"
    first_look: Path | None = None
    draws: int = pydantic.Field(default=1, ge=1)
    validation_every: int = pydantic.Field(default=25, ge=2)


class ExpertRecipe(_Section):
    """One expert.

    Attributes:
        widths: channels of its five convolutions.
        hidden: how many numbers describe a crop.
        epochs: laps over all crops that were cut.
        learning_rate: at first; follows half a cosine to nothing.
        opening: weight of the loss on how far the part opens, in the model's unit, beside that on the z-scores; both smooth L1.
    """

    widths: tuple[int, ...] = (16, 32, 48, 64, 64)
    hidden: int = pydantic.Field(default=64, ge=1)
    epochs: int = pydantic.Field(default=12, ge=1)
    learning_rate: float = pydantic.Field(default=2e-3, gt=0)
    opening: float = pydantic.Field(default=0.3, ge=0)


class ExpertsTraining(_Section):
    """Optimisation of both.

    Attributes:
        batch_size: crops a step.
        weight_decay: of AdamW.
        context_noise: standard deviation of the noise on the first look's z-scores.
        pixel_noise: of the crops, in grey levels.
        gain: of the crops, as the spread of a logarithm for each channel.
        threads: of PyTorch; None leaves its choice.
        half: compute convolutions in bfloat16.
        seed: of everything that is drawn.
    """

    batch_size: int = pydantic.Field(default=128, ge=2)
    weight_decay: float = pydantic.Field(default=1e-2, ge=0)
    context_noise: float = pydantic.Field(default=0.05, ge=0)
    pixel_noise: float = pydantic.Field(default=4.0, ge=0)
    gain: float = pydantic.Field(default=0.1, ge=0)
    threads: int | None = None
    half: bool = False
    seed: int = 0


class ExpertsConfig(_Section):
    """A recipe of ``morph train-experts``.

    Attributes:
        name: of the run: it is written to ``runs/NAME`` unless another folder is given.
        data: crop sets, and the first look.
        eye: the expert that looks at both eyes.
        mouth: the expert that looks at the mouth; null leaves it out.
        augmentation: of the whole pictures, before the first look.
        training: optimisation of both.
        licence: of the experts, written into them.
        result: what it gave, in words; it changes nothing.
    """

    name: str
    data: ExpertsData
    eye: ExpertRecipe = ExpertRecipe()
    mouth: ExpertRecipe | None = ExpertRecipe()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: ExpertsTraining = ExpertsTraining()
    licence: str = ""
    result: str = ""
