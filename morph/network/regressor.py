"""ShuffleNetV2 that regresses the flattened coefficients of a face from a crop."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from morph.atomic import atomic_path
from morph.crop.rules import PUBLISHED
from morph.errors import MorphError, reading
from morph.model.coefficients import FlatLayout
from morph.network.regions import RegionHead
from morph.network.trunks import SHUFFLENET, build_trunk

FORMAT = "morph-weights-1"
BLEND = 8.0  # degrees on either side of a border between experts by angle


@dataclass(frozen=True)
class WeightsInfo:
    """What a caller must know to use weights; it travels with them, in the checkpoint and in the ONNX file.

    Attributes:
        model_name, model_identity, n_shape, n_expression: the morphable model that the coefficients belong to.
        width: of the ShuffleNetV2: 0.5, 1.0, 1.5 or 2.0.
        input_size: side of the square crop in pixels; poses are in its pixels.
        crop: how the crop is cut, one of :data:`morph.crop.rules.RULES`.
        colour: order of the channels.
        licence, trained_on: who may use the weights, and what they saw.
        angle_borders: degrees of |yaw| between experts by angle, see :class:`AngleExperts`; empty where there are none.
        backbone: what makes the features, see :func:`morph.network.trunks.build_trunk`.
        regions: whether cells of two maps are read by themselves, too, see :class:`~morph.network.regions.RegionHead`.
    """

    model_name: str
    model_identity: str
    n_shape: int
    n_expression: int
    width: float = 1.0
    input_size: int = 120
    crop: str = PUBLISHED
    colour: str = "RGB"
    licence: str = ""
    trained_on: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    angle_borders: tuple[float, ...] = ()
    backbone: str = SHUFFLENET
    regions: bool = False

    @property
    def layout(self) -> FlatLayout:
        """Where each part lies in the flattened coefficients."""
        return FlatLayout(self.n_shape, self.n_expression)

    def to_json(self) -> str:
        """The metadata string of checkpoints and ONNX files."""
        values = asdict(self)
        if not self.angle_borders:
            del values["angle_borders"]
        if self.backbone == SHUFFLENET:
            del values["backbone"]
        if not self.regions:
            del values["regions"]
        model = {key: values.pop(f"model_{key}") for key in ("name", "identity")}
        model |= {key: values.pop(key) for key in ("n_shape", "n_expression")}
        return json.dumps({"format": FORMAT, "model": model, **values})

    @classmethod
    def from_json(cls, text: str) -> WeightsInfo:
        """The inverse of :meth:`to_json`.

        Raises:
            MorphError: another format.
        """
        values = json.loads(text)
        if values.pop("format", None) != FORMAT:
            raise MorphError(f"these weights are not of format {FORMAT}; train or export them again")
        model = values.pop("model")
        values["angle_borders"] = tuple(values.get("angle_borders", ()))
        return cls(
            model_name=model["name"],
            model_identity=model["identity"],
            n_shape=model["n_shape"],
            n_expression=model["n_expression"],
            **values,
        )


class AngleExperts(nn.Module):
    """Corrections to the whitened coefficients, one linear layer for each range of |yaw|, blended without a jump.

    They start as none. A border is crossed within ``BLEND`` degrees on either side.

    Args:
        channels: of the features.
        size: of the coefficients.
        borders: degrees between the ranges, rising.
    """

    def __init__(self, channels: int, size: int, borders: Sequence[float]) -> None:
        super().__init__()
        self.borders, self.size = tuple(borders), size
        self.heads = nn.Linear(channels, (len(self.borders) + 1) * size)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)

    def shares(self, yaw: Tensor) -> Tensor:
        """``(B, K + 1)`` shares of the experts, which add up to 1, at |yaw| ``(B,)`` degrees."""
        steps = []
        for border in self.borders:
            t = ((yaw - border) / (2 * BLEND) + 0.5).clamp(0.0, 1.0)
            steps.append(t * t * (3.0 - 2.0 * t))
        ends = [torch.ones_like(yaw), *steps, torch.zeros_like(yaw)]
        return torch.stack([above - below for above, below in itertools.pairwise(ends)], dim=-1)

    def forward(self, features: Tensor, yaw: Tensor) -> Tensor:
        """``(B, size)`` to add, from ``(B, channels)`` and |yaw| ``(B,)`` in degrees."""
        said = self.heads(features).unflatten(1, (len(self.borders) + 1, self.size))
        mixed: Tensor = (said * self.shares(yaw)[..., None]).sum(1)
        return mixed


class CoefficientRegressor(nn.Module):
    """uint8 crops in, flattened coefficients out; whitening and input scaling are inside.

    The last feature map is summed over positions with one learned weight a channel and position (as MobileFaceNet
    does), which keeps where things are; it starts as plain averaging.

    Args:
        info: sizes, and what is saved with the weights.
        mean, std: ``(size,)`` whitening of the flattened coefficients, in pixels of ``info.input_size``.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, info: WeightsInfo, mean: Tensor | None = None, std: Tensor | None = None) -> None:
        super().__init__()
        self.info = info
        if info.regions and info.backbone != SHUFFLENET:
            raise MorphError(f"`regions` are read from a {SHUFFLENET}, not from {info.backbone}; leave them out")
        self.features, channels, cells = build_trunk(info.backbone, info.width, info.input_size)
        self.pool = nn.Conv2d(channels, channels, cells, groups=channels, bias=False)
        nn.init.constant_(self.pool.weight, 1.0 / cells**2)
        self.cells = cells
        self.head = nn.Linear(channels, info.layout.size + 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        self.experts = AngleExperts(channels, info.layout.size, info.angle_borders) if info.angle_borders else None
        self.regions: RegionHead | None = None
        if info.regions:
            self.regions = RegionHead(cast(nn.Sequential, self.features), info.input_size, info.layout.size)
        self.register_buffer("mean", torch.zeros(info.layout.size) if mean is None else mean.float())
        self.register_buffer("std", torch.ones(info.layout.size) if std is None else std.float())

    def whitened(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, H, W, 3)`` uint8 RGB to whitened coefficients ``(B, size)`` and log of the expected error ``(B,)``."""
        x = image.permute(0, 3, 1, 2).to(self.head.weight.dtype)
        x = (x - 127.5) / 64.0
        finer = x
        if self.regions is None:
            x = self.features(x)
        else:
            finer, x = self.regions.maps(cast(nn.Sequential, self.features), x)
        last = x
        if x.shape[-1] != self.cells:  # smaller pictures early in training
            x = nn.functional.adaptive_avg_pool2d(x, self.cells)
        features = self.pool(x).flatten(1)
        out = self.head(features)
        whitened = out[:, :-1]
        if self.experts is not None:
            whitened = whitened + self.experts(features, self._yaw(whitened.detach()))
        if self.regions is not None:
            whitened = whitened + self.regions(finer, last)
        return whitened, out[:, -1]

    def _yaw(self, whitened: Tensor) -> Tensor:
        """|yaw| ``(B,)`` in degrees of whitened coefficients."""
        row = self.unwhiten(whitened)[:, self.info.layout.rotation][:, :3]  # the first row of the rotation
        sine = (row[:, 2].abs() / row.square().sum(1).clamp_min(1e-6).sqrt()).clamp_max(1.0)
        return torch.rad2deg(torch.asin(sine))

    def unwhiten(self, whitened: Tensor) -> Tensor:
        """Whitened to flattened coefficients."""
        return whitened * self.std + self.mean

    def whiten(self, flat: Tensor) -> Tensor:
        """Flattened to whitened coefficients."""
        return (flat - self.mean) / self.std

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, H, W, 3)`` uint8 RGB crops to flattened coefficients ``(B, size)`` in crop pixels, and ``log_error (B,)``.

        ``log_error`` is the log of the landmark error that the network expects of itself, as a share of the crop's side.
        """
        whitened, log_error = self.whitened(image)
        return self.unwhiten(whitened), log_error


def at_input_size(network: CoefficientRegressor, size: int) -> CoefficientRegressor:
    """The same network for crops of another side: it says of a ``size`` crop what ``network.whitened`` says of it.

    The pooling weights go through the adaptive averaging that other picture sizes get, and the whitening of scale and
    translation is put into the new crop's pixels.
    """
    if network.regions is not None:
        raise MorphError("weights with `regions` read crops of one size only; give `input_size` of the weights")
    info = dataclasses.replace(network.info, input_size=size)
    other = CoefficientRegressor(info)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    average = nn.functional.adaptive_avg_pool1d(torch.eye(other.cells)[None], network.cells)[0].T
    state["pool.weight"] = torch.einsum("ij,cxik,kl->cxjl", average, state["pool.weight"], average)
    k = size / network.info.input_size
    log_scale, shift = info.layout.log_scale, info.layout.translation
    state["mean"][log_scale] += math.log(k)
    state["mean"][shift] = (state["mean"][shift] + 0.5) * k - 0.5
    state["std"][shift] *= k
    other.load_state_dict(state)
    return other.train(network.training)


@torch.no_grad()
def rewhiten(network: CoefficientRegressor, mean: Tensor, std: Tensor) -> None:
    """Put another whitening ``(size,)`` into a network, so that it says the same coefficients as before.

    Raises:
        MorphError: a network with experts by angle.
    """
    if network.experts is not None:
        raise MorphError("`rewhiten` is for networks without experts by angle; leave it out")
    size = network.info.layout.size
    ratio = network.std / std
    network.head.bias[:size] = network.head.bias[:size] * ratio + (network.mean - mean) / std
    network.head.weight[:size] *= ratio[:, None]
    if network.regions is not None:
        network.regions.say.bias.mul_(ratio)
        network.regions.say.weight.mul_(ratio[:, None])
    network.mean.copy_(mean)
    network.std.copy_(std)


def save_weights(network: CoefficientRegressor, path: str | os.PathLike[str]) -> None:
    """Write safetensors with :class:`WeightsInfo` as metadata."""
    from safetensors.torch import save_file

    with atomic_path(path) as temporary:
        state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
        save_file(state, temporary, metadata={"morph": network.info.to_json()})


def average_weights(networks: Sequence[CoefficientRegressor]) -> CoefficientRegressor:
    """The network whose every number is the mean of those of networks that went their ways from one start.

    Raises:
        MorphError: networks of different widths, backbones, models or whitening.
    """
    first, *others = networks
    for other in others:
        same = all(torch.equal(getattr(first, name), getattr(other, name)) for name in ("mean", "std"))
        alike = all(getattr(first.info, name) == getattr(other.info, name) for name in ("width", "backbone"))
        if not same or not alike or first.info.model_identity != other.info.model_identity:
            raise MorphError("only weights that one run began from another can be averaged; these have other labels or widths")
    states = [network.state_dict() for network in networks]
    mean = copy.deepcopy(first)
    mean.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).mean(0) if value.is_floating_point() else value
            for name, value in states[0].items()
        }
    )
    return mean.eval()


def load_weights(path: str | os.PathLike[str]) -> CoefficientRegressor:
    """Read what :func:`save_weights` wrote.

    Raises:
        MorphError: missing, not safetensors, or of another network.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise MorphError(f"no weights at {path}; train them with `morph train`")
    try:
        with safe_open(path, framework="pt") as archive:
            metadata = archive.metadata() or {}
            state = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise MorphError(f"{path} is not a safetensors file ({error}); give the weights.safetensors of a run") from None
    if "morph" not in metadata:
        raise MorphError(f"{path} was not written by morph; give the weights.safetensors of a run")
    with reading(path, "weights of morph", "give the weights.safetensors of a run"):
        network = CoefficientRegressor(WeightsInfo.from_json(metadata["morph"]))
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise MorphError(f"{path} does not fit its own description: {str(error).splitlines()[-1].strip()}") from None
    return network.eval()
