"""What a fine-tuning run on clips is made of: a training recipe and how flow supervises it."""

from __future__ import annotations

from typing import Literal

import pydantic

from morph.datasets.augmentation import AugmentationConfig
from morph.training.config import TrainingConfig, _Section

CALM = AugmentationConfig(
    rotation=15.0,
    rotation_wide=0.0,
    translation=0.06,
    scale=0.06,
    **dict.fromkeys(("colour", "grey", "blur", "low_resolution", "noise", "jpeg", "occluder"), 0.0),
)


class Clips(_Section):
    """How clips are cut into windows of a few frames in one crop.

    Attributes:
        frames: of a window.
        size: side of the stored pictures; the published crop fills three quarters of it.
        window: side of what Lucas-Kanade matches, in stored pixels.
        levels: of the pyramid above it.
        round_trip: by how much a point may miss itself after being followed forth and back, as a share of the stored side.
        facing: least cosine between a landmark's normal and the direction to the camera.
        max_faces: followed in each clip.
    """

    frames: int = pydantic.Field(default=3, ge=2, le=16)
    size: int = pydantic.Field(default=160, ge=48, le=512)
    window: int = pydantic.Field(default=15, ge=5, le=63)
    levels: int = pydantic.Field(default=2, ge=0, le=5)
    round_trip: float = pydantic.Field(default=0.001, gt=0, le=0.1)
    facing: float = pydantic.Field(default=0.2, ge=-1, le=1)
    max_faces: int = pydantic.Field(default=1, ge=1)


class Registration(_Section):
    """The loss on clips (Dong et al. 2018, Supervision-by-Registration).

    Attributes:
        flow: ``stop_gradient``: OpenCV's flow of the landmarks as the starting weights saw them, computed once;
            ``differentiable``: flow of the landmarks as they are predicted, with a gradient through it.
        weight: of the loss, in pixels of the crop, beside those on labelled pictures, which add up to about 45.
        batch_size: windows a batch.
        outline: whether the 17 points of the jaw take part; where it turns away from the camera, flow follows the
            outline and not the skin.
        jitter: deviation by which each frame's crop is moved, zoomed and turned (shares of its side, radians) against
            the others of its window; the loss compares in one frame of reference.
        augmentation: one turn, shift, zoom and mirroring a window, and the changes of pixels anew for every frame; by
            default none of pixels, for clips bring noise of their own.
        batch_norm: ``frozen``: the statistics stay those of the starting weights; ``labelled``: they follow the labelled
            pictures, and clips are looked at through them.
    """

    flow: Literal["stop_gradient", "differentiable"] = "stop_gradient"
    weight: float = pydantic.Field(default=40.0, ge=0)
    batch_size: int = pydantic.Field(default=16, ge=1)
    outline: bool = False
    jitter: float = pydantic.Field(default=0.005, ge=0, le=0.2)
    augmentation: AugmentationConfig = CALM
    batch_norm: Literal["frozen", "labelled"] = "frozen"


class FinetuneConfig(TrainingConfig):
    """A recipe of ``morph finetune``; ``network.start`` must be given.

    Attributes:
        clips: how they are cut.
        registration: how flow supervises.
    """

    clips: Clips = Clips()
    registration: Registration = Registration()
